"""Nobody waits until the index is on the disk; everything else is there before it is told."""

import pytest

from tests.support.processes import READY, Site

pytestmark = pytest.mark.database

# What the engine says of a commit: as usual; in a transaction of the index, and in another, where nobody waits; after
# that; after an error; within a transaction; and on the connection that comes after one that did not go back.
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
    with durability.atomic():
        say()
    with transaction.atomic():
        say()
say()
with contextlib.suppress(KeyError), durability.on_disk_later(), durability.atomic():
    raise KeyError
say()
with transaction.atomic(), durability.on_disk_later(), durability.atomic():
    say()
usual, durability.AS_USUAL = durability.AS_USUAL, "no words of SQL"
with contextlib.suppress(Exception), durability.on_disk_later():
    pass
durability.AS_USUAL = usual
say()
print(json.dumps([connection.vendor, *said]))
"""
)
FULL, NORMAL = "2", "1"  # of SQLite
SAID = {
    "sqlite": [FULL, NORMAL, NORMAL, FULL, FULL, FULL, FULL],
    "postgresql": ["on", "off", "on", "on", "on", "on", "on"],
}


def test_only_what_is_written_within_does_not_wait_for_the_disk(site: Site) -> None:
    vendor, *said = site.run(SCRIPT)
    assert said == SAID[vendor]
