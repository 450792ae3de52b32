"""The index is forgotten with the last key to what it is a copy of."""

from orders.models import CustomerCopy, IndexState, Merchant, OrderCopy, OrderLineCopy, ProductCopy, Sweep, Term, ToRead


def forget(merchant: Merchant, mode: str) -> None:
    """Remove every copy of this merchant and mode, and how far reading them had come."""
    here = {"merchant": merchant, "mode": mode}
    OrderLineCopy.objects.filter(order__merchant=merchant, order__mode=mode).delete()
    for model in (Term, OrderCopy, CustomerCopy, ProductCopy, ToRead, Sweep, IndexState):
        model.objects.filter(**here).delete()
