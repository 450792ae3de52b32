"""One partner update on its way to its partner: what is known of the calls before, the call at hand, and what comes
of it.

What a partner wants to hear, and what may be repeated, is the matter of services/partners/digital_river.py and
services/partners/order_protection.py; here is what holds for both.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orders.apis.calls import Exchange
from orders.apis.errors import ApiError, InDoubt, KeyRefused, NotSent, RateLimited, Refused, ScopeMissing
from orders.models import Connection, PartnerUpdate, PartnerUpdateAttempt, Shipment
from orders.services.index import findings
from orders.services.partners.outbox import take_to_send
from orders.storable import storable

log = structlog.get_logger("orders.partner_updates")
State, What = PartnerUpdate.State, PartnerUpdateAttempt.What
T = TypeVar("T")

OVER = (500, 503)  # the server itself gave up the call; a 502, 504 or silence says nothing of one that may go on
MOST_FAILURES = 30_000  # what the column holds


class HasExchange(Protocol):
    @property
    def last_exchange(self) -> Exchange | None: ...


C = TypeVar("C", bound=HasExchange)


class Lost(Exception):
    """The partner update is not ours any more, or too little of its lease is left: nothing was sent, and others go
    on.
    """


@dataclass(frozen=True)
class Sent:
    """The partner has the shipment as it was in this version."""

    version: int
    remote_id: str = ""
    message: str = ""
    tracking_refused: bool = False


@dataclass(frozen=True)
class NeedsPerson:
    """`closed`: the lines for which it was refused, by RevKeen's ids, where its other lines would be taken."""

    code: str
    message: str
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Again:
    """It is tried again, after `wait` seconds at least; `counted` unless it was no failure."""

    code: str
    message: str
    wait: float = 0
    counted: bool = True


Outcome = Sent | NeedsPerson | Again


@dataclass(frozen=True)
class Doubt:
    """What is not known of the calls so far: see the model."""

    doubtful: bool
    answered: bool
    by_hand: bool


@dataclass
class Sending(Generic[C]):
    """A claimed partner update, the key it goes out with, and the exchanges that have been."""

    partner_update: PartnerUpdate
    connection: Connection
    client: C
    pause: float = 0  # seconds after a call in doubt, before which the partner is not read
    history: list[PartnerUpdateAttempt] = field(default_factory=list)
    answered: bool = False
    trouble: ApiError | None = None  # with the key or with the way there

    def __post_init__(self) -> None:
        self.doubt = Doubt(self.partner_update.doubtful, self.partner_update.answered, self.partner_update.by_hand)

    @property
    def shipment(self) -> Shipment:
        return self.partner_update.shipment

    @property
    def to_look_first(self) -> bool:
        return self.doubt.doubtful or self.doubt.by_hand

    @property
    def still_too_early(self) -> float:
        """Seconds until a call in doubt must have ended; 0 when it has."""
        if not self.doubt.doubtful or self.partner_update.last_sent_at is None:
            return 0
        now: datetime = self.partner_update.now  # type: ignore[attr-defined]
        return max(0.0, self.pause - (now - self.partner_update.last_sent_at).total_seconds())

    def look(self, read: Callable[[], T]) -> T:
        """Read something there. Raise `ApiError`; nothing that was in doubt is less so for it."""
        return self._exchange(What.LOOK, None, read)

    def call(self, what: PartnerUpdateAttempt.What, body: dict[str, Any], make: Callable[[], T]) -> T:
        """Change something there. Raise `ApiError` or `Lost`.

        A call that did not arrive or was refused leaves the doubt about those before it as it was. The partner is read
        before the next one all the same where there was an answer: that may not have been the partner's.
        """
        before = self.doubt
        if not take_to_send(self.partner_update, self.connection):
            raise Lost
        self.doubt = Doubt(doubtful=True, answered=False, by_hand=False)
        try:
            return self._exchange(what, body, make)
        except (NotSent, Refused) as error:
            answered = isinstance(error, Refused) or (isinstance(error, RateLimited) and error.answered)
            self.doubt = replace(before, by_hand=before.by_hand or (answered and not before.doubtful))
            raise
        except InDoubt as error:
            over = error.status in OVER and (before.answered or not before.doubtful)
            self.doubt = replace(self.doubt, answered=over)
            raise

    def _exchange(self, what: PartnerUpdateAttempt.What, body: dict[str, Any] | None, make: Callable[[], T]) -> T:
        try:
            result = make()
        except ApiError as error:
            self._note(what, body, error)
            raise
        self._note(what, body)
        return result

    def _note(
        self, what: PartnerUpdateAttempt.What, body: dict[str, Any] | None, error: ApiError | None = None
    ) -> None:
        said = self.client.last_exchange or Exchange("", "")
        self.answered = self.answered or error is None
        if isinstance(error, NotSent | InDoubt | KeyRefused | ScopeMissing):
            self.trouble = error
        self.history.append(
            PartnerUpdateAttempt(
                partner_update=self.partner_update,
                at=timezone.now(),
                what=what,
                version=self.shipment.version,
                body=storable(body),
                status=said.status or None,
                code=code_of(error)[:100] if error else "",
                message=storable(str(error))[:500] if error else "",
                answer=storable(said.excerpt)[:2000],
                request_id=said.request_id[:200],
            )
        )


def code_of(error: ApiError) -> str:
    if isinstance(error, RateLimited):
        return "rate_limited"
    if isinstance(error, NotSent):
        return "no_connection"
    return (error.code or f"http_{error.status}") if isinstance(error, Refused) else "no_answer"


def outcome_of(error: ApiError) -> Outcome:
    """A better key heals a 401 or 403, time heals what is not there; any other refusal is a person's to look at."""
    if isinstance(error, Refused) and not isinstance(error, KeyRefused | ScopeMissing):
        return NeedsPerson(code_of(error), str(error))
    return Again(code_of(error), str(error), wait=error.wait if isinstance(error, RateLimited) else 0)


def finish(sending: Sending[Any], outcome: Outcome) -> None:
    """Write down what came of it, unless another has taken it over since: then only what was said."""
    with transaction.atomic():
        ours = PartnerUpdate.objects.filter(
            pk=sending.partner_update.pk, state=State.SENDING, attempts=sending.partner_update.attempts
        ).select_for_update()  # who corrects the shipment waits for us, or we for them
        taken = ours.first()
        PartnerUpdateAttempt.objects.bulk_create(sending.history)
        if taken is not None:
            outcome = _written(sending, outcome)
            # Digital River captures what it takes; what is decided may leave what is there unaccounted for.
            findings.again(taken.merchant, taken.mode, [taken.order_id])
    said = type(outcome).__name__
    log.info(
        "tried a partner update",
        partner_update=sending.partner_update.pk,
        destination=sending.partner_update.destination,
        outcome=said,
    )


def _written(sending: Sending[Any], outcome: Outcome) -> Outcome:
    """What was written down: a fulfillment that another shipment has already is not this one's."""
    ours = PartnerUpdate.objects.filter(pk=sending.partner_update.pk)
    try:
        with transaction.atomic():
            ours.update(**_facts(sending, outcome))
    except IntegrityError:
        outcome = NeedsPerson("taken", "The partner’s answer names what it has made of another shipment.")
        sending.doubt = Doubt(doubtful=True, answered=True, by_hand=False)
        ours.update(**_facts(sending, outcome))
    return outcome


def postpone(partner_update: PartnerUpdate, outcome: Again) -> None:
    """Nothing could be tried: there is no key to send it with, or the partner asked us to wait."""
    ours = PartnerUpdate.objects.filter(pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts)
    state = State.IN_DOUBT if partner_update.doubtful else State.WAITING
    told = {"status": None, "request_id": "", "code": outcome.code, "message": outcome.message[:500]}
    ours.update(state=state, next_try_at=Now() + timedelta(seconds=outcome.wait), **told)


def _facts(sending: Sending[Any], outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Sent):
        return {**_last_said(sending), **_sent(sending, outcome)}
    doubt = sending.doubt
    kept = {"doubtful": doubt.doubtful, "answered": doubt.answered, "by_hand": doubt.by_hand}
    told = {"code": outcome.code[:100], "message": storable(outcome.message)[:500]}
    if isinstance(outcome, NeedsPerson):
        return {**_why(sending), **kept, **told, "state": State.FAILED, "closed_there": list(outcome.closed)}
    return {**_last_said(sending), **kept, **told, **_again(sending, outcome)}


def _sent(sending: Sending[Any], outcome: Sent) -> dict[str, Any]:
    """A shipment that was corrected meanwhile is due again at once."""
    version = Shipment.objects.values_list("version", flat=True).get(pk=sending.partner_update.shipment_id)
    facts: dict[str, Any] = {
        "state": State.SENT if version == outcome.version else State.WAITING,
        "next_try_at": Now(),
        "sent_version": outcome.version,
        "sent_at": Now(),
        "tracking_refused": outcome.tracking_refused,
        "failures": 0,
        "closed_there": [],
        "code": "",
        "message": outcome.message[:500],
    }
    nothing_in_doubt = {"doubtful": False, "answered": False, "by_hand": False}
    return {**facts, **nothing_in_doubt, **({"remote_id": outcome.remote_id[:200]} if outcome.remote_id else {})}


def _again(sending: Sending[Any], outcome: Again) -> dict[str, Any]:
    failures = min(sending.partner_update.failures + outcome.counted, MOST_FAILURES)
    if failures >= settings.PARTNER_UPDATE_ATTEMPTS:
        message = f"It failed {failures} times in a row, last so: {outcome.message}"
        return {"state": State.FAILED, "failures": failures, "code": "gave_up", "message": storable(message)[:500]}
    pause = sending.pause if sending.doubt.doubtful and _just_sent(sending) else 0
    wait = max(backoff(failures) if outcome.counted else 0, outcome.wait, pause)
    return {
        "state": State.IN_DOUBT if sending.doubt.doubtful else State.WAITING,
        "failures": failures,
        "next_try_at": Now() + timedelta(seconds=wait),
    }


def backoff(failures: int) -> float:
    """Seconds: twice as many after each failure, up to a bound; by chance up to half of it less, but for the first."""
    first, longest = settings.PARTNER_UPDATE_FIRST_WAIT, settings.PARTNER_UPDATE_LONGEST_WAIT
    most: float = min(longest, first * 2.0 ** min(failures, 30))
    return random.uniform(max(first, most / 2), most)  # noqa: S311  (spreads calls, hides nothing)


def _just_sent(sending: Sending[Any]) -> bool:
    return any(row.what != What.LOOK for row in sending.history)


def _why(sending: Sending[Any]) -> dict[str, Any]:
    """The answer that a person has to look at: a no, and not the look that followed it."""
    refused = [row for row in sending.history if row.code]
    return {"status": refused[-1].status, "request_id": refused[-1].request_id} if refused else _last_said(sending)


def _last_said(sending: Sending[Any]) -> dict[str, Any]:
    last = sending.history[-1] if sending.history else None
    return {"status": last.status, "request_id": last.request_id} if last else {}
