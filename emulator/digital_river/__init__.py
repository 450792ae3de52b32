"""Digital River's fulfillments, as far as a dashboard uses them: each of them moves money."""
