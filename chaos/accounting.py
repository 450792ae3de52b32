"""The accounting feed while whoever makes its files is killed: each payment and each refund in exactly one of them."""

import time
from dataclasses import dataclass
from pathlib import Path

from chaos.dashboard import SETTINGS
from tests.support.processes import READY, Site

# Two at a time make files, as two people who press at once, while more money is told of; both are killed in the middle.
# What is told of later may have moved earlier, and what is pending moves later: neither may be passed over.
KILLED = (
    "import json, os, random, signal, sys, time, uuid\nfrom datetime import timedelta\n"
    + READY
    + """
from django.db import connection
from django.utils import timezone
from orders.models import AccountingFile, AccountingRow, Merchant, RefundCopy, TransactionCopy, User
from orders.services.exports import accounting
kills, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
accounting.AT_ONCE = 5
merchant = Merchant.objects.create(slug="northwind", name="Northwind")
user = User.objects.create(email="finance@example.com", name="Finance")
now, place = timezone.now(), {"merchant": merchant, "mode": "live", "currency": "EUR", "read_started": timezone.now()}

def tell(count):
    for _ in range(count):
        moment = now - timedelta(seconds=rng.randrange(10**6))
        moved = {**place, "amount": rng.randrange(1, 10**6), "created_at": moment, "moved_at": moment}
        flow = rng.choice(["in", "in", "out", "other", "pending", "failed"])
        TransactionCopy.objects.create(transaction_id=uuid.uuid4(), flow=flow, type="payment", **moved)
        RefundCopy.objects.create(refund_id=uuid.uuid4(), status=rng.choice(["succeeded", "pending"]), **moved)
    waiting = TransactionCopy.objects.filter(flow="pending").first()
    TransactionCopy.objects.filter(pk=waiting.pk if waiting else None).update(flow="in")

def make_until_killed():
    while True:
        accounting.make(merchant, "live", user)
        time.sleep(0.001)

def begin():
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # its sockets would be those of all
    child = os.fork()
    if child == 0:
        make_until_killed()
    return child

def end(child):
    os.kill(child, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(child, 0)[1])

killed = 0
while killed < kills:
    children = [begin(), begin()]
    tell(rng.randrange(1, 12))
    for child in children:
        time.sleep(rng.uniform(0, 0.03))
        killed += end(child) == signal.SIGKILL
by_kills = AccountingFile.objects.count()
while accounting.make(merchant, "live", user):
    pass
moved = TransactionCopy.objects.exclude(flow__in=["pending", "failed"])
wanted = {("transaction", str(copy.transaction_id)) for copy in moved}
wanted |= {("refund", str(copy.refund_id)) for copy in RefundCopy.objects.exclude(status="pending")}
found = [(row.kind, str(row.source_id)) for row in AccountingRow.objects.all()]
files = list(AccountingFile.objects.order_by("number"))
broken = [file.number for file in files if AccountingRow.objects.filter(file=file).count() != file.rows]
if [file.number for file in files] != list(range(1, len(files) + 1)):
    broken.append(0)
missing, twice = len(wanted - set(found)), len(found) - len(set(found))
print(json.dumps([killed, by_kills, len(files), len(wanted), missing, twice, broken]))
"""
)


@dataclass(frozen=True)
class Run:
    """`broken`: files that have not the rows they say, and 0 where their numbers have a gap."""

    killed: int
    by_kills: int  # files that were made between the kills
    files: int
    rows: int  # payments and refunds that have to be in one
    missing: int
    twice: int
    broken: list[int]
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.missing or self.twice or self.broken) and self.by_kills > 0


def run(folder: Path, kills: int, *, server: str = "", seed: int = 1) -> Run:
    started = time.monotonic()
    site = Site(folder, server, **SETTINGS)
    try:
        found = site.run(KILLED, str(kills), str(seed), timeout=600)
    finally:
        site.drop()
    return Run(*found, time.monotonic() - started)
