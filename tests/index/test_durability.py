"""Nobody waits until the index is on the disk; everything else is there before it is told."""

import pytest

from tests.support.processes import READY, Site

pytestmark = pytest.mark.database

# What the engine says of a commit: as usual, within, after that, after an error, within a transaction, and on the
# connection that comes after one that did not go back.
SCRIPT = (
    READY
    + """
import contextlib, json
from django.db import connection, transaction
from orders.services.index import durability
ASKED = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[connection.vendor]
said = []
def say():
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        said.append(str(cursor.fetchone()[0]))
say()
with durability.on_disk_later():
    say()
say()
with contextlib.suppress(KeyError), durability.on_disk_later():
    raise KeyError
say()
with transaction.atomic(), durability.on_disk_later():
    say()
usual, durability.AS_USUAL = durability.AS_USUAL, {connection.vendor: "no words of SQL"}
with contextlib.suppress(Exception), durability.on_disk_later():
    pass
durability.AS_USUAL = usual
say()
print(json.dumps([connection.vendor, *said]))
"""
)
WAITS = {"sqlite": "2", "postgresql": "on"}  # FULL
DOES_NOT = {"sqlite": "1", "postgresql": "off"}  # NORMAL


def test_only_what_is_written_within_does_not_wait_for_the_disk(site: Site) -> None:
    vendor, *said = site.run(SCRIPT)
    usual, within = WAITS[vendor], DOES_NOT[vendor]
    assert said == [usual, within, usual, usual, usual, usual]
