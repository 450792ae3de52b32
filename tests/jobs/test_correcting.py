"""Going back to the rows of a check with what was typed: corrected they are checked anew, and nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Job, Merchant
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.many import BASE, apply, line, marks, page, paid, paste, run, states, told, ups
from tests.support.pages import text


@pytest.fixture
def orders(northwind: Merchant, emulator: Emulator) -> list[dict[str, Any]]:
    found = [paid(emulator, line("ROPE", 2)) for _ in range(3)]
    index_everything(northwind)
    return found


@pytest.fixture
def job(operations: Client, orders: list[dict[str, Any]]) -> Job:
    """Its second row names an order that nobody knows, its third more units than there are."""
    first, _, third = (order["public_id"] for order in orders)
    rows = (f"{first},{ups(1)},,", f"NW-404,{ups(2)},,", f"{third},{ups(3)},ROPE,9")
    return paste(operations, *rows, head="Order,Tracking number,SKU,Units")


def where(job: Job) -> str:
    return f"{BASE}{job.pk}/correct/"


def typed(place: int, **cells: str) -> dict[str, str]:
    names = ("order", "carrier", "tracking", "sku", "line", "units", "notify")
    return {f"{name}-{place}": cells.get(name, "") for name in names}


def test_rows_that_the_check_keeps_out_are_corrected_and_sent(
    operations: Client, job: Job, orders: list[dict[str, Any]], emulator: Emulator
) -> None:
    assert marks(job) == {2: [], 3: ["unknown"], 4: ["too_many"]}
    assert f'href="{where(job)}"' in page(operations, job)
    shown = operations.get(where(job)).content.decode()
    assert 'value="NW-404"' in shown
    assert "9 units of “ROPE”, and 2 left." in shown
    assert orders[0]["public_id"] not in shown  # it is right
    sent = {"row": ["3", "4"]} | typed(3, order=orders[1]["public_id"], tracking=ups(2))
    sent |= typed(4, order=orders[2]["public_id"], tracking=ups(3), sku="ROPE", units="2")
    assert operations.post(where(job), sent).status_code == 303
    assert marks(job) == {2: [], 3: [], 4: []}
    assert "2 rows corrected, and all checked anew." in text(page(operations, job))
    apply(operations, job)
    run()
    assert states(job) == ["done"] * 3
    assert [len(told(emulator, order)) for order in orders] == [1, 1, 1]


def test_a_doubt_that_was_overruled_stands_only_while_the_row_says_the_same(
    operations: Client, job: Job, orders: list[dict[str, Any]]
) -> None:
    job.rows.filter(place=2).update(sure=True)
    same = typed(2, order=orders[0]["public_id"], tracking=ups(1))
    operations.post(where(job), {"row": ["2"]} | same)
    assert job.rows.get(place=2).sure
    operations.post(where(job), {"row": ["2"]} | same | {"tracking-2": ups(7)})
    row = job.rows.get(place=2)
    assert (row.sure, row.typed["tracking"]) == (False, ups(7))


def test_what_was_typed_is_there_again_where_the_job_was_applied_meanwhile(
    operations: Client, job: Job, orders: list[dict[str, Any]]
) -> None:
    apply(operations, job)
    answer = operations.post(where(job), {"row": ["3"]} | typed(3, order=orders[1]["public_id"], tracking=ups(2)))
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert f'value="{orders[1]["public_id"]}"' in shown
    assert "It was applied already." in shown
    assert job.rows.get(place=3).typed["order"] == "NW-404"
    assert where(job) not in page(operations, job)


def test_any_row_of_a_check_can_be_corrected_and_rows_of_no_job_are_no_error(
    operations: Client, job: Job, orders: list[dict[str, Any]]
) -> None:
    shown = operations.get(f"{where(job)}?show=ready").content.decode()
    assert orders[0]["public_id"] in shown
    assert "NW-404" not in shown
    assert operations.post(where(job), {"row": ["77", "x", "9" * 30]}).status_code == 303
    assert marks(job) == {2: [], 3: ["unknown"], 4: ["too_many"]}
