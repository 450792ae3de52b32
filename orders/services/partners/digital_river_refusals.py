"""What Digital River's refusals mean: which may say that it has the units already, and what a person does then."""

from orders.models import Shipment

HAS_IT_ALREADY = {
    Shipment.Kind.PARCEL: ("item_fulfilled", "order_fulfilled", "order_complete", "order_already_complete"),
    Shipment.Kind.CANCELLATION: (
        "item_fulfilled", "order_fulfilled", "order_complete", "order_already_complete", "item_cancelled",
        "order_cancelled",
    ),
}  # fmt: skip
OF_A_LINE = ("item_fulfilled", "item_cancelled", "quantity_too_large")  # the parcel's other lines may be open
IN_WORDS = {
    "quantity_too_large": "More units than the order has left at Digital River. Compare the order there with ours.",
    "item_fulfilled": "A line of this parcel is fulfilled there already, and not by this parcel.",
    "item_cancelled": "A line of this parcel is canceled there. Stop the parcel if it has not left.",
    "order_fulfilled": "The order is fulfilled there already, and not by this parcel.",
    "order_complete": "The order is complete there already, and not by this parcel.",
    "order_already_complete": "The order is complete there already, and not by this parcel.",
    "order_cancelled": "The order is canceled there. Stop the parcel if it has not left.",
    "order_not_submitted": "The order is not in a state that can be fulfilled, for example in dispute or in review.",
    "payment_authorization_failed": "Stop the parcel: the payment could not be authorized again.",
    "charge_not_capturable": "Stop the parcel: the payment cannot be captured.",
    "charge_expired": "Stop the parcel: the payment’s authorization has expired.",
    "not_found": "Digital River has no such order. Correct its id under Partner ids.",
}
