"""OrderProtection's fulfillments: what it is told of parcels, so that a claim can name one. No money moves here."""
