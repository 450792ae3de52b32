"""The pages of the dashboard, for tests that look at every one of them."""

from tests.support.emulation import RunningEmulator

ORDERS = "/northwind/live/orders/"
CUSTOMERS = "/northwind/live/customers/"


def pages(emulator: RunningEmulator) -> dict[str, str]:
    """Name → address, for an admin, with orders that show much."""
    orders = emulator.orders()
    paid = next(order for order in orders if order["invoice_id"] and order["customer_id"])
    long = max(orders, key=lambda order: len(order["line_items"]))
    free = emulator.make_order(line_items=[{"description": "Sample", "unit_price": 0}])
    doubtful = emulator.cases()["orders"]["due_does_not_add_up"]
    to_pack = f"id={emulator.cases()['orders']['paid']}&id={emulator.cases()['orders']['sixty_lines_partial']}"
    return {
        "orders": ORDERS,
        "orders in test mode": "/northwind/test/orders/?status=paid",
        "no orders": f"{ORDERS}?created_to=2001-01-01&q=of+which+nobody+ever+has+ordered+anything+at+all",
        "orders added up": f"{ORDERS}?tick={paid['id']}",
        "an order": f"{ORDERS}{paid['id']}/",
        "an order of sixty lines": f"{ORDERS}{long['id']}/",
        "raw JSON": f"{ORDERS}{paid['id']}/json/",
        "fulfilling": f"{ORDERS}{emulator.cases()['orders']['paid']}/fulfill/",
        "fulfilling the rest of sixty lines": f"{ORDERS}{emulator.cases()['orders']['sixty_lines_partial']}/fulfill/",
        "taking a payment": f"{ORDERS}{emulator.cases()['orders']['pending']}/pay/",
        "completing without a charge": f"{ORDERS}{free['id']}/pay/",
        "canceling": f"{ORDERS}{emulator.cases()['orders']['pending']}/cancel/",
        "an order that cannot be canceled": f"{ORDERS}{paid['id']}/cancel/",
        "editing": f"{ORDERS}{emulator.cases()['orders']['pending']}/edit/",
        "drafts": "/northwind/live/drafts/",
        "a refund": f"{ORDERS}{emulator.cases()['orders']['two_part_payments']}/refund/",
        "handling of an order": f"{ORDERS}{emulator.cases()['orders']['paid']}/handling/",
        "to fulfill": "/northwind/live/to-fulfill/",
        "nothing on hold": "/northwind/live/to-fulfill/?tab=on_hold&tag=none",
        "slips before shipping": f"/northwind/live/to-fulfill/slips/?{to_pack}",
        "manifest": "/northwind/live/shipments/manifest/",
        "batches": "/northwind/live/batches/",
        "station": "/northwind/live/station/",
        "items": "/northwind/live/items/",
        "no items": "/northwind/live/items/?q=nothing+like+it",
        "an item": "/northwind/live/items/add/",
        "items pasted": "/northwind/live/items/paste/",
        "no packing slip": "/northwind/live/shipments/slips/",
        "fulfillments": "/northwind/live/shipments/",
        "no fulfillments": "/northwind/live/shipments/?carrier=ups&order=none",
        "fulfillments at Digital River": "/northwind/live/shipments/digital-river/",
        "partner_updates": "/northwind/live/partner-updates/",
        "finance": "/northwind/live/finance/?period=last_year",
        "nothing in finance": "/northwind/live/finance/?period=2001-01-01..2001-01-31",
        "payments": "/northwind/live/finance/payments/",
        "declined payments": "/northwind/live/finance/payments/?state=failed&color=red&sort=amount",
        "refunds": "/northwind/live/finance/refunds/",
        "refunds on their way": "/northwind/live/finance/refunds/?state=open",
        "receivables": "/northwind/live/finance/receivables/",
        "receivables by customer": "/northwind/live/finance/receivables/?state=customers",
        "an order that does not add up": f"{ORDERS}{doubtful}/",  # seen once, it is in the index
        "review": "/northwind/live/finance/review/",
        "nothing to review": "/northwind/live/finance/review/?state=signed&currency=XAF",
        "findings of an order": f"/northwind/live/finance/review/{doubtful}/",
        "months": "/northwind/live/finance/months/",
        "a month": "/northwind/live/finance/months/2025-10/",
        "views": f"{ORDERS}views/",
        "journal": "/northwind/live/journal/",
        "what needs someone": "/northwind/live/journal/?state=needs_review",
        "nothing in the journal": "/northwind/live/journal/?order=none&kind=pay",
        "customers": CUSTOMERS,
        "a customer": f"{CUSTOMERS}{paid['customer_id']}/",
        "what was found": "/northwind/live/search/?q=Maren",
        "orders of the index": f"{ORDERS}?has=note&-carrier=ups&color=red&sort=-total",
        "nothing found": "/northwind/live/search/?q=00000000-0000-4000-8000-000000000000",
        "jobs": "/northwind/live/jobs/",
        "fulfilling from a file": "/northwind/live/jobs/import/",
        "fulfilling many": f"/northwind/live/jobs/fulfill/?{to_pack}",
        "canceling many": f"/northwind/live/jobs/cancel/?tick={emulator.cases()['orders']['pending']}",
        "editing many": f"/northwind/live/jobs/edit/?tick={emulator.cases()['orders']['pending']}",
        "a status of many": f"/northwind/live/jobs/status/?tick={paid['id']}",
        "sending again of many": f"/northwind/live/jobs/send-again/?tick={paid['id']}",
        "exports": "/northwind/live/exports/",
        "an export every day": "/northwind/live/exports/schedules/add/?list=orders&query=status%3Dpaid",
        "accounting feed": "/northwind/live/exports/accounting/",
        "merchant": "/northwind/live/settings/",
        "connections": "/northwind/live/settings/connections/",
        "partners": "/northwind/live/settings/partners/",
        "index": "/northwind/live/settings/index/",
        "limits": "/northwind/live/settings/limits/",
        "approvals": "/northwind/live/approvals/",
        "partners’ ids of sixty lines": f"{ORDERS}{emulator.cases()['orders']['sixty_lines_partial']}/partner-ids/",
        "members": "/northwind/live/settings/members/",
        "account": "/account/",
        "password": "/account/password/change/",
        "second factor": "/account/2fa/",
        "not there": "/northwind/live/nothing/",
    }


SIGNED_OUT = {"sign in": "/account/login/", "forgotten password": "/account/password/reset/"}
