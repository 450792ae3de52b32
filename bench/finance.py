"""Finance over many orders: the overview, the review queue and receivables, of all that may be asked of each."""

from collections.abc import Iterator

from bench.asking import PERSON
from tests.support.processes import Site

FINANCE = (
    PERSON
    + """
from django.utils import timezone
from orders.models import Finding, RefundCopy, TransactionCopy
from orders.services.finance.receivables import AGES
from orders.services.index.rules import RULES
here = {"merchant": merchant, "mode": "live"}
currencies = sorted(set(OrderCopy.objects.filter(**here).values_list("currency", flat=True)))
first = OrderCopy.objects.filter(**here).order_by("id").first().created_at.date()
months = sorted({f"{day:%Y-%m}" for day in OrderCopy.objects.filter(**here).dates("created_at", "month")})
all_time = f"{first}..{timezone.now().date()}"
def month(one):
    return {"period": f"{one}-01..{one}-28"}
some = Finding.objects.filter(**here).order_by("order").first()
DRAWN = {
    "overview of a month": [("finance/", month(one)) for one in months],
    "overview of all time": [("finance/", {"period": all_time, "currency": one}) for one in currencies],
    "review queue": [("finance/review/", asked) for asked in (
        {}, *({"rule": rule} for rule in RULES), *({"state": state} for state in ("snoozed", "signed")),
        *({"currency": one} for one in currencies), {"person": "me"}, {"person": "nobody"},
        {"after": f"{some.order_id}.{some.rule}"}, {"before": f"{some.order_id}.{some.rule}"},
    )],
    "receivables": [("finance/receivables/", asked) for asked in (
        {}, {"state": "customers"}, *({"age": age} for age in AGES), *({"currency": one} for one in currencies),
        *({"placed": f"{one}-01..{one}-28"} for one in months[-3:]), {"age": "over_60", "state": "customers"},
    )],
    "payments and refunds": [(f"finance/{page}/", asked) for page in ("payments", "refunds") for asked in (
        {}, {"moved": "last_month"}, {"currency": "EUR"}, {"method": "card"}, {"brand": "visa"}, {"card": "4242"},
        {"amount": ">100"}, {"customer": "Ruiz"}, {"sort": "amount"}, {"sort": "-amount", "moved": "last_month"},
    )],
    "orders to fulfill": [("to-fulfill/", asked) for asked in ({}, {"page": 9}, {"sort": "-number"})],
}
found = {}
for what, asked in DRAWN.items():
    seconds(asked[0][0], **asked[0][1])
    busy.clear()
    taken = [(seconds(path, **given), busy[path][-1], path, given) for path, given in asked for _ in range(3)]
    print(f"  {what}, processor time:", in_ms([spent for _, spent, *_ in taken]), file=sys.stderr)
    for _, spent, path, given in sorted(taken, key=lambda one: -one[1])[:4]:
        print(f"    {spent * 1000:.0f} ms: {path} {given}", file=sys.stderr)
    found[what] = told([one for one, *_ in taken])[0]
print(json.dumps(found))
"""
)
BOUNDS = {"overview of a month": 60, "overview of all time": 150, "review queue": 100, "receivables": 100}


def finance(ours: Site, over: str, times: int) -> Iterator[tuple[str, float, float, str, bool]]:
    """`times`: so many times the bounds of a hundred thousand orders are allowed."""
    reached = ours.run(FINANCE, timeout=900)
    for what, bound in BOUNDS.items():
        yield f"Finance over {over}, {what}, p95", reached[what] * 1000, bound * times, "ms", False
