"""Three people, two merchants, all changes, faults, restarts, workers and clocks in any order: the books agree.

STATE_MACHINE_RUNS and STATE_MACHINE_STEPS make it longer; then every run is another one.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models.functions import Now
from django.db.models.signals import pre_save
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from chaos.books import NAMES, compare
from chaos.browser import Page
from chaos.changes import CHANGES, ON_ORDERS
from chaos.shop import PLACES, Open, Place, Shop
from orders.models import Connection, Membership, Merchant, Operation, OrderLock
from orders.services.changes import leases, outcomes, reconcile
from orders.services.revkeen import session
from tests.conftest import add_key, make_person, sign_in
from tests.support.actions import Action
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates, forget_process

pytestmark = pytest.mark.database

RUNS = int(os.environ.get("STATE_MACHINE_RUNS", "15"))
STEPS = int(os.environ.get("STATE_MACHINE_STEPS", "20"))
MORE = "STATE_MACHINE_RUNS" in os.environ

CHANGE_FAULTS: list[dict[str, Any]] = [
    {"kind": "disconnect", "how": "reset", "after_work": True},
    {"kind": "disconnect", "how": "close"},
    {"kind": "bad_gateway", "after_work": True},
    {"kind": "truncated", "after_work": True},
    {"kind": "empty", "status": 204, "after_work": True},
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 500, "after_work": True},  # stored: every replay says so
    {"kind": "rate_limited", "retry_after": "0"},
    {"kind": "respond", "status": 401, "body": {"error": {"code": "unauthorized", "message": "No."}}},
    {"kind": "respond", "status": 200, "body": {"id": str(uuid.UUID(int=1))}},
]
READ_FAULTS: list[dict[str, Any]] = [
    {"kind": "disconnect", "how": "reset"},
    {"kind": "error", "status": 503},
    {"kind": "truncated"},
]
LIMITS = {"pay": 15 * 60, "refund": 15 * 60}  # seconds after which a key is not sent again
LIMIT = 20 * 3600
PICKS = st.tuples(st.sampled_from(CHANGES), st.sampled_from(PLACES))
CRASHES = ("before the call", "after the call", "before the outcome")
HOURS = 3600


class Killed(BaseException):
    """`kill -9`, as far as it can be had within a process."""


class Tab:
    """A person's browser over Django's test client, with the interface of `chaos.browser.Browser`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, path: str) -> Page:
        return self._page(self._client.get(path))

    def post(self, path: str, sent: list[tuple[str, str]]) -> Page:
        form = "application/x-www-form-urlencoded"
        return self._page(self._client.generic("POST", path, urlencode(sent), content_type=form))

    def _page(self, answer: Any) -> Page:
        return Page(answer.status_code, answer.content.decode(), answer.headers.get("Location", ""))


@dataclass(frozen=True)
class Subject:
    """What a change is about: an order, or a draft; "" where it could not be made."""

    action: Action
    place: Place
    id: str


Tabbed = tuple[Tab, Open | None]


class World:
    """What stays from example to example, and the hands that a machine has on clock and crashes."""

    def __init__(self, emulator: Emulator, people: list[Tab]) -> None:
        self.emulator, self.people = emulator, people
        self.shops = {place: Shop(emulator, place) for place in PLACES}
        self.shift = 0.0  # of all clocks but the process's own, in seconds
        self.crash = ""
        self.first_sent: dict[uuid.UUID, tuple[float, Any]] = {}  # key: when, and with which connection
        self.wrongly_sent: list[str] = []

    def fresh(self) -> None:
        self.emulator.reset()
        for place in PLACES:
            self.emulator.add_key(f"{place.key}3", place.merchant, place.mode)
        self.shift, self.crash = 0.0, ""
        self.first_sent, self.wrongly_sent = {}, []
        self.restart()

    def restart(self) -> None:
        """What a process remembers is gone."""
        forget_process()

    def now(self) -> Any:
        """The database's clock."""
        return Now() + timedelta(seconds=self.shift)

    def stamp(self, instance: Operation, **signal: Any) -> None:
        if instance._state.adding:
            instance.created_at = instance.last_sent_at = instance.next_try_at = self.now()

    def advance(self, seconds: float) -> None:
        self.shift += seconds
        self.emulator._control("POST", "clock", {"advance": seconds})
        forget_gates()  # its clock is the process's

    def note_sent(self, api: session.Session, key: uuid.UUID) -> None:
        """A key is sent within its time, and with the connection that it was sent with at first."""
        operation = Operation.objects.get(pk=key)
        connection = api.connection.pk if api.connection else None
        began, first = self.first_sent.setdefault(key, (self.shift, connection))
        if self.shift - began >= LIMITS.get(operation.kind, LIMIT):
            self.wrongly_sent.append(f"{operation.kind} {key} after {self.shift - began:.0f} s")
        if connection != first or connection != operation.connection_id:
            self.wrongly_sent.append(f"{operation.kind} {key} with another connection")

    def fail(self, fault: dict[str, Any], place: Place, times: int) -> None:
        """Let the next changes at this place go wrong."""
        for method in ("POST", "PATCH"):
            self.emulator.fault(**fault, path="", method=method, times=times, key=place.key)

    def replace_key(self, place: Place) -> None:
        """Make another key of the same account the active one: RevKeen knows none of our keys under it."""
        of_place = Connection.objects.filter(merchant__slug=place.merchant, mode=place.mode)
        other = of_place.get(active=False)
        of_place.update(active=False)
        Connection.objects.filter(pk=other.pk).update(active=True)

    def killed_at(self, point: str) -> None:
        if self.crash == point:
            self.crash = ""
            raise Killed

    def work(self) -> int:
        """What one worker does until nothing is due."""
        looked = 0
        while (operation := leases.claim()) is not None:
            looked += 1
            reconcile.reconcile(operation)
        return looked


@pytest.fixture
def world(
    emulator: Emulator, northwind: Merchant, kestrel: Merchant, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    settings.REVKEEN_READ_SECONDS = settings.REVKEEN_CHANGE_SECONDS = 2.0
    people = []
    for name in ("ada", "ben", "cleo"):
        person = make_person(f"{name}@example.com", northwind, "admin")
        Membership.objects.create(user=person, merchant=kestrel, roles=["admin"])
        people.append(Tab(sign_in(person)))
    for merchant in (northwind, kestrel):
        for mode, prefix in (("live", "rk_live"), ("test", "rk_sandbox")):
            add_key(merchant, mode, f"{prefix}_{merchant.slug}_demo3")
    world = World(emulator, people)
    for module in (leases, outcomes, reconcile):
        monkeypatch.setattr(module, "Now", world.now)
    _let_it_be_killed(world, monkeypatch)
    pre_save.connect(world.stamp, sender=Operation)
    yield world
    pre_save.disconnect(world.stamp, sender=Operation)


def _let_it_be_killed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change, write = session.Session.change, outcomes._write

    def killable_change(self: Any, asked: Any, key: uuid.UUID) -> Any:
        world.killed_at("before the call")
        world.note_sent(self, key)
        answer = change(self, asked, key)
        world.killed_at("after the call")
        return answer

    def killable_write(*given: Any, **facts: Any) -> bool:
        world.killed_at("before the outcome")
        return write(*given, **facts)

    monkeypatch.setattr(session.Session, "change", killable_change)
    monkeypatch.setattr(outcomes, "_write", killable_write)


def machine(world: World) -> type[RuleBasedStateMachine]:
    class People(RuleBasedStateMachine):
        subjects: Bundle[Subject] = Bundle("subjects")
        opened: Bundle[Tabbed] = Bundle("opened")

        def __init__(self) -> None:
            super().__init__()
            self.undo = transaction.atomic()
            self.undo.__enter__()
            world.fresh()

        @initialize(target=subjects, picks=st.lists(PICKS, min_size=3, max_size=5))
        def begin_with_some(self, picks: list[tuple[Action, Place]]) -> Any:
            return multiple(*(self._prepared(action, place, 0) for action, place in picks))

        @initialize(target=opened, picks=st.lists(PICKS, min_size=2, max_size=4))
        def begin_with_open_forms(self, picks: list[tuple[Action, Place]]) -> Any:
            return multiple(*(self._opened(self._prepared(action, place, 1), action, 1) for action, place in picks))

        @rule(target=subjects, pick=PICKS, who=st.sampled_from(range(3)))
        def prepare(self, pick: tuple[Action, Place], who: int) -> Subject:
            return self._prepared(*pick, who)

        @rule(
            target=opened,
            pick=PICKS,
            who=st.sampled_from(range(3)),
            fault=st.none() | st.sampled_from(CHANGE_FAULTS),
            crash=st.sampled_from(("", *CRASHES)),
        )
        def go_all_the_way(
            self, pick: tuple[Action, Place], who: int, fault: dict[str, Any] | None, crash: str
        ) -> Tabbed:
            """An order, its form, and the press, which meets a fault, a crash, both or neither."""
            action, place = pick
            form = self._opened(self._prepared(action, place, who), action, who)
            if fault:
                world.fail(fault, place, times=1)
            world.crash = crash
            self._press(form)
            return form

        @rule(target=opened, subject=subjects, who=st.sampled_from(range(3)))
        def open_its_form(self, subject: Subject, who: int) -> Tabbed:
            return self._opened(subject, subject.action, who)

        @rule(target=opened, subject=subjects, action=st.sampled_from(ON_ORDERS), who=st.sampled_from(range(3)))
        def open_another_form(self, subject: Subject, action: Action, who: int) -> Tabbed:
            return self._opened(subject, action, who)

        def _prepared(self, action: Action, place: Place, who: int) -> Subject:
            try:
                return Subject(action, place, action.prepare(world.shops[place], world.people[who]))
            except AssertionError:  # no draft can be begun while RevKeen does not answer
                return Subject(action, place, "")

        def _opened(self, subject: Subject, action: Action, who: int) -> Tabbed:
            """Nothing to press where RevKeen does not answer, or the page says that it cannot be done now."""
            shop, tab = world.shops[subject.place], world.people[who]
            about = subject.id if action == subject.action else shop.replaced.get(subject.id, subject.id)
            return tab, action.open(shop, tab, about) if about else None

        @rule(form=opened)
        def press(self, form: Tabbed) -> None:
            self._press(form)

        @rule(form=consumes(opened))
        def press_twice_and_close(self, form: Tabbed) -> None:
            self._press(form)
            self._press(form)

        @rule(form=opened)
        def press_with_another_sum(self, form: Tabbed) -> None:
            tab, asked = form
            if asked is not None:
                other = [
                    (name, value.replace("20.00", "10.00").replace("2000 ", "1000 ")) for name, value in asked.sent
                ]
                self._press((tab, Open(asked.path, other)))

        def _press(self, form: Tabbed) -> None:
            tab, asked = form
            if asked is None:
                return
            try:
                page = tab.post(asked.path, asked.sent)
            except Killed:
                return
            assert page.status in (302, 303, 404, 422, 503), (page.status, page.text[:2000])

        @rule(subject=subjects)
        def somebody_else_changes_the_order(self, subject: Subject) -> None:
            world.shops[subject.place].touch(subject.id)

        @rule(subject=subjects)
        def somebody_else_pays_a_part(self, subject: Subject) -> None:
            world.shops[subject.place].pay(subject.id)

        @rule(fault=st.sampled_from(CHANGE_FAULTS), times=st.integers(1, 3))
        def changes_fail(self, fault: dict[str, Any], times: int) -> None:
            for place in PLACES:
                world.fail(fault, place, times)

        @rule(fault=st.sampled_from(READ_FAULTS), times=st.integers(1, 4))
        def reads_fail(self, fault: dict[str, Any], times: int) -> None:
            for place in PLACES:
                world.emulator.fault(**fault, path="", method="GET", times=times, key=place.key)

        @rule()
        def nothing_fails_any_more(self) -> None:
            world.emulator.clear_faults()

        @rule()
        def restart(self) -> None:
            world.restart()

        @rule(point=st.sampled_from(CRASHES))
        def be_killed_soon(self, point: str) -> None:
            world.crash = point

        @rule(seconds=st.sampled_from([1, 4, 12, 40, 90, 14 * 60, 16 * 60, 3 * HOURS, 21 * HOURS, 25 * HOURS]))
        def time_passes(self, seconds: int) -> None:
            world.advance(seconds)

        @rule()
        def work(self) -> None:
            try:
                world.work()
            except Killed:
                world.restart()

        @rule(place=st.sampled_from(PLACES))
        def the_key_is_replaced(self, place: Place) -> None:
            world.replace_key(place)

        @invariant()
        def the_books_agree_so_far(self) -> None:
            found = self._books()
            wrong = [*found.doubled, *found.lost, *found.wrong]
            assert not wrong, wrong
            assert not world.wrongly_sent, world.wrongly_sent

        @invariant()
        def one_operation_is_open_on_an_order(self) -> None:
            held = list(Operation.objects.filter(state__in=Operation.OPEN).values_list("order_id", flat=True))
            known = [order for order in held if order is not None]
            assert len(known) == len(set(known)), held

        def teardown(self) -> None:
            try:
                self._reconcile()
            finally:
                self.undo.__exit__(Killed, Killed(), None)

        def _reconcile(self) -> None:
            world.emulator.clear_faults()
            world.crash = ""
            world.restart()
            for _ in range(40):
                if not Operation.objects.filter(state__in=("started", "in_doubt")).exists():
                    break
                world.advance(31)
                world.work()
            found = self._books()
            assert not found.violations, found.violations
            open_plans = set(Operation.objects.filter(state__in=Operation.OPEN).values_list("plan_id", flat=True))
            assert set(OrderLock.objects.values_list("plan_id", flat=True)) <= open_plans

        def _books(self) -> Any:
            rows = Operation.objects.values(*NAMES)
            journal = [
                {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in row.items()}
                for row in rows
            ]
            return compare(journal, world.emulator.ledger())

    return People


def test_the_journal_equals_the_ledger_whatever_happens_in_whatever_order(world: World) -> None:
    run_state_machine_as_test(
        lambda: machine(world)(),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not MORE,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
