"""A list of orders, from whoever can answer: RevKeen, live, or the index, which says as of when it is."""

import hashlib
import time
import uuid
from array import array
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db.models import Q

from orders.apis.errors import ApiError, InDoubt, NotSent
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Listing, Order
from orders.models import OrderCopy
from orders.services.index import adding_up, clock, copies, finding, order_list, writing
from orders.services.index.adding_up import Added
from orders.services.index.order_filters import Place
from orders.services.index.order_list import NEWEST_FIRST, Counts
from orders.services.orders import reading
from orders.services.revkeen import session
from orders.services.revkeen.session import Reading

MOST_FOUND = 2_000  # orders with the text that is looked for, the newest
KEPT_SECONDS = 10
MOST_ADDED = order_list.COUNTED  # orders that are added up together
COUNTING_SECONDS = 0.25  # for all views together


@dataclass(frozen=True)
class Wanted:
    """Which orders, sorted how, and after or before which one the page stands.

    `of_revkeen`: the parameters for `reads.orders`, where its list can answer; None where it cannot.
    """

    place: Place
    beside_tab: Q
    of_revkeen: dict[str, Any] | None
    tab: str = ""  # the status whose tab is open, which narrows down what stands beside it
    text: str = ""
    sort: str = NEWEST_FIRST
    after: uuid.UUID | None = None
    before: uuid.UUID | None = None
    counted_as: str = ""  # the conditions but for the tab: what the counts are kept under

    @property
    def question(self) -> Q:
        return self.beside_tab & (Q(status=self.tab) if self.tab else Q())


@dataclass(frozen=True)
class Found:
    """A page. `ahead`, `more`: whether there are rows before and after it. `counts`: None until all were imported."""

    listing: Reading[Listing[Order]]
    counts: Counts | None
    ahead: bool = False
    more: bool = False
    from_index: bool = False
    cut: bool = False  # more orders have the text than were looked at

    @property
    def first(self) -> uuid.UUID | None:
        return next(iter(_ids(self.listing.value)), None)

    @property
    def last(self) -> uuid.UUID | None:
        return next(reversed(_ids(self.listing.value)), None)


def find(wanted: Wanted) -> Found:
    """The page that is asked for; while RevKeen does not answer, its last copy or the index, whichever is later."""
    if wanted.of_revkeen is None:
        return _of_index(wanted)
    with session.session(wanted.place.merchant, wanted.place.mode) as api:
        listing = reading.list_orders(api, wanted.of_revkeen)
    return _of_index(wanted, listing.error) if _is_behind_index(wanted, listing) else _live(wanted, listing)


def all_keys(wanted: Wanted, most: int) -> tuple["array[int]", bool]:
    """The keys of all copies in the list, in its order, `most` at most; and whether more have the text looked for."""
    with_text, cut = _with_text(wanted)
    return order_list.keys(wanted.place, wanted.question & with_text, wanted.sort, most), cut


def neighbor(wanted: Wanted) -> uuid.UUID | None:
    """The order that follows on the one `wanted.after`, or comes before `wanted.before`. Raise `ApiError`.

    None at the end of the list, and where nobody knows that order.
    """
    if wanted.of_revkeen is not None:
        with session.session(wanted.place.merchant, wanted.place.mode) as api:
            listing = api.get(reads.orders(limit=1, **wanted.of_revkeen))
        if not _is_behind_index(wanted, listing):
            return next(iter(_ids(listing.require())), None)
    beside = wanted.after or wanted.before
    if beside is None or not _is_known(wanted.place, beside):
        return None
    with_text, _ = _with_text(wanted)
    question = wanted.question & with_text
    page = order_list.page(wanted.place, question, wanted.sort, wanted.after, wanted.before, size=1)
    return next((copy.order_id for copy in page.rows), None)


def _is_known(place: Place, order_id: uuid.UUID) -> bool:
    """Whether the index has the order, which says where it stands in a list. One that it lacks is read for it first."""
    copies_of_it = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, order_id=order_id)
    if copies_of_it.exists():
        return True
    read_started = clock.now()
    with session.session(place.merchant, place.mode) as api:
        reading = api.get(reads.order(order_id))
    if reading.value is not None and not reading.stale:
        writing.apply(place.merchant, place.mode, [reading.value], read_started)
    return copies_of_it.exists()


def _is_behind_index(wanted: Wanted, listing: Reading[Listing[Order]]) -> bool:
    """RevKeen did not answer, and left no copy of this page or one that is older than the index."""
    if not isinstance(listing.error, NotSent | InDoubt):
        return False
    as_of = wanted.place.as_of
    return as_of is not None and (listing.value is None or listing.as_of < as_of)


def _live(wanted: Wanted, listing: Reading[Listing[Order]]) -> Found:
    has_more = listing.value is not None and listing.value.has_more
    some, back = bool(_ids(listing.value)), wanted.before is not None
    ahead = some and (wanted.after is not None or (back and has_more))
    more = some and (has_more or back)
    return Found(listing, _kept_counts(wanted), ahead, more)


def _ids(listing: Listing[Order] | None) -> list[uuid.UUID]:
    """Of all rows in their order, also those that could not be read, as far as they say one."""
    return [row_id for row in listing or () if (row_id := _uuid(row.id))]


def _uuid(said: uuid.UUID | str) -> uuid.UUID | None:
    if isinstance(said, uuid.UUID):
        return said
    try:
        return uuid.UUID(said)
    except ValueError:
        return None


def _of_index(wanted: Wanted, error: ApiError | None = None) -> Found:
    place, (with_text, cut) = wanted.place, _with_text(wanted)
    as_of = place.as_of
    beside_tab = wanted.beside_tab & with_text
    known = order_list.look_up(place, beside_tab) if beside_tab else None
    page = order_list.page(
        place,
        wanted.question & with_text,
        wanted.sort,
        wanted.after,
        wanted.before,
        known=known.of(wanted.tab) if known else None,
    )
    counts = None
    if as_of is not None:
        counts = known.counts if known else order_list.count(place, beside_tab)
    listing = Reading(as_of or place.now, copies.listing(page.keys, has_more=page.more), error)
    return Found(listing, counts, page.ahead, page.more, from_index=True, cut=cut)


def _with_text(wanted: Wanted) -> tuple[Q, bool]:
    """Which copies have the text that is looked for, and whether there are more of them."""
    if not wanted.text:
        return Q(), False
    hits = finding.find_ids(wanted.place.merchant, wanted.place.mode, wanted.text, MOST_FOUND + 1)
    return Q(pk__in=[hit.key for hit in hits[:MOST_FOUND]]), len(hits) > MOST_FOUND


def added_up(wanted: Wanted) -> list[Added]:
    """What all orders of the list come to, on whatever page they are, as the index has them."""
    return adding_up.of_all(wanted.place, wanted.question & _with_text(wanted)[0])


def counts_of_each(lists: list[Wanted]) -> list[Counts | None]:
    """How many orders each list has, one after another until `COUNTING_SECONDS` are over.

    None for those that are left then, and for all until the import ended. What was counted is kept for some seconds,
    so that the next time goes on from there.
    """
    until = time.monotonic() + COUNTING_SECONDS
    return [_kept_counts(wanted, count=time.monotonic() < until) for wanted in lists]


def _kept_counts(wanted: Wanted, *, count: bool = True) -> Counts | None:
    """As they were at most some seconds ago, so that a live page costs no query for them. `count`: if none are kept."""
    asked = repr((wanted.place.merchant.pk, wanted.place.mode, wanted.counted_as)).encode()
    key = f"order-counts:{hashlib.blake2b(asked, digest_size=16).hexdigest()}"
    if not count:
        kept: Counts | None = caches["process"].get(key)
        return kept
    counts: Counts | None = caches["process"].get_or_set(key, lambda: _counts(wanted), KEPT_SECONDS)
    return counts


def _counts(wanted: Wanted) -> Counts | None:
    as_of = wanted.place.as_of
    return order_list.count(wanted.place, wanted.beside_tab & _with_text(wanted)[0]) if as_of else None
