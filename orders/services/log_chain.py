"""The chain over event log and journal: links are added to it, its head is signed each day, and all of it is verified.

A link vouches for a row as it was when it was chained, seconds after it was written. Whoever changes or removes a row
later, triggers switched off, would have to write every later link anew, and the signed heads with them; those need a
key that is not in the database. A head is logged when it is signed: who keeps the logs elsewhere holds it against the
chain even where the keys have leaked.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from orders.kept_queries import kept
from orders.models import ChainHead, ChainLink, EventLog, Fact, Operation, Unchained
from orders.services.due import Asked, asked_often

log = structlog.get_logger("orders.log_chain")

FIRST = "0" * 64  # what stands for the link before the first
AT_ONCE = 500
Row = EventLog | Operation

ASKED = (
    "id merchant_id mode connection_id shown_key kind order_id order_number draft_id body seen summary fingerprint "
    "plan_id step later user_id who asked_in created_at"
).split()
OUTCOME = "state status code message param request_id result created_order_id ended_at decided_by_id reason".split()
# A column that is added later makes a new version: the links of before go on vouching for what they vouched for.
VERSION = 1
COLUMNS: dict[tuple[int, str], list[str]] = {
    (1, Fact.EVENT): "id at kind merchant_id mode user_id who text order_id request_id".split(),
    (1, Fact.ASKED): ASKED,
    (1, Fact.ENDED): ASKED + OUTCOME,
}


@dataclass(frozen=True)
class Fault:
    """What does not agree, at which place of the chain (0 for what has none)."""

    position: int
    text: str


def chain_new() -> int:
    """Give each fact that waits its link, in the order in which they were written; how many those were.

    Several workers may try at once: they wait for each other's rows, and no two links share a position.
    """
    with transaction.atomic():
        waiting = list(Unchained.objects.select_for_update().order_by("pk")[:AT_ONCE])
        if not waiting:
            return 0
        _add_links(waiting)
        Unchained.objects.filter(pk__in=[entry.pk for entry in waiting]).delete()
    return len(waiting)


def due() -> bool:
    """Whether a fact waits for its link, or the newest link for being signed."""
    return _some_unchained().now or _to_sign() is not None


@asked_often
def _some_unchained() -> Asked:
    return Asked(Unchained.objects.all())


def _add_links(waiting: list[Unchained]) -> None:
    last = ChainLink.objects.order_by("-position").first()
    position, link = (last.position, last.link) if last else (0, FIRST)
    rows = _rows(waiting)
    links = []
    for entry in waiting:
        row = rows.get((entry.fact, entry.row))
        digest = digest_of(row, entry.fact, VERSION) if row else ""  # gone already, which `faults` will say
        position, link = position + 1, _next_link(link, entry.fact, entry.row, digest)
        links.append(ChainLink(position, entry.fact, entry.row, VERSION, digest, link))
    ChainLink.objects.bulk_create(links)


def sign_head() -> ChainHead | None:
    """Sign the newest link if none was signed today (UTC) and there is a new one; None where nothing was signed."""
    newest, today = _to_sign(), _today()
    if newest is None:
        return None
    head, created = ChainHead.objects.get_or_create(
        day=today,
        defaults={
            "position": newest.position,
            "link": newest.link,
            "signature": _signatures(f"{today}:{newest.position}:{newest.link}")[0],
        },
    )
    if created:
        log.info("signed the head of the log chain", day=str(today), position=head.position, link=head.link)
    return head if created else None


def _to_sign() -> ChainLink | None:
    newest, signed = next(iter(_newest_link()), None), next(iter(_newest_head()), None)
    if newest is None or (signed and (signed.day >= _today() or signed.position >= newest.position)):
        return None
    return newest


@kept()
def _newest_link() -> "models.QuerySet[ChainLink]":
    return ChainLink.objects.order_by("-position")[:1]


@kept()
def _newest_head() -> "models.QuerySet[ChainHead]":
    return ChainHead.objects.order_by("-day")[:1]


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def faults(known_link: str = "") -> Iterator[Fault]:
    """Everything that does not agree: rows, links and heads; `known_link` is one that was noted elsewhere."""
    yield from _faults_of_links()
    yield from _facts_without_a_link()
    yield from _faults_of_heads()
    if known_link and not ChainLink.objects.filter(link=known_link).exists():
        yield Fault(0, f"No link of the chain is {known_link}: the chain was written anew after it was noted.")


def _faults_of_links() -> Iterator[Fault]:
    expected, link = 1, FIRST
    while links := list(ChainLink.objects.filter(position__gte=expected).order_by("position")[:AT_ONCE]):
        rows = _rows(links)
        for one in links:
            if one.position != expected:
                yield Fault(expected, f"The links from {expected} to {one.position - 1} are missing.")
            elif one.link != _next_link(link, one.fact, one.row, one.digest):
                yield Fault(one.position, "This link does not follow from the one before it.")
            yield from _faults_of_row(one, rows.get((one.fact, one.row)))
            expected, link = one.position + 1, one.link


def _faults_of_row(link: ChainLink, row: Row | None) -> Iterator[Fault]:
    name = f"{Fact(link.fact).label} {link.row}"
    if row is None:
        yield Fault(link.position, f"{name} has been removed.")
    elif digest_of(row, link.fact, link.version) != link.digest:
        yield Fault(link.position, f"{name} was changed after it was chained.")


def _facts_without_a_link() -> Iterator[Fault]:
    """What the triggers did not queue, or what was taken out of the queue."""
    ended = Operation.objects.exclude(state__in=Operation.OPEN)
    for fact, rows in ((Fact.EVENT, EventLog.objects), (Fact.ASKED, Operation.objects), (Fact.ENDED, ended)):
        for ids in _in_batches(rows.order_by("pk").values_list("pk", flat=True)):
            known = {*_rows_of(ChainLink, fact, ids), *_rows_of(Unchained, fact, ids)}
            yield from (Fault(0, f"{fact.label} {pk} is not in the chain.") for pk in ids if str(pk) not in known)


def _rows_of(model: type[ChainLink] | type[Unchained], fact: str, ids: list[Any]) -> Iterable[str]:
    return model._default_manager.filter(fact=fact, row__in=[str(pk) for pk in ids]).values_list("row", flat=True)


def _in_batches(ids: models.QuerySet[Any, Any]) -> Iterator[list[Any]]:
    batch = list(ids[:AT_ONCE])
    while batch:
        yield batch
        batch = list(ids.filter(pk__gt=batch[-1])[:AT_ONCE])


def _faults_of_heads() -> Iterator[Fault]:
    for head in ChainHead.objects.order_by("day"):
        if not _is_signed(head):
            yield Fault(head.position, f"The head of {head.day} is not signed with a key of FIELD_ENCRYPTION_KEYS.")
        elif not ChainLink.objects.filter(position=head.position, link=head.link).exists():
            yield Fault(head.position, f"The head signed on {head.day} is no longer in the chain.")


def _is_signed(head: ChainHead) -> bool:
    signatures = _signatures(f"{head.day}:{head.position}:{head.link}")
    return any(hmac.compare_digest(head.signature, signature) for signature in signatures)


def _signatures(text: str) -> list[str]:
    """With each of the keys, the first of which is the one to sign with: former ones still verify."""
    keys = [f"log-chain:{key}".encode() for key in settings.FIELD_ENCRYPTION_KEYS]
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in keys]


def _rows(facts: Iterable[Unchained | ChainLink]) -> dict[tuple[str, str], Row]:
    """The rows that these are about, where they are still there."""
    facts = list(facts)
    events = EventLog.objects.in_bulk([int(one.row) for one in facts if one.fact == Fact.EVENT])
    operations = Operation.objects.in_bulk([uuid.UUID(one.row) for one in facts if one.fact != Fact.EVENT])
    found: dict[str, Row] = {str(row.pk): row for row in events.values()}
    found |= {str(row.pk): row for row in operations.values()}
    return {(one.fact, one.row): found[one.row] for one in facts if one.row in found}


def digest_of(row: Row, fact: str, version: int) -> str:
    """The SHA-256 of the columns that a link of this version vouches for; the same on both engines."""
    values = {name: _plain(getattr(row, name)) for name in COLUMNS[version, fact]}
    return _sha256(json.dumps(values, sort_keys=True, separators=(",", ":")))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, uuid.UUID) else value


def _next_link(before: str, fact: str, row: str, digest: str) -> str:
    return _sha256(f"{before}:{fact}:{row}:{digest}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
