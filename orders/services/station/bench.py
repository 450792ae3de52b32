"""A person's place at the station: what lies there, who else has an order, and which scans were heard already.

Nothing is locked while RevKeen is asked. What is changed is written only over what was read (`version`), else
`Overtaken` is raised, and the whole is done anew: it was another tab of the same person, or somebody took the order.
"""

import time
import uuid
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from orders.models import Hold, Merchant, Packing, User
from orders.services.fulfillment import at_hand
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.handling import holds
from orders.services.handling.holds import Why
from orders.services.station import work
from orders.services.station.work import BAD, Said, Work
from orders.storable import storable

OTHERS_FIRST = 30 * 60  # seconds for which an order that was put back is opened after all others
MOST_HEARD = 100  # scans of which is known that they were heard
NOTHING: dict[str, Any] = {
    "order_id": None,
    "order_number": "",
    "taken_at": None,
    "form_token": "",
    "work": {},
}


class Overtaken(Exception):
    """Somebody changed the place meanwhile."""


class TakenByOther(Exception):
    def __init__(self, holder: Packing) -> None:
        super().__init__(f"{holder.user} packs {holder.order_number}.")
        self.holder = holder


def of(merchant: Merchant, mode: str, user: User) -> Packing:
    return Packing.objects.select_related("user", "batch").get_or_create(merchant=merchant, mode=mode, user=user)[0]


def put_back_lately(packing: Packing) -> dict[str, float]:
    """Orders that this person has put back here, and when: who puts one back wants another."""
    return {order_id: at for order_id, at in packing.put_back.items() if at > time.time() - OTHERS_FIRST}


def put_back(packing: Packing) -> dict[str, Any]:
    """The changes that put the order at hand back into the queue."""
    return {**NOTHING, "put_back": {**put_back_lately(packing), str(packing.order_id): time.time()}}


def said_before(packing: Packing, scan_id: str) -> bool:
    """Whether this very scan was heard: a page that got no answer sends it again."""
    return any(heard["id"] == scan_id for heard in packing.heard)


def told(packing: Packing, seen: str) -> str:
    """What somebody else did with the order at hand, as long as the page has not shown it; "" where nothing.

    `seen`: the id of the last scan whose answer the page showed.
    """
    ids = [heard["id"] for heard in packing.heard]
    since = packing.heard[ids.index(seen) + 1 :] if seen in ids else packing.heard
    return next((str(heard["words"]) for heard in since if heard.get("told")), "")


def put(packing: Packing, scan_id: str, text: str, said: Said, kept: Work | None, **changes: Any) -> None:
    """What came of a scan, and the work as it is now. Raise `Overtaken`, or `TakenByOther`."""
    heard = {"id": scan_id, "text": storable(text)[:100], **asdict(said)}
    changes |= {"heard": [*packing.heard, heard][-MOST_HEARD:], "seen_at": Now(), "version": F("version") + 1}
    if kept is not None:
        changes["work"] = work.kept(kept)
    here = Packing.objects.filter(pk=packing.pk, version=packing.version)
    try:
        with transaction.atomic():
            written = here.update(**changes)
    except IntegrityError as error:
        raise _taken(packing, changes["order_id"]) from error
    if not written:
        raise Overtaken
    packing.refresh_from_db()


def free(packing: Packing, order_id: uuid.UUID) -> None:
    """Nobody else has the order, or had it too long ago: then it is given back. Raise `TakenByOther`."""
    holder = at_hand.of_order(packing.merchant, packing.mode, order_id)
    if holder is not None and holder.pk != packing.pk:
        raise TakenByOther(holder)
    _take_from(packing, order_id, "was given back: nothing was scanned for it for 10 minutes.")


def take_over(packing: Packing, order_id: uuid.UUID) -> None:
    """From whoever has it, who is told."""
    _take_from(packing, order_id, f"was taken over by {packing.user}. Put it aside: nothing of it was sent from here.")


def hold(packing: Packing, kept: Work, shown: FulfillmentSnapshot) -> str:
    """Put the order on hold, because something of it cannot be found: what is missing is in the note."""
    assert packing.order_id is not None  # noqa: S101  (the caller has looked)
    missing = [
        f"{line.left - kept.units[line_id]} × {line.description}"
        for line_id, line in shown.lines.items()
        if kept.units and kept.units[line_id] < line.left
    ]
    why = Why(Hold.Reason.NOT_FOUND, ", ".join(missing)[:200])
    holds.hold(packing.merchant, packing.mode, [packing.order_id], why, packing.user)
    return why.note


def _take_from(packing: Packing, order_id: uuid.UUID, words: str) -> None:
    others = Packing.objects.filter(merchant=packing.merchant_id, mode=packing.mode, order_id=order_id)
    for other in others.exclude(pk=packing.pk):
        said = Said(BAD, f"{other.order_number} {words}")
        heard = {"id": str(uuid.uuid4()), "text": "", "told": True, **asdict(said)}
        Packing.objects.filter(pk=other.pk, version=other.version).update(
            **NOTHING, heard=[*other.heard, heard][-MOST_HEARD:], version=F("version") + 1
        )


def _taken(packing: Packing, order_id: uuid.UUID) -> Exception:
    holder = at_hand.of_order(packing.merchant, packing.mode, order_id)
    return TakenByOther(holder) if holder is not None else Overtaken()
