"""People in processes of their own, at the same moment: nothing above a limit passes, and what is approved runs once,
also where the process that approved it is killed before the call.
"""

import signal

import pytest

from tests.support.emulation import Emulator
from tests.support.processes import Site

pytestmark = pytest.mark.database

MAKE = """
import json, sys
from orders import mails
from orders.models import Operation
from orders.services.approvals import requests
from tests.conftest import make_merchant, make_person
from tests.support.approving import limit
from tests.support.emulation import RunningEmulator
from tests.support.journal import change_request, payable
print("ready", flush=True); sys.stdin.readline()
merchant = make_merchant("Northwind", "northwind", "Europe/Berlin")
limit(merchant, "support", "pay", day=1)
people = {name: make_person(f"{name}@x.example", merchant, "support") for name in ("asker", "spender")}
for name in ("ann", "ben", "cleo"):
    make_person(f"{name}@x.example", merchant, "admin")
order = payable(RunningEmulator(sys.argv[1]))
request = requests.ask(people["asker"], change_request(merchant, people["asker"], order, 150))
mails.wait()
print(json.dumps([str(request.pk), order["id"]]))
"""
# Each acts in a child, so that its parent can say how it ended.
ACT = """
import json, os, signal, sys, uuid
from orders.models import ApprovalRequest, Merchant, User
from orders.services.approvals import ending
from orders.services.changes import form_tokens, journal
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.limits import AboveLimit
from orders.services.changes.snapshots import OrderSnapshot
from orders.services.revkeen import session
from tests.support.shown import order_facts

def act(name):
    user, merchant = User.objects.get(email=f"{name}@x.example"), Merchant.objects.get()
    journal.carry_out = lambda api, operation: os.kill(os.getpid(), signal.SIGKILL)
    try:
        with session.session(merchant, "live") as api:
            if name == "spender":
                shown = OrderSnapshot(**order_facts(total=60, amount_due=60))
                form_token = form_tokens.FormToken(uuid.uuid4(), merchant, "live", "pay", uuid.uuid4(), shown)
                journal.submit(api, user, ChangeRequest(form_token, {"amount": 60}, "0.60 USD"))
            else:
                ending.approve(api, ApprovalRequest.objects.get(), user, "Looked at it.")
    except AboveLimit:
        return 3
    except ending.AlreadyEnded:
        return 4
    except ending.NotApproved:
        return 5
    return 0

print("ready", flush=True); sys.stdin.readline()
child = os.fork()
if not child:
    os._exit(act(sys.argv[1]))
status = os.waitpid(child, 0)[1]
print(json.dumps(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)))
"""
RECONCILE = """
import json, sys
from orders.models import Operation
from tests.support.journal import reconcile_due
print("ready", flush=True); sys.stdin.readline()
print(json.dumps(reconcile_due(Operation.objects.get(pk=sys.argv[1])).state))
"""


def test_of_three_who_approve_and_who_asked_one_sends_it_once_and_two_tabs_do_not_pass_the_day(
    site: Site, emulator: Emulator
) -> None:
    site.environment["REVKEEN_LIVE_URL"] = emulator.api
    request_id, order_id = site.run(MAKE, emulator.address)
    people = ["ann", "ben", "cleo", "asker", "spender", "spender"]
    said = site.run_together(ACT, [(name,) for name in people])
    approvers, asker, spenders = sorted(said[:3]), said[3], sorted(said[4:])
    assert approvers == [-signal.SIGKILL, 4, 4]
    assert asker in (4, 5)
    assert spenders == [-signal.SIGKILL, 3]
    assert site.rows("SELECT count(*) FROM orders_operation") == [(2,)]
    assert paid(emulator, order_id) == []
    assert site.run(RECONCILE, request_id) == "done"
    assert paid(emulator, order_id) == [150]
    assert site.run(ACT, "ben") == 4
    assert paid(emulator, order_id) == [150]


def paid(emulator: Emulator, order_id: str) -> list[int]:
    return [row["amount"] for row in emulator.ledger() if row["order_id"] == order_id and row["effect"] == "payment"]
