"""The index is forgotten with the last key to what it is a copy of."""

from orders.models import (
    CustomerCopy,
    IndexState,
    InvoiceToRead,
    Merchant,
    OrderCopy,
    OrderLineCopy,
    PartnerShipment,
    ProductCopy,
    RefundCopy,
    Sweep,
    Term,
    ToRead,
    TransactionCopy,
)

OF_ONE_KEY = (Term, OrderCopy, TransactionCopy, RefundCopy, CustomerCopy, ProductCopy, ToRead, InvoiceToRead, Sweep)


def forget(merchant: Merchant, mode: str) -> None:
    """Remove every copy of this merchant and mode, and how far reading them had come."""
    here = {"merchant": merchant, "mode": mode}
    OrderLineCopy.objects.filter(order__merchant=merchant, order__mode=mode).delete()
    for model in (*OF_ONE_KEY, IndexState):
        model.objects.filter(**here).delete()
    PartnerShipment.objects.filter(**here).update(order_id=None)  # a partner's own; there is no order any more
