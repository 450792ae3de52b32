"""One change under a fault, watched: every page that is shown on the way, and five invariants that always hold.

I1  The ledger has the effect at most once for each operation, and exactly once where the journal says done.
I2  Once reconciled, journal and ledger agree; what is still open stands on a page and has a next look.
I3  No page says done when it is not, or that nothing happened when it may have.
I4  What was typed is still there after a refusal; while an outcome is open there is no button to do it again.
I5  The key is nowhere: log, page, journal. No traceback, and no page that takes longer than its deadlines.
"""

import io
import re
import time
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models.functions import Now
from django.test import Client

from chaos.books import NAMES, compare
from chaos.browser import Page
from chaos.shop import Open, Place, Shop
from orders.models import Operation
from orders.services.changes import reconcile
from orders.services.changes.leases import claim
from tests.support.actions import Action, press
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates

CANARY = "rk_live_CANARYq7Zx81mPw0aVb3Tn5Kd_9f2c"
PLACE = Place("northwind", "live")

DONE = ("Done: <bdi>", "Refunded: <bdi>")
OPEN = ("In doubt: ", "On its way: ", "Needs review: ", " is changing this order")
NOTHING = ("Nothing was sent", "RevKeen refused", "Not charged", "Nothing was charged", "Not refunded", "Not saved")
NOT_FOR_PEOPLE = ("Traceback", "msgspec", "httpx", "OperationalError", "alert(1)", "<h1>Bad Gateway")

State = Operation.State
RECONCILED_BY_MACHINES = (State.STARTED, State.IN_DOUBT)
ROUNDS = 12  # looks, after which a machine has reconciled what it may


class Tab:
    """A person's browser over Django's test client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._client.raise_request_exception = False

    def get(self, path: str) -> Page:
        return self._page(self._client.get(path))

    def post(self, path: str, sent: list[tuple[str, str]]) -> Page:
        form = "application/x-www-form-urlencoded"
        return self._page(self._client.generic("POST", path, urlencode(sent), content_type=form))

    def _page(self, answer: Any) -> Page:
        return Page(answer.status_code, answer.content.decode(), answer.headers.get("Location", ""))


class House:
    """A merchant with two people who may do everything, its account at the emulator, and what is logged."""

    def __init__(self, emulator: Emulator, tab: Tab, colleague: Tab, log: io.StringIO) -> None:
        self.emulator, self.tab, self.colleague, self.log = emulator, tab, colleague, log
        self.shop = Shop(emulator, PLACE)


class Case:
    """An order that allows the change, and its form, filled."""

    def __init__(self, house: House, action: Action) -> None:
        self.house, self.action = house, action
        self.subject = action.prepare(house.shop, house.tab)
        self.form = self.open()
        self.pages: list[Page] = []
        self.pressed: set[str] = set()  # the form tokens of forms that were sent
        self.known = {str(pk) for pk in Operation.objects.values_list("pk", flat=True)}
        house.emulator.forget_calls()

    def open(self, tab: Tab | None = None) -> Open:
        form = self.action.open(self.house.shop, tab or self.house.tab, self.subject)
        assert form is not None, words((tab or self.house.tab).get(self.action.path(PLACE, self.subject)))
        return form

    # What goes wrong

    def fail(self, kind: str, **fault: Any) -> None:
        """Let the change itself go wrong, and nothing else."""
        method, path = self.action.call
        self.house.emulator.fault(kind, path, method=method, key=CANARY, **fault)

    def fail_reads(self, kind: str, path: str = "", **fault: Any) -> None:
        self.house.emulator.fault(kind, path, method="GET", key=CANARY, **fault)

    # What a person does

    def press(self, form: Open | None = None, tab: Tab | None = None, within: float = 0.0) -> Page:
        """Send the form, and look at the page it leads to; `within` are seconds, else what the deadlines allow."""
        tab = tab or self.house.tab
        limit = within or 2 * settings.REVKEEN_READ_SECONDS + settings.REVKEEN_CHANGE_SECONDS + 0.5
        form = form or self.form
        form_token = dict(form.sent)["form_token"]
        known = {str(row.pk) for row in self.operations}
        before = 0 if form_token in self.pressed else len(self.effects())
        self.pressed.add(form_token)
        started = time.monotonic()
        answer = press(tab, form)
        taken = time.monotonic() - started
        assert taken <= limit, f"{taken:.2f} s"
        self.watch(answer, before)
        if answer.status != 303:
            self._assert_nothing_is_lost(answer)
            return answer
        page = tab.get(answer.location)
        assert page.status == 200, words(page)
        self.watch(page, 0 if any(key in answer.location for key in known) else before)
        return page

    def look(self) -> Page:
        """The form's page, anew."""
        page = self.house.tab.get(self.action.path(PLACE, self.subject))
        if page.status in (302, 303):  # a draft that is being created leads to its operation
            page = self.house.tab.get(page.location)
        self.watch(page)
        return page

    # What machines do

    def reconcile(self, rounds: int = ROUNDS) -> None:
        """As the worker does whenever something is due; the time until then is passed over."""
        for _ in range(rounds):
            if not Operation.objects.filter(state__in=RECONCILED_BY_MACHINES).exists():
                return
            self._work(*RECONCILED_BY_MACHINES)

    def look_again(self) -> None:
        """As the worker does every minute with what waits for a person."""
        self._work(State.NEEDS_REVIEW)

    def look_in_vain(self, looks: int) -> None:
        """As the worker does while RevKeen is down, in one process that remembers how it fared."""
        for _ in range(looks):
            self._work(*RECONCILED_BY_MACHINES, afresh=False)

    def _work(self, *states: str, afresh: bool = True) -> None:
        if afresh:
            forget_gates()
        waiting = Operation.objects.filter(state__in=states)
        waiting.update(next_try_at=Now(), lease_until=Now() - timedelta(seconds=1))
        while (operation := claim()) is not None:
            reconcile.reconcile(operation)

    def recover(self) -> None:
        """Nothing goes wrong any more, and what is unknown is reconciled."""
        self.house.emulator.clear_faults()
        self.reconcile()

    # What became of it

    @property
    def operations(self) -> list[Operation]:
        return list(Operation.objects.exclude(pk__in=self.known).order_by("created_at", "step"))

    @property
    def operation(self) -> Operation:
        assert len(self.operations) == 1, self.operations
        return self.operations[0]

    @property
    def state(self) -> str:
        return self.operation.state

    def effects(self) -> list[dict[str, Any]]:
        return self.action.effects(self.house.emulator.ledger(), {str(row.pk) for row in self.operations})

    def calls(self) -> list[dict[str, Any]]:
        """The calls of the change, the oldest first."""
        method, path = self.action.call
        made = [call for call in self.house.emulator.calls() if call["key"] == shown(CANARY)]
        return [call for call in made if call["method"] == method and re.search(path, call["path"])]

    def keys(self) -> set[str]:
        return {call["idempotency_key"] for call in self.calls()}

    # The invariants

    def watch(self, page: Page, before: int = 0) -> None:
        """Hold a page against the ledger of now: I3, and I5. `before` effects are of other forms than the page's."""
        self.pages.append(page)
        happened = len(self.effects()) - before
        assert not (says_done(page) and happened < 1), words(page)
        assert not (says_nothing(page) and happened), words(page)
        assert not [word for word in NOT_FOR_PEOPLE if word in page.text], words(page)
        assert CANARY not in page.text
        assert CANARY[:12] not in page.text

    def _assert_nothing_is_lost(self, answer: Page) -> None:
        assert answer.status < 500 or answer.status == 503, (answer.status, words(answer))
        missing = [typed for typed in self.action.kept if typed not in answer.text]
        assert not missing, (missing, answer.status, words(answer))

    def assert_open(self) -> None:
        """It may have happened, so there is no button to do it again, and the page says what is known: I4."""
        page = self.look()
        assert 'name="form_token"' not in page.text or "Needs review" in page.text, words(page)
        assert says_open(page), words(page)

    def assert_invariants(self, *states: str) -> None:
        """Once reconciled; `states` are those in which the operations have to be, where there is but one way."""
        found = [operation.state for operation in self.operations]
        assert not states or found == list(states), [(row.state, row.code, row.message) for row in self.operations]
        books = compare(_rows(self.operations), self._ledger_of_ours())
        assert not books.violations, books.violations  # I1, I2
        for operation in self.operations:
            if operation.open:
                self._assert_somebody_will_look(operation)
        if len(found) == 1:
            self.look()
        kept = str(list(Operation.objects.values()))
        assert CANARY not in kept
        for word in (CANARY, CANARY[:12]):
            assert word not in self.house.log.getvalue()

    def _ledger_of_ours(self) -> list[dict[str, Any]]:
        return [row for row in self.house.emulator.ledger() if row["idempotency_key"] not in self.known]

    def _assert_somebody_will_look(self, operation: Operation) -> None:
        assert operation.state == State.NEEDS_REVIEW
        assert operation.next_try_at is not None
        waiting = self.house.tab.get(PLACE.path("journal/?state=needs_review"))
        assert str(operation.pk) in waiting.text, words(waiting)
        page = self.house.tab.get(PLACE.path(f"journal/{operation.pk}/"))
        assert "Needs review" in page.text, words(page)


def shown(key: str) -> str:
    """As the emulator's log shows it."""
    return f"{key[:8]}…{key[-4:]}"


def words(page: Page) -> str:
    """What a person reads of the page."""
    main = page.text.partition("<main")[2].partition("</main>")[0] or page.text
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def says_done(page: Page) -> bool:
    return _says(page, DONE)


def says_nothing(page: Page) -> bool:
    """That it came to nothing."""
    return _says(page, NOTHING) and not _says(page, OPEN)


def says_open(page: Page) -> bool:
    return _says(page, OPEN)


def _says(page: Page, words: Collection[str]) -> bool:
    """In what is shown; what the page holds for another time, as when a session has ended, is beside its main part."""
    main = page.text.partition("<main")[2].partition("</main>")[0] or page.text
    return any(word in main for word in words)


def _rows(operations: list[Operation]) -> list[dict[str, Any]]:
    found = Operation.objects.filter(pk__in=[row.pk for row in operations]).values(*NAMES)
    return [
        {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in row.items()} for row in found
    ]
