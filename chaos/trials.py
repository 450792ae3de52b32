"""The kill harness: clicks, doubled and pressed again when they break, while servers are killed and the API fails."""

import random
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from chaos import books, faults
from chaos.books import Books, Row
from chaos.browser import Browser
from chaos.changes import CHANGES, REPLACE
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Open, Place, Shop
from tests.support.actions import Action
from tests.support.emulation import Emulator

AT_ONCE = 8
PRESSES = 4  # in a hurry
PRESS_AGAIN_AFTER = 0.15
KILL = 0.7
KILL_WITHIN = 0.09
WORKER_OF_KILLS = 0.03  # of the kills, those that hit a `manage.py worker`: it takes a second to start
ROUNDS = 3  # how often a person begins anew with what was not sent
OPEN_AGAIN_AFTER = 1.0
OPENED = 20  # how often they ask for a form of which a part could not be read, a second apart: the breaker may be open
RECONCILE_SECONDS = 120.0
CAME_TO_NOTHING = re.compile(r"Nothing was sent\.|RevKeen refused(?!, but)")  # so a person begins anew

PEOPLE = {"northwind": ("admin@northwind.example", "both@example.com"), "kestrel": ("both@example.com",)}


@dataclass
class Trial:
    number: int
    action: Action
    place: Place
    person: str
    rng: random.Random
    subject: str = ""
    presses: int = 0
    rounds: int = 0
    answers: list[int] = field(default_factory=list)  # statuses, of all presses
    accepted: set[str] = field(default_factory=set)  # operations whose pages people were sent to
    said_done: set[str] = field(default_factory=set)


@dataclass
class Run:
    trials: list[Trial]
    journal: list[Row]
    ledger: list[Row]
    books: Books
    killed: dict[str, int]
    seconds: float
    reconcile_seconds: float
    changing_calls: int
    failed_calls: int
    replayed: int


def run(
    folder: Path,
    count: int,
    *,
    server: str = "",
    seed: int = 1,
    naive: bool = False,
    actions: Sequence[Action] = CHANGES,
    seconds: float = 1.0,
    faults_while_reconciling: bool = True,
) -> Run:
    """`server` is a PostgreSQL server's address, "" means SQLite; `seconds` is what a call may take."""
    settings = "chaos.naive_settings" if naive else "tests.site_settings"
    options = {"server": server, "settings": settings, "seconds": seconds}
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, **options) as board:
        crowd = Crowd(emulator, board)
        trials = [crowd.trial(number, seed, actions) for number in range(count)]
        faults.begin(emulator, seed)
        started = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(crowd.run, trials))
        ended = time.monotonic()
        if not faults_while_reconciling:
            emulator.clear_faults()
        journal = board.reconciled(RECONCILE_SECONDS)
        reconcile_seconds = time.monotonic() - ended
        emulator.clear_faults()
        ledger = emulator.ledger()
        found = books.compare(journal, ledger)
        for trial in trials:
            judge(trial, journal, ledger, found)
            if trial.action is REPLACE:
                judge_plan(crowd.replaced(trial), journal, ledger, trial.subject, found)
        found.wrong += [f"{row['id']} is in quarantine" for row in journal if row["quarantined"]]
        found.hidden += crowd.missing_from_the_page(journal)
        calls = [call for call in emulator.calls() if call["idempotency_key"]]
        return Run(
            trials,
            journal,
            ledger,
            found,
            dict(board.killed),
            ended - started,
            reconcile_seconds,
            len(calls),
            sum(1 for call in calls if call["fault"]),
            sum(1 for call in calls if call["replayed"]),
        )


class Crowd:
    """Those who click, and the one who kills."""

    def __init__(self, emulator: Emulator, board: Dashboard) -> None:
        self._board = board
        self._shops = {place: Shop(emulator, place) for place in PLACES}
        emails = {email for of_merchant in PEOPLE.values() for email in of_merchant}
        self._browsers = {email: Browser(board.address).sign_in(email) for email in sorted(emails)}

    def trial(self, number: int, seed: int, actions: Sequence[Action]) -> Trial:
        rng = random.Random(f"{seed} {number}")
        place = rng.choice(PLACES)
        return Trial(number, actions[number % len(actions)], place, rng.choice(PEOPLE[place.merchant]), rng)

    def replaced(self, trial: Trial) -> str:
        return self._shops[trial.place].replaced[trial.subject]

    def run(self, trial: Trial) -> None:
        shop, browser = self._shops[trial.place], self._browsers[trial.person]
        trial.subject = trial.action.prepare(shop, browser.patient)
        under_way = False
        while trial.rounds < ROUNDS and not under_way:
            form = self._form(trial, shop, browser)
            if form is None:
                return
            trial.rounds += 1
            under_way = self._click(trial, browser, form)

    def _form(self, trial: Trial, shop: Shop, browser: Browser) -> Open | None:
        """None when another click of ours holds the order, or it is done; what could not be read is asked for again."""
        for _ in range(OPENED if not trial.presses else 1):
            form = trial.action.open(shop, browser.patient, trial.subject)
            if form is not None:
                break
            time.sleep(OPEN_AGAIN_AFTER)
        return form

    def _click(self, trial: Trial, browser: Browser, form: Open) -> bool:
        """Twice at once; whether that led to an operation of which nobody is told that it came to nothing."""
        presses = [threading.Thread(target=self._press, args=(trial, browser, form)) for _ in range(2)]
        for press in presses:
            press.start()
        if trial.rng.random() < KILL:
            time.sleep(trial.rng.uniform(0, KILL_WITHIN))
            self._kill_one(trial.rng)
        for press in presses:
            press.join()
        return any(self._under_way(trial, browser, path) for path in sorted(trial.accepted))

    def _under_way(self, trial: Trial, browser: Browser, path: str) -> bool:
        text = browser.patient.get(path).shown
        if "Done: " in text:
            trial.said_done.add(path)
        return not CAME_TO_NOTHING.search(text)

    def _press(self, trial: Trial, browser: Browser, form: Open) -> None:
        """Who was told nothing presses the same form again: another one would be another intent."""
        for number in range(PRESSES + OPENED):
            page = browser.post(form.path, form.sent)
            trial.presses += 1
            trial.answers.append(page.status)
            if not page.broken:
                break
            time.sleep(PRESS_AGAIN_AFTER if number < PRESSES else OPEN_AGAIN_AFTER)
        if page.status == 303:
            trial.accepted.add(page.location)

    def _kill_one(self, rng: random.Random) -> None:
        if rng.random() < WORKER_OF_KILLS:
            self._board.kill_reconciler(rng)
        else:
            self._board.kill_server(rng)

    def missing_from_the_page(self, journal: list[Row]) -> list[str]:
        """Operations that wait for a person and that the journal's page of those does not show."""
        shown = "".join(self._waiting_page(place) for place in PLACES)
        waiting = [row for row in journal if row["state"] == "needs_review"]
        return [f"{row['kind']} {row['id']} is not on the page" for row in waiting if f"/{row['id']}/" not in shown]

    def _waiting_page(self, place: Place) -> str:
        browser = self._browsers[PEOPLE[place.merchant][0]]
        path, text = place.path("journal/?state=needs_review"), ""
        while path:
            page = browser.patient.get(path).text
            text += page
            older = re.search(r'href="([^"]+)" rel="next"', page)
            path = place.path("journal/") + unescape(older[1]) if older else ""
        return text


def judge_plan(old: str, journal: list[Row], ledger: list[Row], draft: str, found: Books) -> None:
    """Of an order and its replacement one is canceled once all is reconciled: one can be paid, and not both."""
    created = next((row for row in journal if row["draft_id"] == draft and row["state"] == "done"), None)
    steps = [row for row in journal if created and row["plan_id"] == created["plan_id"]]
    if created is None or any(row["state"] == "needs_review" for row in steps):
        return
    pair = {old, created["created_order_id"]}
    canceled = [entry["order_id"] for entry in ledger if entry["effect"] == "cancel" and entry["order_id"] in pair]
    if len(canceled) != 1:
        found.wrong.append(f"draft {draft}: of the order and its replacement {len(canceled)} are canceled")


def judge(trial: Trial, journal: list[Row], ledger: list[Row], found: Books) -> None:
    """One intent, one effect: whatever was pressed, and however often it was begun anew."""
    mine = [row for row in journal if trial.subject in (row["order_id"], row["draft_id"])]
    keys = {row["id"] for row in mine}
    effects = [entry for entry in ledger if entry["effect"] == trial.action.effect and entry["idempotency_key"] in keys]
    name = f"trial {trial.number} ({trial.action.name} {trial.subject})"
    if len(effects) > 1:
        found.doubled.append(f"{name}: {len(effects)} effects")
    for path in trial.accepted - {path for path in trial.accepted if any(key in path for key in keys)}:
        found.lost.append(f"{name}: was sent to {path}, which the journal does not have")
    if not trial.presses:
        found.idle.append(f"{name}: there was no form to press")
    for path in trial.said_done:
        if not effects:
            found.wrong.append(f"{name}: {path} said done, the ledger has nothing")
