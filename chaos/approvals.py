"""Five people at one payment above a limit, at once, while processes are killed: paid once, and never by one alone.

Who asked tries to approve it too, and to send it past the limit; a colleague with the same limit tries to approve it;
three admins approve, and in half of the trials one of them declines instead.
"""

import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.books import Row
from chaos.browser import Browser, Page, form_with, forms
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Shop
from tests.support.emulation import Emulator

PLACE = PLACES[0]  # northwind, live
KILL_WITHIN = 0.6  # seconds of the race
RECONCILE_SECONDS = 180.0
PRESSES = 4  # of somebody whose page is broken

ASKER, COLLEAGUE = "support@northwind.example", "colleague@northwind.example"
APPROVERS = ("admin@northwind.example", "both@example.com", "deputy@northwind.example")

# Whom the demo lacks, and a limit that every order of the trials is above.
PREPARE = """
import json
from orders.management.commands.seed_demo import PASSWORD
from orders.models import Membership, Merchant, User
print("ready"); input()
merchant = Merchant.objects.get(slug="northwind")
merchant.limits = {"support": {"pay": {"once": {"USD": 10}}}}
merchant.save()
for role, email in (("support", "colleague@northwind.example"), ("admin", "deputy@northwind.example")):
    person = User.objects.create_user(email, PASSWORD, name="Noor Haddad")
    Membership.objects.create(user=person, merchant=merchant, roles=[role])
print(json.dumps(1))
"""
REQUESTS = """
import json
from orders.models import ApprovalRequest
print("ready"); input()
names = ("id", "order_id", "state", "user__email", "decided_by__email")
print(json.dumps(list(ApprovalRequest.objects.values(*names)), default=str))
"""


@dataclass
class Trial:
    order_id: str
    rng: random.Random
    forged: list[tuple[str, str]] = field(default_factory=list)  # the form of the payment, as if there were no limit
    path: str = ""  # of the request


@dataclass
class Run:
    trials: int
    killed: dict[str, int]
    seconds: float
    states: Counter[str]
    doubled: list[str]
    alone: list[str]
    wrong: list[str]

    @property
    def violations(self) -> list[str]:
        return [*self.doubled, *self.alone, *self.wrong]


def run(folder: Path, count: int, *, server: str = "", seed: int = 1) -> Run:
    """`server` is a PostgreSQL server's address, "" means SQLite."""
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, server=server) as board:
        assert board.site.run(PREPARE) == 1
        shop = Shop(emulator, PLACE)
        browsers = {email: Browser(board.address).sign_in(email) for email in (ASKER, COLLEAGUE, *APPROVERS)}
        started = time.monotonic()
        trials = [_race(board, shop, browsers, random.Random(f"{seed} {number}")) for number in range(count)]
        journal = board.reconciled(RECONCILE_SECONDS)
        return _compare(trials, board, journal, emulator.ledger(), time.monotonic() - started)


def _race(board: Dashboard, shop: Shop, browsers: dict[str, Browser], rng: random.Random) -> Trial:
    trial = _asked(shop, browsers[ASKER], rng)
    approve = {email: _decision(browsers[email], trial.path, "approve") for email in (ASKER, COLLEAGUE, *APPROVERS)}
    if rng.random() < 0.5:
        approve[APPROVERS[-1]] = _decision(browsers[APPROVERS[-1]], trial.path, "decline")
    presses = [(browsers[email], *sent) for email, sent in approve.items()]
    presses.append((browsers[ASKER], PLACE.path(f"orders/{trial.order_id}/pay/"), trial.forged))
    killer = threading.Thread(target=_kill_one, args=(board, rng))
    killer.start()
    with ThreadPoolExecutor(len(presses)) as pool:
        list(pool.map(lambda press: _press(*press), presses))
    killer.join()
    return trial


def _asked(shop: Shop, browser: Browser, rng: random.Random) -> Trial:
    """An order of which the payment waits for approval."""
    order = shop.order()
    path = PLACE.path(f"orders/{order['id']}/pay/")
    form = form_with(browser.patient.get(path).text, "form_token")
    assert form is not None
    card, minor = shop.wallet["1111"], str(order["amount_due"])
    amount = f"{minor[:-2]}.{minor[-2:]}"
    typed = form.filled(amount=amount, method=card, charging=f"{minor} {card}", confirmed="on", ask=None)
    asked = browser.patient.post(path, [*typed, ("ask", "yes")])
    assert "/approvals/" in asked.location, asked
    return Trial(order["id"], rng, typed, asked.location.partition("#")[0].partition("?")[0])


def _decision(browser: Browser, path: str, word: str) -> tuple[str, list[tuple[str, str]]]:
    """What the form on this person's page sends; where there is none, what a forged one would."""
    page = browser.patient.get(path).text
    action = f"{path}{word}/"
    form = next((form for form in forms(page) if form.action == action), None)
    token = next(pair for form in forms(page) for pair in form.fields if pair[0] == "csrfmiddlewaretoken")
    return action, form.filled(reason="Looked at it.") if form else [token, ("reason", "I say so myself.")]


def _press(browser: Browser, path: str, sent: list[tuple[str, str]]) -> Page:
    """Who was told nothing presses the same form again."""
    for _ in range(PRESSES):
        page = browser.post(path, sent)
        if not page.broken:
            break
        time.sleep(0.3)
    return page


def _kill_one(board: Dashboard, rng: random.Random) -> None:
    time.sleep(rng.uniform(0, KILL_WITHIN))
    if rng.random() < 0.25:
        board.kill_reconciler(rng)
    else:
        board.kill_server(rng)


def _compare(trials: list[Trial], board: Dashboard, journal: list[Row], ledger: list[Row], seconds: float) -> Run:
    found: list[dict[str, Any]] = board.site.run(REQUESTS)
    requests = {str(request["order_id"]): request for request in found}
    paid = Counter(row["order_id"] for row in ledger if row["effect"] == "payment")
    done = {row["order_id"] for row in journal if row["state"] == "done"}
    run = Run(len(trials), dict(board.killed), seconds, Counter(), [], [], [])
    for trial in trials:
        request = requests[trial.order_id]
        run.states[request["state"]] += 1
        words = f"{trial.order_id}, {json.dumps(request)}: paid {paid[trial.order_id]} times"
        if paid[trial.order_id] > 1:
            run.doubled.append(words)
        if request["state"] == "approved" and request["decided_by__email"] not in APPROVERS:
            run.alone.append(words)
        if paid[trial.order_id] and request["state"] != "approved":
            run.alone.append(words)
        if bool(paid[trial.order_id]) != (request["state"] == "approved" and trial.order_id in done):
            run.wrong.append(f"{words}, and the journal says otherwise")
    return run
