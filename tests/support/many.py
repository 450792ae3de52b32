"""Jobs: their pages as a browser sends them, and a worker's rounds."""

import csv
import io
import re
import uuid
from typing import Any

from django.db.models.functions import Now
from django.test import Client

from chaos.shop import ups
from orders.models import Job, JobRow
from orders.services.jobs import sending, work
from tests.support.emulation import Emulator

__all__ = ["ups"]

BASE = "/northwind/live/jobs/"


def paid(emulator: Emulator, *lines: dict[str, Any], **body: Any) -> dict[str, Any]:
    """A paid order with these lines; one of two units without any."""
    items = [{"unit_price": 1000, **line} for line in lines] or [
        {"description": "Tent", "unit_price": 1000, "quantity": 2}
    ]
    made = emulator.make_order(line_items=items, **body)
    return emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})


def line(sku: str, quantity: int = 1) -> dict[str, Any]:
    return {"description": f"Thing {sku}", "quantity": quantity, "metadata": {"sku": sku}}


def paste(client: Client, *rows: str, head: str = "Order,Carrier,Tracking number", **more: Any) -> Job:
    """Read the table in; the job that its check gives."""
    answer = client.post(f"{BASE}import/", {"text": "\n".join([head, *rows]), "notify": "no", **more})
    return job_at(answer)


def job_at(answer: Any) -> Job:
    assert answer.status_code == 303, answer.content.decode()
    return Job.objects.get(pk=answer["Location"].rstrip("/").rpartition("/")[2])


def marks(job: Job) -> dict[int, list[str]]:
    """Row → the codes that the check gave it."""
    return {row.place: [code for code, _ in row.marks] for row in job.rows.all()}


def page(client: Client, job: Job, query: str = "") -> str:
    return str(client.get(f"{BASE}{job.pk}/{query}").content.decode())


def applying(client: Client, job: Job) -> str:
    """What the button names."""
    found = re.search('name="applying" value="([^"]+)"', page(client, job))
    return found[1] if found else ""


def apply(client: Client, job: Job) -> Any:
    return client.post(f"{BASE}{job.pk}/apply/", {"applying": applying(client, job)})


def run() -> int:
    """A worker's rounds until no row is due, however fast; how many orders that were."""
    rounds = 0
    while True:
        Job.objects.update(next_call_at=Now())
        claimed = work.claim()
        if claimed is None:
            return rounds
        sending.send(claimed)
        rounds += 1


def states(job: Job) -> list[str]:
    return list(JobRow.objects.filter(job=job).order_by("place").values_list("state", flat=True))


def table(client: Client, job: Job, which: str = "results") -> list[list[str]]:
    """The rows of the file, without its head."""
    answer = client.get(f"{BASE}{job.pk}/{which}.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def told(emulator: Emulator, order: dict[str, Any]) -> list[dict[str, Any]]:
    """What RevKeen’s ledger has of fulfillments of the order."""
    of_revkeen = [row for row in emulator.ledger() if row.get("provider", "revkeen") == "revkeen"]
    return [row for row in of_revkeen if row["effect"] == "fulfillment" and row["order_id"] == order["id"]]
