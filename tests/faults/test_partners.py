"""What may go wrong on the way to a partner, and that each shipment is known there once all the same.

The worker's two steps, claim and deliver, are taken by hand here, and its clock is moved by moving what is due.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone

from orders.apis.revkeen import reads
from orders.models import (
    Connection,
    Fulfillment,
    Merchant,
    Operation,
    OrderIds,
    PartnerUpdate,
    PartnerUpdateAttempt,
    Shipment,
    ShipmentItem,
    User,
)
from orders.services.changes import outcomes, quarantine, reconcile
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.leases import claim as claim_operation
from orders.services.changes.outcomes import operation_ended
from orders.services.fulfillment import fulfill, fulfillable, shipments, undo
from orders.services.fulfillment.fulfill import FulfillmentFormToken
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.partners import attempt, directory, manual, partner_worker
from orders.services.partners import outbox as outbox_module
from orders.services.revkeen import session
from tests.conftest import make_person
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.matrix import for_each_partner
from tests.support.partners import PARTNERS, Partner

State = PartnerUpdate.State
MOVED = ("next_try_at", "last_sent_at", "lease_until")
ROUNDS = 12  # quarters of an hour, after which whatever a machine may reconcile is reconciled

NO_ANSWER: dict[str, dict[str, Any]] = {
    "reset": {"kind": "disconnect", "how": "reset"},
    "cut": {"kind": "cut", "how": "reset"},
    "silence": {"kind": "hang"},
}
BROKEN: dict[str, dict[str, Any]] = {
    "truncated": {"kind": "truncated"},
    "wrong length": {"kind": "raw", "text": "HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n{}", "how": "close"},
}
NO_YES: dict[str, dict[str, Any]] = {
    "HTML": {"kind": "html"},
    "nothing": {"kind": "empty"},
    "204": {"kind": "empty", "status": 204},
}
BEFORE_AND_AFTER = {"before the work": False, "after the work": True}


class Outbox:
    """Northwind, live, with both partners: orders that they know, shipments of them, and the worker's steps."""

    def __init__(self, merchant: Merchant, user: User, emulator: Emulator) -> None:
        self.merchant, self.user, self.emulator = merchant, user, emulator
        self.orders = 0

    def sold(self, lines: int = 1) -> uuid.UUID:
        """A paid order that both partners know."""
        self.orders += 1
        items = [
            {
                "description": f"Tent {at}",
                "unit_price": 700,
                "quantity": 2,
                "metadata": {"dr_item_id": f"i{self.orders}-{at}"},
            }
            for at in range(lines)
        ]
        order = self.emulator.make_order(line_items=items, metadata={"dr_order_id": f"dro-{self.orders}"})
        self.emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
        self.emulator.tell_partners(order["id"])
        return uuid.UUID(order["id"])

    def form_token(self, order_id: uuid.UUID) -> FulfillmentFormToken:
        with session.session(self.merchant, "live") as api:
            shown = fulfillable.snapshot_of(fulfillable.fulfillable(api, order_id))
        return FormToken(uuid.uuid4(), self.merchant, "live", Operation.Kind.FULFILL, order_id, shown)

    def press(self, form_token: FulfillmentFormToken) -> Operation | Fulfillment:
        """Fill in all, a parcel for each line."""
        lines = form_token.snapshot.lines.items()
        parcels = [Parcel((ParcelItem(line_id, line.left),), carrier="ups") for line_id, line in lines]
        with session.session(self.merchant, "live") as api:
            return fulfill.fulfill(api, self.user, form_token, parcels)

    def ship(self, lines: int = 1) -> list[Shipment]:
        form_token = self.form_token(self.sold(lines))
        self.press(form_token)
        return list(Shipment.objects.filter(fulfillment_id=form_token.operation_id).order_by("pk"))

    def work(self) -> None:
        """Whatever is due now."""
        while (claimed := outbox_module.claim()) is not None:
            partner_worker.send_update(claimed)

    def later(self, minutes: float = 15) -> None:
        """As if so much time had passed, for whoever looks at what is due; the breaker closes too."""
        forget_gates()
        past = timedelta(minutes=minutes)
        PartnerUpdate.objects.update(**{name: F(name) - past for name in MOVED})
        Connection.objects.exclude(wait_until=None).update(wait_until=F("wait_until") - past)

    def recover(self) -> None:
        """The partner works again, and time passes until a machine has nothing left to do."""
        self.emulator.clear_faults()
        for _ in range(ROUNDS):
            self.later()
            self.work()
            if not PartnerUpdate.objects.filter(state__in=PartnerUpdate.OPEN).exists():
                return

    def of(self, partner: Partner, shipment: Shipment) -> PartnerUpdate:
        return PartnerUpdate.objects.get(shipment=shipment, destination=partner.provider)

    def told(self, partner: Partner, shipment: Shipment) -> list[dict[str, Any]]:
        return partner.told(self.emulator.ledger(), str(shipment.reference))

    def calls(self, partner: Partner) -> list[dict[str, Any]]:
        return [call for call in self.emulator.calls() if call["provider"] == partner.provider]

    def fail(self, partner: Partner, kind: str, **more: Any) -> None:
        self.emulator.fault(kind, partner.create, method="POST", provider=partner.provider, **more)

    def assert_once(self, partner: Partner, *shipments: Shipment) -> None:
        """Known there once, all its money captured once, and the page says so; the key is in nothing that is kept."""
        for shipment in shipments:
            partner_update = self.of(partner, shipment)
            assert partner_update.state == State.SENT, (
                partner_update.state,
                partner_update.code,
                partner_update.message,
            )
            assert len(self.told(partner, shipment)) == 1
        captured = [row["quantity"] for row in self.emulator.ledger() if row["effect"] == "capture"]
        if partner.provider == "digital_river":
            assert captured == [2] * len(shipments)
        kept = PartnerUpdateAttempt.objects.values_list("message", "answer", "body")
        assert not [row for row in kept if partner.key in str(row)]


@pytest.fixture
def outbox(northwind: Merchant, emulator: Emulator, settings: LazySettings) -> Outbox:
    settings.REVKEEN_READ_SECONDS = settings.REVKEEN_CHANGE_SECONDS = 2.0
    for partner in PARTNERS:
        connect(northwind, partner, partner.key)
    user = make_person("operations@northwind.example", northwind, "operations")
    return Outbox(northwind, user, emulator)


def connect(merchant: Merchant, partner: Partner, key: str) -> Connection:
    made = Connection(merchant=merchant, mode="live", provider=partner.provider, name="Demo", active=True)
    made.secret = key
    made.save()
    return made


@contextmanager
def refusing(wanted: Callable[[str], bool], message: str, times: int = 10_000) -> Iterator[None]:
    """The database refuses the next statements that `wanted` picks."""
    left = times

    def fail(execute: Any, sql: str, *given: Any) -> Any:
        nonlocal left
        if left and wanted(sql):
            left -= 1
            raise OperationalError(message)
        return execute(sql, *given)

    with connection.execute_wrapper(fail):
        yield


def writes_partner_updates(sql: str) -> bool:
    return sql.startswith('UPDATE "orders_partnerupdate"') and "attempts" in sql.partition("WHERE")[0]


class Killed(BaseException):
    """The process dies here."""


@for_each_partner(1)
def test_two_presses_make_one_shipment_and_one_partner_update(partner: Partner, outbox: Outbox) -> None:
    form_token = outbox.form_token(outbox.sold())
    outbox.press(form_token)
    outbox.press(form_token)
    outbox.work()
    outbox.assert_once(partner, *Shipment.objects.all())
    assert PartnerUpdate.objects.filter(destination=partner.provider).count() == 1


@for_each_partner(2)
def test_the_form_sent_again_after_the_parcel_is_known_sends_nothing_more(partner: Partner, outbox: Outbox) -> None:
    form_token = outbox.form_token(outbox.sold())
    outbox.press(form_token)
    outbox.work()
    outbox.press(form_token)
    outbox.recover()
    outbox.assert_once(partner, *Shipment.objects.all())


@for_each_partner(5, 8)
def test_nobody_has_to_stay_for_the_partner_to_hear_of_it_and_nobody_sends_it_twice(
    partner: Partner, outbox: Outbox
) -> None:
    [shipment] = outbox.ship()
    assert outbox.calls(partner) == []
    outbox.work()
    outbox.assert_once(partner, shipment)
    calls = len(outbox.calls(partner))
    outbox.recover()
    assert len(outbox.calls(partner)) == calls


@for_each_partner(6, 9)
def test_a_worker_killed_before_the_call_leaves_it_to_another(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    other = next(each for each in PARTNERS if each is not partner)
    PartnerUpdate.objects.filter(destination=other.provider).update(state=State.STOPPED)
    assert outbox_module.claim() is not None  # and dies
    assert outbox_module.claim() is None
    outbox.work()
    assert outbox.calls(partner) == []
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(7, 9)
def test_a_worker_killed_after_the_call_has_not_sent_it_twice(
    partner: Partner, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shipment] = outbox.ship()

    def die(*given: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(attempt, "finish", die)
        while (claimed := outbox_module.claim()) is not None:
            with pytest.raises(Killed):
                partner_worker.send_update(claimed)
    assert outbox.of(partner, shipment).state == State.SENDING
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(11, address={"refused": "http://127.0.0.1:1", "unknown name": "http://partner.invalid"})
def test_without_a_connection_it_waits(address: str, partner: Partner, outbox: Outbox, settings: LazySettings) -> None:
    before = settings.DIGITAL_RIVER_URL, settings.ORDER_PROTECTION_URL
    settings.DIGITAL_RIVER_URL = settings.ORDER_PROTECTION_URL = address
    [shipment] = outbox.ship()
    outbox.work()
    waiting = outbox.of(partner, shipment)
    assert (waiting.state, waiting.doubtful, waiting.code) == (State.WAITING, False, "no_connection")
    settings.DIGITAL_RIVER_URL, settings.ORDER_PROTECTION_URL = before
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(
    13,
    fault={"before the answer": NO_ANSWER["reset"], "in its middle": NO_ANSWER["cut"]},
    after_work=BEFORE_AND_AFTER,
)
def test_a_reset_is_unknown_until_the_partner_was_read(
    fault: dict[str, Any], after_work: bool, partner: Partner, outbox: Outbox
) -> None:
    assert_unknown_then_once(outbox, partner, **fault, after_work=after_work)


@for_each_partner(14, fault=BROKEN, after_work=BEFORE_AND_AFTER)
def test_a_broken_answer_is_unknown_until_the_partner_was_read(
    fault: dict[str, Any], after_work: bool, partner: Partner, outbox: Outbox
) -> None:
    assert_unknown_then_once(outbox, partner, **fault, after_work=after_work)


@for_each_partner(15)
def test_a_slow_drip_ends_with_the_deadline(partner: Partner, outbox: Outbox, settings: LazySettings) -> None:
    settings.REVKEEN_CHANGE_SECONDS = 0.5
    began = timezone.now()
    assert_unknown_then_once(outbox, partner, kind="drip", seconds=0.4, bytes=3, headers=True)
    assert timezone.now() - began < timedelta(seconds=20)


@for_each_partner(16)
def test_a_connection_that_was_closed_meanwhile_is_unknown_until_the_partner_was_read(
    partner: Partner, outbox: Outbox
) -> None:
    outbox.ship()
    outbox.work()  # which leaves an open connection behind
    [shipment] = outbox.ship()
    outbox.fail(partner, "disconnect", how="close")
    outbox.work()
    outbox.recover()
    partner_update = outbox.of(partner, shipment)
    assert (partner_update.state, len(outbox.told(partner, shipment))) == (State.SENT, 1)


@for_each_partner(17, retry_after=["7", "Wed, 21 Oct 2099 07:28:00 GMT", None, "86400", "-5", "soon"])
def test_a_429_holds_everything_with_that_key_for_its_time(
    retry_after: str | None, partner: Partner, outbox: Outbox
) -> None:
    [first] = outbox.ship()
    outbox.fail(partner, "rate_limited", retry_after=retry_after)
    outbox.work()
    calls = len(outbox.calls(partner))
    partner_update = outbox.of(partner, first)
    assert (partner_update.state, partner_update.code, partner_update.doubtful) == (
        State.WAITING,
        "rate_limited",
        False,
    )
    least = {"7": 6, "86400": 14 * 60}.get(str(retry_after), 3)  # no answer locks us out for more than 15 minutes
    assert partner_update.next_try_at > timezone.now() + timedelta(seconds=least)
    [second] = outbox.ship()
    outbox.work()
    assert len(outbox.calls(partner)) == calls
    outbox.later(60 * 25)
    outbox.recover()
    outbox.assert_once(partner, first, second)


@for_each_partner(18)
def test_a_500_before_anything_happened_is_read_and_then_sent_again(partner: Partner, outbox: Outbox) -> None:
    assert_unknown_then_once(outbox, partner, kind="error", status=500)


@for_each_partner(20, status=[502, 503, 504], after_work=BEFORE_AND_AFTER)
def test_a_gateways_page_is_unknown_until_the_partner_was_read(
    status: int, after_work: bool, partner: Partner, outbox: Outbox
) -> None:
    assert_unknown_then_once(outbox, partner, kind="bad_gateway", status=status, after_work=after_work)
    assert not PartnerUpdate.objects.filter(message__contains="<").exists()


@for_each_partner(21, fault=NO_YES, after_work=BEFORE_AND_AFTER)
def test_a_yes_that_is_none_is_unknown_until_the_partner_was_read(
    fault: dict[str, Any], after_work: bool, partner: Partner, outbox: Outbox
) -> None:
    assert_unknown_then_once(outbox, partner, **fault, after_work=after_work)


@for_each_partner(22, body=["null", "[]", '{"id": 12.5}'], after_work=BEFORE_AND_AFTER)
def test_a_yes_of_the_wrong_shape_is_not_believed_without_a_look(
    body: str, after_work: bool, partner: Partner, outbox: Outbox
) -> None:
    [shipment] = outbox.ship()
    outbox.fail(partner, "respond", status=201, text=body, content_type="application/json", after_work=after_work)
    outbox.work()
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(28, 29)
def test_a_revoked_key_loses_nothing_and_its_successor_sends(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    outbox.emulator.revoke(partner.key)
    outbox.work()
    partner_update = outbox.of(partner, shipment)
    assert (partner_update.state, partner_update.status) == (State.WAITING, 401)
    replace_key(outbox, partner)
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(29)
def test_a_key_replaced_while_nobody_knows_is_read_with_and_does_not_repeat(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    outbox.fail(partner, **NO_ANSWER["reset"], after_work=True)
    outbox.work()
    assert outbox.of(partner, shipment).state == State.IN_DOUBT
    replace_key(outbox, partner)
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(30)
def test_a_key_that_may_not_is_said_and_waits(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    outbox.emulator.fault("error", partner.create, provider=partner.provider, status=403, code="forbidden")
    outbox.work()
    partner_update = outbox.of(partner, shipment)
    assert (partner_update.state, partner_update.status) == (State.WAITING, 403)
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(31, kind=["gzip_bomb", "huge_header", "deep_json"])
def test_an_answer_that_would_fill_the_memory_is_unknown_until_the_partner_was_read(
    kind: str, partner: Partner, outbox: Outbox, settings: LazySettings
) -> None:
    if partner.provider == "order_protection" and kind == "deep_json":
        kind = "gzip_bomb"  # any JSON is its yes
    assert_unknown_then_once(outbox, partner, kind=kind, after_work=True)


@for_each_partner(32, hours=[-2, 2])
def test_our_own_clock_decides_nothing(
    hours: int, partner: Partner, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shipment] = outbox.ship()
    outbox.fail(partner, **NO_ANSWER["reset"], after_work=True)
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=hours))
    outbox.work()
    calls = len(outbox.calls(partner))
    outbox.work()
    assert len(outbox.calls(partner)) == calls
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(34, 35)
def test_what_cannot_be_written_down_before_the_call_is_not_sent(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    with refusing(writes_partner_updates, "database or disk is full"):
        outbox.work()
    assert outbox.calls(partner) == []
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(35)
def test_what_cannot_be_written_down_after_the_call_is_read_before_it_is_sent_again(
    partner: Partner, outbox: Outbox
) -> None:
    [shipment] = outbox.ship()
    with refusing(lambda sql: sql.startswith('INSERT INTO "orders_partnerupdateattempt"'), "database or disk is full"):
        while (claimed := outbox_module.claim()) is not None:
            with pytest.raises(OperationalError):
                partner_worker.send_update(claimed)
    assert len(outbox.told(partner, shipment)) == 1
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(36)
def test_without_a_database_nothing_is_sent(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    with refusing(lambda sql: True, "the database has gone"), pytest.raises(OperationalError):
        outbox.work()
    assert outbox.calls(partner) == []
    outbox.recover()
    outbox.assert_once(partner, shipment)


@for_each_partner(37)
def test_a_partner_that_is_busy_keeps_no_place_from_the_other(partner: Partner, outbox: Outbox) -> None:
    outbox.ship()
    busy = [(outbox.merchant.pk, partner.provider)]
    claimed = [outbox_module.claim(busy), outbox_module.claim(busy)]
    assert [one.destination for one in claimed if one] == [each.provider for each in PARTNERS if each is not partner]


@for_each_partner(38)
def test_a_partner_that_is_down_is_called_ever_more_rarely(partner: Partner, outbox: Outbox) -> None:
    outbox.ship()
    outbox.emulator.fault("error", provider=partner.provider, status=503, times=10_000)
    for _ in range(40):  # twenty minutes
        outbox.work()
        outbox.later(0.5)
    assert 2 <= len(outbox.calls(partner)) <= 20


@for_each_partner(39)
def test_after_a_day_without_the_partner_everything_arrives_once_and_in_order(partner: Partner, outbox: Outbox) -> None:
    outbox.emulator.fault("error", provider=partner.provider, status=503, times=10_000)
    sent = []
    for _ in range(2):
        sent += outbox.ship(lines=2)
        for _ in range(12):  # hours
            outbox.work()
            outbox.later(60)
    assert {shipment.state for shipment in Shipment.objects.all()} == {Shipment.State.LEFT}
    outbox.recover()
    outbox.assert_once(partner, *sent)
    references = [str(shipment.reference) for shipment in sent]
    by_order: dict[str, list[int]] = {}
    for row in outbox.emulator.ledger():
        if row["provider"] == partner.provider and row["effect"] == "fulfillment":
            reference = row.get("metadata", {}).get("shipmentRef") or row["fulfillment_id"]
            by_order.setdefault(row["order_id"], []).append(references.index(reference))
    assert all(places == sorted(places) for places in by_order.values())


@for_each_partner(40)
def test_taken_and_then_silence_is_one_fulfillment_and_one_capture(
    partner: Partner, outbox: Outbox, settings: LazySettings
) -> None:
    settings.REVKEEN_CHANGE_SECONDS = 0.3
    assert_unknown_then_once(outbox, partner, **NO_ANSWER["silence"], after_work=True)


@for_each_partner(41, status=[400, 403, 404, 409, 422, 429, 499])
def test_a_no_of_something_on_the_way_is_not_the_partners(status: int, partner: Partner, outbox: Outbox) -> None:
    assert_unknown_then_once(outbox, partner, kind="bad_gateway", status=status, after_work=True)


LIES = {"a refusal": {"kind": "error", "status": 400, "code": "invalid_parameter"}, "a 429": {"kind": "rate_limited"}}


@for_each_partner(41, lie=LIES.keys())
def test_a_no_after_the_work_in_the_partners_own_words_does_not_make_it_twice(
    lie: str, partner: Partner, outbox: Outbox
) -> None:
    [shipment] = outbox.ship()
    ShipmentItem.objects.update(quantity=1)  # so that Digital River would take as much once more
    outbox.fail(partner, **LIES[lie], after_work=True)
    outbox.work()
    outbox.recover()
    assert outbox.of(partner, shipment).state == State.SENT
    assert len(outbox.told(partner, shipment)) == 1


@for_each_partner(41)
def test_one_that_is_refused_is_visible_and_the_others_go_on(partner: Partner, outbox: Outbox) -> None:
    first, second = outbox.ship(lines=2)
    [other] = outbox.ship()
    outbox.emulator.fault(
        "error", partner.create, provider=partner.provider, status=400, code="invalid_parameter", message="No."
    )
    outbox.work()
    refused = outbox.of(partner, first)
    assert (refused.state, refused.status) == (State.FAILED, 400)
    assert refused in outbox_module.needing_someone(outbox.merchant, "live")
    outbox.assert_once(partner, second, other)


@pytest.mark.fault(42, "F")
def test_what_partners_have_to_hear_stands_with_revkeens_answer_or_neither_does(
    outbox: Outbox,
) -> None:
    def die(**given: Any) -> None:
        raise Killed

    form_token = outbox.form_token(outbox.sold())
    operation_ended.connect(die)  # after the shipments, in the same transaction
    try:
        with pytest.raises(Killed):
            outbox.press(form_token)
    finally:
        operation_ended.disconnect(die)
    operation = Operation.objects.get(pk=form_token.operation_id)
    assert operation.open
    assert {each.state for each in PartnerUpdate.objects.all()} == {State.FOR_REVKEEN}
    outbox.work()
    assert [call for call in outbox.emulator.calls() if call["provider"] != "revkeen"] == []
    past = {
        "lease_until": F("lease_until") - timedelta(minutes=5),
        "next_try_at": F("next_try_at") - timedelta(minutes=5),
    }
    Operation.objects.update(**past)
    claimed = claim_operation()
    assert claimed is not None
    reconcile.reconcile(claimed)
    outbox.work()
    for partner in PARTNERS:
        outbox.assert_once(partner, *Shipment.objects.all())


@for_each_partner(43)
def test_a_restored_backup_sends_nothing(partner: Partner, outbox: Outbox) -> None:
    [shipment] = outbox.ship()
    quarantine.quarantine()
    outbox.work()
    outbox.recover()
    assert outbox.calls(partner) == []
    held = outbox.of(partner, shipment)
    assert (held.state, held.code) == (State.FAILED, "quarantined")
    assert held in outbox_module.needing_someone(outbox.merchant, "live")


@pytest.mark.database
def test_what_was_stopped_and_is_sent_again_still_waits_for_revkeen(outbox: Outbox) -> None:
    outbox.emulator.fault("disconnect", "/fulfill$", how="reset")
    operation = outbox.press(outbox.form_token(outbox.sold()))
    [shipment] = Shipment.objects.all()
    for partner in PARTNERS:
        assert manual.stop(outbox.of(partner, shipment), outbox.user, "By mistake")
        assert manual.send_again(outbox.of(partner, shipment), outbox.user)
    outbox.work()
    assert not [partner for partner in PARTNERS if outbox.calls(partner)]
    assert isinstance(operation, Operation)
    outcomes.decided(operation, Operation.State.DONE, by=outbox.user, reason="It is there")
    outbox.recover()
    for partner in PARTNERS:
        outbox.assert_once(partner, shipment)


@pytest.mark.database
def test_after_a_restore_no_partner_is_told_of_what_revkeen_may_not_have(outbox: Outbox) -> None:
    outbox.emulator.fault("disconnect", "/fulfill$", how="reset")
    operation = outbox.press(outbox.form_token(outbox.sold()))
    assert isinstance(operation, Operation)
    quarantine.quarantine()
    [shipment] = Shipment.objects.all()
    again, left = (outbox.of(partner, shipment) for partner in PARTNERS)
    assert manual.send_again(again, outbox.user)
    outbox.recover()
    outcomes.decided(operation, Operation.State.REFUSED, by=outbox.user, reason="It is not there")
    outbox.recover()
    assert not [partner for partner in PARTNERS if outbox.calls(partner)]
    assert {PartnerUpdate.objects.get(pk=one.pk).state for one in (again, left)} == {State.BLOCKED}


@pytest.mark.database
def test_what_was_released_before_a_backup_was_restored_is_not_captured_twice(outbox: Outbox) -> None:
    outbox.emulator.fault("error", "/fulfill$", status=422, code="invalid_request", message="No.")
    outbox.press(outbox.form_token(outbox.sold()))
    ShipmentItem.objects.update(quantity=1)  # so that Digital River would take as much once more
    [shipment] = Shipment.objects.all()
    river = PARTNERS[0]
    blocked = PartnerUpdate.objects.filter(destination=river.provider)
    before = {name: value for name, value in blocked.values().get().items() if name != "id"}
    assert manual.release(outbox.of(river, shipment), outbox.user)
    outbox.work()
    blocked.update(**before)
    Shipment.objects.update(state=Shipment.State.REFUSED)
    quarantine.quarantine()
    assert manual.release(outbox.of(river, shipment), outbox.user)
    outbox.recover()
    assert len(outbox.told(river, shipment)) == 1
    assert outbox.of(river, shipment).state == State.SENT


@pytest.mark.database
def test_two_who_ship_the_two_halves_of_a_line_from_old_forms_do_not_forget_revkeen(outbox: Outbox) -> None:
    order_id = outbox.sold()
    first, second = outbox.form_token(order_id), outbox.form_token(order_id)
    half(outbox, first)
    with pytest.raises(shipments.AlreadyShipped, match="Shipment 1 of this order took units"):
        half(outbox, second)
    assert isinstance(half(outbox, outbox.form_token(order_id)), Operation)


@pytest.mark.database
def test_the_second_half_of_a_line_completes_nothing_once_the_first_was_undone(outbox: Outbox) -> None:
    Merchant.objects.update(undo_seconds=60)
    outbox.merchant.refresh_from_db()
    order_id = outbox.sold()
    first = half(outbox, outbox.form_token(order_id))
    assert isinstance(first, Fulfillment)
    second = outbox.form_token(order_id)
    undo.undo(first, outbox.user)
    with pytest.raises(shipments.CameBack):
        half(outbox, second)


@pytest.mark.database
def test_the_first_half_of_a_line_cannot_be_undone_while_the_second_tells_revkeen_of_the_whole(outbox: Outbox) -> None:
    Merchant.objects.update(undo_seconds=60)
    outbox.merchant.refresh_from_db()
    order_id = outbox.sold()
    first, second = half(outbox, outbox.form_token(order_id)), half(outbox, outbox.form_token(order_id))
    assert isinstance(first, Fulfillment)
    assert isinstance(second, Operation)
    with pytest.raises(undo.OthersFollow):
        undo.undo(first, outbox.user)
    undo.undo(Fulfillment.objects.get(pk=second.pk), outbox.user)
    undo.undo(first, outbox.user)
    assert {shipment.state for shipment in Shipment.objects.all()} == {Shipment.State.UNDONE}


@pytest.mark.database
def test_two_lines_that_digital_river_calls_the_same_are_a_persons_to_name(outbox: Outbox) -> None:
    """The second would be taken for sent as soon as the first one is there, and never be captured."""
    order_id = known_as(outbox, {"dr_item_id": "same"}, {"dr_order_id": "dro-same"})
    outbox.press(outbox.form_token(order_id))
    outbox.recover()
    found = PartnerUpdate.objects.filter(destination=PARTNERS[0].provider)
    assert set(found.values_list("state", "code")) == {(State.FAILED, "no_item_id")}
    assert outbox.calls(PARTNERS[0]) == []


@pytest.mark.database
def test_an_id_that_was_lacking_can_be_filled_in_after_a_restore(outbox: Outbox) -> None:
    order_id = known_as(outbox, {}, {})
    outbox.press(outbox.form_token(order_id))
    quarantine.quarantine()
    shipment = Shipment.objects.first()
    assert shipment is not None
    assert manual.send_again(outbox.of(PARTNERS[0], shipment), outbox.user)
    outbox.work()
    assert outbox.of(PARTNERS[0], shipment).code == "no_order_id"
    with session.session(outbox.merchant, "live") as api:
        order = api.get(reads.order(order_id)).require()
    typed = OrderIds(merchant=outbox.merchant, mode="live", order_id=order_id, digital_river="dro-late")
    directory.save_ids(typed, order, by=outbox.user)
    partner_update = outbox.of(PARTNERS[0], shipment)
    assert (partner_update.partner_order_id, partner_update.state, partner_update.doubtful) == (
        "dro-late",
        State.WAITING,
        True,
    )


def known_as(outbox: Outbox, line: dict[str, str], order: dict[str, str]) -> uuid.UUID:
    """A paid order of two lines with this metadata."""
    lines = [{"description": f"Rope {at}", "unit_price": 700, "quantity": 2, "metadata": line} for at in range(2)]
    made = outbox.emulator.make_order(line_items=lines, metadata=order)
    outbox.emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
    if order:
        outbox.emulator.tell_partners(made["id"])
    return uuid.UUID(made["id"])


def half(outbox: Outbox, form_token: FulfillmentFormToken) -> Operation | Fulfillment:
    """One of the two units of the only line."""
    [line_id] = form_token.snapshot.lines
    with session.session(outbox.merchant, "live") as api:
        return fulfill.fulfill(api, outbox.user, form_token, [Parcel((ParcelItem(line_id, 1),), carrier="ups")])


def assert_unknown_then_once(outbox: Outbox, partner: Partner, *, kind: str, **more: Any) -> None:
    """What most faults have to come to: nobody knows, the partner is read, and it is known there once."""
    [shipment] = outbox.ship()
    outbox.fail(partner, kind, **more)
    outbox.work()
    partner_update = outbox.of(partner, shipment)
    assert (partner_update.state, partner_update.doubtful) == (State.IN_DOUBT, True), (
        partner_update.code,
        partner_update.message,
    )
    assert partner_update.next_try_at > timezone.now()
    outbox.recover()
    outbox.assert_once(partner, shipment)


def replace_key(outbox: Outbox, partner: Partner) -> None:
    key = f"{partner.key}_new"
    outbox.emulator.add_partner_key(key, partner.provider)
    Connection.objects.filter(provider=partner.provider).update(active=False)
    connect(outbox.merchant, partner, key)
