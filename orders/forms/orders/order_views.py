"""What people look for again and again in the list of orders, as addresses of it."""

from django.http import QueryDict

from orders.forms.orders.order_address import LINE, canonical

LINES = {
    "Unpaid over 7 days": "payment:due placed:>7d",
    "Part paid": "payment:part_paid",
    "Paid and not shipped over 3 days": "status:paid fulfillment:unfulfilled placed:>3d sort:placed",
    "Refunded, changed this month": "status:refunded updated:this_month sort:-updated",
    "Does not add up": "adds_up:no",
    "Expired drafts": "status:draft expires:expired",
}


def _query(line: str) -> str:
    typed = QueryDict(mutable=True)
    typed[LINE] = line
    return canonical(typed).urlencode()


VIEWS = [(name, _query(line)) for name, line in LINES.items()]
