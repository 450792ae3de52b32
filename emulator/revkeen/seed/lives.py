"""The life of one seeded order: drafted, paid, shipped, given back, with everything that leaves behind."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.accounts import Account
from emulator.clock import iso
from emulator.messages import Json
from emulator.revkeen import documents
from emulator.revkeen.seed import texts
from emulator.revkeen.seed.catalogue import CURRENCIES, price_in
from emulator.revkeen.seed.plans import DAY_MS, Plan
from emulator.revkeen.seed.retell import retell
from emulator.revkeen.seed.sales import sale_of
from emulator.revkeen.seed.spoil import SPOILERS
from emulator.sales import Sale
from emulator.store import Row

MINUTE_MS = 60_000
_TAX_PERCENT = {"usd": 8.25, "eur": 20, "gbp": 20, "jpy": 10, "kwd": 0}
_CURRENCY_WEIGHTS = (52, 24, 14, 6, 4)
_DECLINES = (("0002", "200", "Declined"), ("9995", "202", "Insufficient funds"), ("0069", "223", "Expired card"))


@dataclass(frozen=True)
class Shop:
    """What the lives of one account share. Amounts are US cents."""

    account: Account
    now_ms: int
    products: Sequence[Json]
    us_cents: dict[str, int]  # by product id
    subscriptions: Sequence[str]


class Life:
    """Plays a plan through; afterwards `rows` has what it left, by kind."""

    def __init__(
        self, shop: Shop, rng: random.Random, plan: Plan, serial: int, number: int, age_ms: int, customer: str
    ) -> None:
        self.shop, self.plan, self.rng = shop, plan, rng
        self.code = code(shop.account, serial)
        self.number = number
        self.customer = None if plan.guest else customer
        self.rows: dict[str, list[Row]] = {}
        self.moments: list[int] = []
        self.sale: Sale | None = None  # as partners know it
        self._now = self._end = 0
        self._sales: list[Json] = []
        self._play(age_ms)

    def _play(self, age_ms: int) -> None:
        self._now, self._end = self.shop.now_ms - age_ms, self.shop.now_ms
        self.moments.append(self._now)
        created = self._now
        self.order = self._drafted()
        self._money_comes()
        self._goods_leave()
        self._money_goes()
        self._close()
        SPOILERS[self.plan.breaks](self)
        self._keep("orders", self.order, created, hidden={"fulfilled": self._fulfilled()})

    def tell(self) -> None:
        """Add what copies do not have: the events, and what partners know."""
        if self._is_known_to_partners():
            self._number_for_partners()
            self.sale = sale_of(self.order, self._fulfilled(), self.plan.at_digital_river)
        transactions, refunds = ([row.doc for row in self.rows.get(kind, ())] for kind in ("transactions", "refunds"))
        self.rows["events"] = retell(self.shop.account, self.order, transactions, refunds, self.shop.now_ms)
        self.rows["orders"][0].hidden["told"] = True  # type: ignore[index]

    def _is_known_to_partners(self) -> bool:
        """All of the showcase that may be, and most of the others."""
        plan = self.plan
        is_paid = self.order["paid_at"] is not None
        return is_paid and plan.partners and (plan.case != "" or self.rng.random() < 0.9)

    def _number_for_partners(self) -> None:
        order = self.order
        numbers = {"dr_order_id": self.code + ("0336" if self.shop.account.mode == "live" else "0900")}
        if self.plan.by_number:
            numbers["op_order_id"] = f"#{order['public_id']}"
        order["metadata"] = {**order["metadata"], **numbers}
        for line in order["line_items"]:
            line["metadata"] = {**line["metadata"], "dr_item_id": f"{self.code}{line['position'] + 1:04}"}

    # steps

    def _drafted(self) -> Json:
        plan, rng = self.plan, self.rng
        currency = plan.currency or rng.choices(CURRENCIES, _CURRENCY_WEIGHTS)[0]
        order = documents.order(
            self.shop.account, self._id(), self.number, self._lines(currency), self._now,
            currency=currency, customer_id=self.customer,
            fulfillment_status=None if plan.fulfillment is None else "unfulfilled",
            metadata=texts.HOSTILE_METADATA if plan.hostile else texts.metadata(rng),
            notes=texts.HOSTILE_NOTE if plan.hostile else texts.note(rng),
        )  # fmt: skip
        if plan.recurring:
            order.update(billing_type="recurring", subscription_id=rng.choice(self.shop.subscriptions))
        if plan.expired:
            order["expires_at"] = iso(self._moment(self._now + (self._end - self._now) // 3))
        elif plan.status in ("draft", "pending"):
            order["expires_at"] = iso(self._moment(self._now + 14 * DAY_MS)) if rng.random() < 0.5 else None
        return order

    def _money_comes(self) -> None:
        plan, order = self.plan, self.order
        if plan.status == "pending" or (plan.status == "canceled" and self.rng.random() < 0.6):
            self._pass(3 * MINUTE_MS)
            self._change(status="pending")
        for _ in range(plan.declines):
            self._pass(4 * MINUTE_MS)
            self._transaction("sale", "failed", order["total"])
        if plan.status in ("draft", "pending", "canceled"):
            return
        for amount in self._payments():
            self._pass(25 * MINUTE_MS)
            self._paid(amount)

    def _paid(self, amount: int) -> None:
        order = self.order
        sale = self._transaction("sale", "succeeded", amount) if amount else None
        paid = order["amount_paid"] + amount
        members: Json = {"amount_paid": paid, "amount_due": order["total"] - paid, "status": "partially_paid"}
        if members["amount_due"] == 0:
            members.update(status="paid", paid_at=iso(self._now))
        if sale is None:
            self._invoice("paid")
        self._change(**members)

    def _goods_leave(self) -> None:
        fulfillment = self.plan.fulfillment
        if fulfillment in ("partial", "fulfilled", "returned"):
            self._pass(2 * DAY_MS)
            if fulfillment == "partial":
                self._change(fulfillment_status="partial")
            else:
                self._change(status="fulfilled", fulfillment_status="fulfilled", fulfilled_at=iso(self._now))
        if fulfillment == "returned":
            self._pass(9 * DAY_MS)
            self._change(fulfillment_status="returned")

    def _money_goes(self) -> None:
        whole = self.plan.status == "refunded"
        shares = self._refunds(whole)
        for (sale, amount), status in zip(shares, self.plan.refunds, strict=True):
            self._pass(5 * DAY_MS)
            self._refund(sale, amount, status)
        if whole:
            self.order["status"] = "refunded"

    def _refund(self, sale: Json, amount: int, status: str) -> None:
        reason = self.rng.choice(("customer_request", "product_unacceptable", "product_not_received", "duplicate"))
        refund = documents.refund(self._id(), self.order, sale, amount, status, self._now, reason=reason)
        self._keep("refunds", refund, self._now, order_id=self.order["id"])
        if status == "succeeded":
            sale["amount_refunded"] += amount
            self._transaction("refund", "succeeded", amount, parent_transaction_id=sale["id"])
            self._change(amount_refunded=self.order["amount_refunded"] + amount)

    def give_back(self, amount: int) -> None:
        """Of the first payment, however much that was."""
        self._pass(DAY_MS)
        self._refund(self._sales[0], amount, "succeeded")

    def _close(self) -> None:
        if self.plan.status == "canceled":
            self.cancel()

    def cancel(self) -> None:
        self._pass(3 * DAY_MS)
        self._change(status="canceled", canceled_at=iso(self._now))

    # amounts, in minor units

    def _lines(self, currency: str) -> list[Json]:
        plan, rng = self.plan, self.rng
        if plan.huge:
            return [documents.line(self._id(), 0, "Annual supply contract", 10, 100_000_000)]
        count = plan.lines or rng.choices((1, 2, 3, 4, 6), (38, 28, 18, 10, 6))[0]
        off = rng.choice((10, 15, 20)) if rng.random() < 0.22 else 0
        taxed = rng.random() < 0.85
        return [self._line(position, currency, 100 if plan.free else off, taxed) for position in range(count)]

    def _line(self, position: int, currency: str, percent_off: int, taxed: bool) -> Json:
        rng = self.rng
        product = self._product()
        price = price_in(currency, self.shop.us_cents[product["id"]])
        quantity = rng.choices((1, 2, 3, 5, 12), (60, 20, 10, 7, 3))[0]
        discount = price * quantity * percent_off // 100
        tax = round((price * quantity - discount) * _TAX_PERCENT[currency] / 100) if taxed else 0
        hostile = self.plan.hostile
        ad_hoc = hostile or (self.plan.fulfillment is not None and rng.random() < 0.05)
        return documents.line(
            self._id(), position, texts.HOSTILE_DESCRIPTIONS[position % 4] if hostile else product["name"],
            quantity, price, product_id=None if ad_hoc else product["id"], discount=discount, tax=tax,
            metadata=texts.HOSTILE_METADATA if hostile else {} if ad_hoc else {"sku": product["product_id"]},
        )  # fmt: skip

    def _product(self) -> Json:
        """Of the kind the plan's fulfillment needs: shipped, or nothing to ship; subscriptions for recurring orders."""
        ships, recurring = self.plan.fulfillment is not None, self.plan.recurring
        fitting = [
            p for p in self.shop.products if (p["fulfillment_type"] == "physical") == ships and p["amount_minor"]
        ]
        if recurring:
            fitting = [p for p in fitting if p["kind"] == "subscription"]
        return self.rng.choice(fitting)

    def _payments(self) -> list[int]:
        total, count = self.order["total"], self.plan.payments
        if self.plan.status == "partially_paid":
            return [total * 2 // 5 // count or 1] * count
        share = total // count
        return [*[share] * (count - 1), total - share * (count - 1)]

    def _refunds(self, whole: bool) -> list[tuple[Json, int]]:
        """A sale and an amount for each refund: everything that was paid, or a fifth for each."""
        statuses, sales = self.plan.refunds, self._sales
        if not statuses:
            return []
        if not whole:
            return [(sales[0], max(1, sales[0]["amount"] // 5))] * len(statuses)
        if len(sales) == len(statuses):
            return [(sale, sale["amount"]) for sale in sales]
        if statuses[0] == "failed":
            return [(sales[0], sales[0]["amount"])] * 2
        first = sales[0]["amount"] // len(statuses)
        shares = [first] * (len(statuses) - 1)
        return [(sales[0], share) for share in (*shares, sales[0]["amount"] - sum(shares))]

    # records

    def _transaction(self, type: str, status: str, amount: int, **members: Any) -> Json:
        is_charge = type == "sale" and status == "succeeded"
        settled = self.order["amount_due"] == (amount if is_charge else 0)
        self._invoice("paid" if settled else "open")
        last_four, code, text = self.rng.choice(_DECLINES) if status == "failed" else ("1111", "100", "Approved")
        transaction = documents.transaction(
            self._id(), type, status, self.order, amount, self._now, card_last_four=last_four,
            gateway_response_code=code, gateway_response_text=text, **members,
        )  # fmt: skip
        self._keep("transactions", transaction, self._now)
        if is_charge:
            self._sales.append(transaction)
        return transaction

    def _invoice(self, status: str) -> None:
        if self.order["invoice_id"] is None:
            id, number = self._id(), "INV-" + self.order["public_id"]
            invoice = documents.invoice(id, number, self.order, status, self._now, self._now)
            self._keep("invoices", invoice, self._now)
            self.order["invoice_id"] = id
        self.rows["invoices"][0].doc.update(status=status, updated_at=iso(self._now))

    def _change(self, **members: Any) -> None:
        self.order.update(members, updated_at=iso(self._now))

    def _keep(self, kind: str, doc: Json, created: int, hidden: Json | None = None, **columns: Any) -> None:
        row = Row(doc["id"], self.shop.account.id, created, doc, hidden, columns)
        self.rows.setdefault(kind, []).append(row)

    # helpers

    def _id(self) -> str:
        """A UUID that begins with the life's own code: a copy of the life only has to change that."""
        bits = f"{self.rng.getrandbits(88):022x}"
        return f"{self.code}-{bits[:4]}-4{bits[4:7]}-a{bits[7:10]}-{bits[10:]}"

    def _pass(self, usual_ms: int) -> None:
        """Time goes by, but never past the present."""
        gap = min(usual_ms * self.rng.uniform(0.3, 1.7), (self._end - self._now) * 0.4)
        self._moment(self._now + max(1, int(gap)))
        self._now = self.moments[-1]

    def _moment(self, ms: int) -> int:
        self.moments.append(ms)
        return ms

    def _fulfilled(self) -> list[str]:
        lines = [line["id"] for line in self.order["line_items"]]
        status = self.order["fulfillment_status"]
        if status == "partial":
            return lines[: len(lines) // 2]
        return lines if status in ("fulfilled", "returned") else []


def code(account: Account, serial: int) -> str:
    """Eight hexadecimal digits, different for every serial number of every account."""
    return f"{(serial * 4 + account.id) * 0x9E3779B1 % 2**32:08x}"
