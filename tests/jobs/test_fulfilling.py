"""Fulfilling many orders: a file or a row for each, checked row by row, and sent once each to all three systems."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client

from orders.models import Job, Merchant, Operation, PartnerUpdate, Shipment, User
from orders.services.handling import holds
from orders.services.handling.holds import Why
from orders.services.jobs import sending, work
from tests.conftest import make_person, sign_in
from tests.support import shipping
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.many import (
    BASE,
    apply,
    applying,
    job_at,
    line,
    marks,
    page,
    paid,
    paste,
    run,
    states,
    table,
    told,
    ups,
)
from tests.support.pages import text

pytestmark = pytest.mark.database


@pytest.fixture
def client(operations: Client) -> Client:
    return operations


def test_a_file_is_checked_applied_and_told_to_three_systems_once(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    for provider in shipping.KEYS:
        shipping.connect(northwind, provider)
    orders = shipping.open_orders(emulator)[:3]
    index_everything(northwind)
    head = "Order,Carrier,Tracking number,Weight"
    job = paste(client, *(f"{order['public_id']},UPS,{ups(place)},2" for place, order in enumerate(orders)), head=head)
    assert marks(job) == {2: [], 3: [], 4: []}
    assert "Columns not read Weight" in text(page(client, job))
    assert "Apply: fulfill 3 rows" in text(page(client, job))
    assert emulator.ledger() == []
    apply(client, job)
    assert run() == 3
    shipping.work()
    job.refresh_from_db()
    assert (job.state, states(job)) == ("ended", ["done"] * 3)
    for place, order in enumerate(orders):
        assert [one["tracking_number"] for one in told(emulator, order)] == [ups(place)]
    updates = PartnerUpdate.objects.values_list("destination", "state")
    assert sorted(updates) == sorted([(name, "sent") for name in ("digital_river", "order_protection")] * 3)
    assert [row[5] for row in table(client, job)] == ["Done"] * 3
    shipments = Shipment.objects.order_by("pk")
    assert [(one.carrier, one.notified) for one in shipments] == [("ups", False)] * 3


def test_the_check_and_its_button_say_how_many_customers_get_an_e_mail(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    orders = [paid(emulator, **body) for body in ({}, *[{"customer_id": customer_of(emulator)}] * 3)]
    index_everything(northwind)
    answers = ("", "", "no", "")
    rows = [f"{order['public_id']},{ups(nth)},{answers[nth]}" for nth, order in enumerate(orders)]
    job = paste(client, *rows[:3], f"NW-404,{ups(7)},", head="Order,Tracking,Notify customer", notify="yes")
    assert "E-mail Customer of 1 order" in text(page(client, job))
    assert "Apply: fulfill 3 rows, e-mail 1 customer" in text(page(client, job))
    job = paste(client, *rows, head="Order,Tracking,Notify customer", notify="no")
    assert "E-mail Nobody" in text(page(client, job))
    assert "Apply: fulfill 4 rows, no e-mail" in text(page(client, job))


def customer_of(emulator: Emulator) -> str:
    return next(str(order["customer_id"]) for order in emulator.orders("limit=100") if order["customer_id"])


def test_each_bad_row_is_marked_for_what_is_wrong_with_it_and_is_never_sent(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    good, shipped, parts, split, other = (paid(emulator, line("A", 2), line("B", 3)) for _ in range(5))
    unpaid = emulator.make_order()
    index_everything(northwind)
    first = paste(client, f"{shipped['public_id']},UPS,{ups(90)}")
    apply(client, first)
    run()
    rows = [
        f"{good['public_id']},UPS,{ups(1)},,,",  # 2
        f"{shipped['public_id']},UPS,{ups(2)},,,",  # 3
        f"ORD-0000000,UPS,{ups(3)},,,",  # 4
        f"{unpaid['public_id']},UPS,{ups(4)},,,",  # 5
        f"{parts['public_id']},UPS,{ups(5)},A,2,",  # 6
        f"{parts['public_id']},UPS,{ups(5)},B,9,",  # 7
        f"{parts['public_id']},UPS,{ups(6)},C,1,",  # 8
        f"{split['public_id']},UPS,{ups(90)},,,",  # 9: the number of the order that was shipped
        f"{other['public_id']},FedEx,{ups(7)},,,",  # 10
        f"{good['public_id']},UPS,{ups(1)},,,",  # 11: as 2
        f"{other['public_id']},UPS,1.23E+20,A,1,",  # 12
        f"12.03.2026,UPS,{ups(8)},,,",  # 13
        f"{parts['public_id']},UPS,{ups(9)},B,x,maybe",  # 14
    ]
    job = paste(client, *rows, head="Order,Carrier,Tracking,SKU,Qty,Notify")
    assert marks(job) == {
        2: [],
        3: ["shipped"],
        4: ["unknown"],
        5: ["not_paid"],
        6: [],
        7: ["too_many"],
        8: ["no_line"],
        9: ["taken"],
        10: ["carrier"],
        11: ["twice"],
        12: ["damaged"],
        13: ["damaged"],
        14: ["invalid", "invalid"],
    }
    before = len(emulator.ledger())
    apply(client, job)
    run()
    assert [row["order_id"] for row in emulator.ledger()[before:]] == [good["id"], parts["id"]]
    assert [row[0] for row in table(client, job)] == ["2", "6"]
    assert len(table(client, job, "bad")) == 11


def test_doubts_are_overruled_row_by_row_by_whoever_looked(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    orders = [paid(emulator) for _ in range(3)]
    index_everything(northwind)
    rows = [
        f"{orders[0]['public_id']},FedEx,{ups(1)}",
        f"{orders[1]['public_id']},,",
        f"{orders[2]['public_id']},,{ups(2)}",
    ]
    job = paste(client, *rows)
    assert marks(job) == {2: ["carrier"], 3: ["no_number"], 4: []}
    assert applying(client, job).startswith("1:")
    seen = applying(client, job)
    first = job.rows.get(place=2)
    client.post(f"{BASE}{job.pk}/confirm/", {"row": [first.pk, job.rows.get(place=4).pk]})
    assert applying(client, job).startswith("2:")
    for forged in ("", "²:1", "1:²", "-1:1", f"{seen}0"):
        client.post(f"{BASE}{job.pk}/apply/", {"applying": forged})
        assert Job.objects.get(pk=job.pk).state == "checked"
    answer = client.post(f"{BASE}{job.pk}/apply/", {"applying": seen}, follow=True)
    assert "Nothing was sent. It was applied already, or checked anew." in text(answer.content.decode())
    apply(client, job)
    run()
    assert states(job) == ["done", "bad", "done"]
    assert [bool(told(emulator, order)) for order in orders] == [True, False, True]


def test_rows_of_one_order_are_one_operation_with_a_parcel_for_each_number(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid(emulator, line("A", 2), line("B", 3), line("C", 1))
    index_everything(northwind)
    number = order["public_id"]
    head = "Order,Tracking,SKU,Line,Units"
    rows = [f"{number},{ups(1)},A,,2", f"{number},{ups(1)},B,,1", f"{number},{ups(2)},B,,2", f"{number},{ups(3)},,3,"]
    job = paste(client, *rows, head=head)
    assert applying(client, job).startswith("4:")
    apply(client, job)
    assert run() == 1
    lines = [one["id"] for one in order["line_items"]]
    assert [row["line_item_ids"] for row in told(emulator, order)] == [lines[:1], lines[1:2], lines[2:]]
    assert states(job) == ["done"] * 4
    assert Shipment.objects.count() == 3
    assert Operation.objects.values("plan_id").distinct().count() == 1


def test_part_of_a_line_is_written_down_without_telling_revkeen(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid(emulator, line("A", 5))
    index_everything(northwind)
    job = paste(client, f"{order['public_id']},{ups(1)},A,2", head="Order,Tracking,SKU,Units")
    apply(client, job)
    run()
    assert states(job) == ["done"]
    assert told(emulator, order) == []
    assert [item.quantity for item in Shipment.objects.get().items.all()] == [2]


def test_the_job_holds_the_orders_of_its_page_whatever_joins_the_list_later(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    """Count on the button = rows of the job = rows of the result file."""
    for order in emulator.orders("limit=100&status=paid"):
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    orders = [paid(emulator, line("JOINED")) for _ in range(4)]
    index_everything(northwind)
    form = client.get(f"{BASE}fulfill/?all=1&list=product%3DJOINED").content.decode()
    ids = re.findall('name="order" value="([^"]+)"', form)
    assert sorted(ids) == sorted(order["id"].replace("-", "") for order in orders)
    later = paid(emulator, line("JOINED"))
    index_everything(northwind)
    typed = {f"tracking-{one}": ups(place) for place, one in enumerate(ids)}
    answer = client.post(f"{BASE}fulfill/?all=1&list=product%3DOTHER", {"order": ids, "notify": "no", **typed})
    job = job_at(answer)
    emulator.patch("orders", orders[0]["id"], notes="Changed meanwhile", updated_at="2030-01-01T00:00:00Z")
    assert applying(client, job).startswith("4:")
    apply(client, job)
    run()
    assert len(table(client, job)) == 4 == job.rows.count()
    assert sorted(states(job)) == ["done"] * 3 + ["not_sent"]
    assert told(emulator, later) == told(emulator, orders[0]) == []
    again = job_at(client.post(f"{BASE}{job.pk}/retry/"))
    assert [row.order_id for row in again.rows.all()] == [job.rows.get(state="not_sent").order_id]
    assert job_at(client.post(f"{BASE}{job.pk}/retry/")) == again


def test_all_of_it_can_be_undone_before_its_first_call_and_stopped_afterwards(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    northwind.undo_seconds = 60
    northwind.save()
    orders = [paid(emulator) for _ in range(3)]
    index_everything(northwind)
    rows = [f"{order['public_id']},UPS,{ups(place)}" for place, order in enumerate(orders)]
    undone = paste(client, *rows)
    apply(client, undone)
    assert run() == 0
    assert "Undo all of it" in text(page(client, undone))
    client.post(f"{BASE}{undone.pk}/undo/")
    stopped = paste(client, *rows)
    apply(client, stopped)
    Job.objects.filter(pk=stopped.pk).update(starts_at=Now(), next_call_at=Now())
    claimed = work.claim()
    assert claimed is not None
    sending.send(claimed)
    client.post(f"{BASE}{stopped.pk}/stop/")
    assert run() == 0
    assert states(undone) == ["not_sent"] * 3
    assert states(stopped) == ["done", "not_sent", "not_sent"]
    assert [len(told(emulator, order)) for order in orders] == [1, 0, 0]
    client.post(f"{BASE}{undone.pk}/undo/")  # too late, and nothing comes of it
    undone.refresh_from_db()
    assert undone.state == "undone"


def test_what_is_not_applied_is_its_makers_and_a_job_of_others_is_not_there(
    client: Client, northwind: Merchant, kestrel: Merchant, emulator: Emulator
) -> None:
    order = paid(emulator)
    index_everything(northwind)
    job = paste(client, f"{order['public_id']},UPS,{ups(1)}")
    sent = {"applying": applying(client, job)}
    colleague = sign_in(make_person("second@northwind.example", northwind, "operations"))
    stranger = sign_in(make_person("ops@kestrel.example", kestrel, "operations"))
    support = sign_in(make_person("owen@northwind.example", northwind, "support"))
    assert colleague.get(f"{BASE}{job.pk}/").status_code == 200
    assert colleague.post(f"{BASE}{job.pk}/apply/", sent).status_code == 404
    assert stranger.get(f"{BASE}{job.pk}/").status_code == 404
    assert stranger.get(f"/kestrel/live/jobs/{job.pk}/").status_code == 404
    assert client.get(f"/northwind/test/jobs/{job.pk}/").status_code == 404
    assert support.get(f"{BASE}{job.pk}/").status_code == 403
    assert "Fulfill" not in text(support.get(BASE).content.decode()).partition("Begun")[2]
    job.refresh_from_db()
    assert job.state == "checked"


def test_a_list_with_a_broken_condition_selects_nothing(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    page_of = text(client.get(f"{BASE}fulfill/?all=1&list=total%3Dmany").content.decode())
    assert "A condition of the list is not understood, so nothing was selected." in page_of
    assert "No orders selected" in page_of


def test_an_order_on_hold_is_kept_out_and_one_held_later_is_not_sent(
    client: Client, northwind: Merchant, jonas: User, emulator: Emulator
) -> None:
    first, second = paid(emulator), paid(emulator)
    index_everything(northwind)
    holds.hold(northwind, "live", [uuid.UUID(first["id"])], Why("stock"), jonas)
    job = paste(client, f"{first['public_id']},UPS,{ups(1)}", f"{second['public_id']},UPS,{ups(2)}")
    assert marks(job) == {2: ["on_hold"], 3: []}
    apply(client, job)
    holds.hold(northwind, "live", [uuid.UUID(second["id"])], Why("fraud"), jonas)
    run()
    assert states(job) == ["bad", "not_sent"]
    assert told(emulator, first) == told(emulator, second) == []


def test_the_template_has_the_orders_of_a_list_and_can_be_read_in(
    client: Client, northwind: Merchant, emulator: Emulator
) -> None:
    orders = [paid(emulator) for _ in range(2)]
    index_everything(northwind)
    query = "&".join(f"tick={order['id']}" for order in orders)
    answer = client.get(f"{BASE}template.csv?{query}")
    table_of = b"".join(answer.streaming_content)
    sent = SimpleUploadedFile("parcels.csv", table_of, "text/csv")
    job = job_at(client.post(f"{BASE}import/", {"file": sent, "notify": "no"}))
    assert [(row.order_id, row.marks[0][0]) for row in job.rows.all()] == [
        (uuid.UUID(order["id"]), "no_number") for order in orders
    ]
