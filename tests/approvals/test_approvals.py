"""What is above a limit stands unsent until another person approves it, and is then sent once, exactly as it stands."""

from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client

from orders import mails
from orders.models import (
    ApprovalRequest,
    ApprovalToken,
    EventLog,
    Membership,
    Merchant,
    Operation,
    OperationToken,
    User,
)
from orders.services.approvals import ending
from tests.conftest import make_person, sign_in
from tests.support.approving import approval_path, approve, decline, limit, only, pay
from tests.support.emulation import Emulator
from tests.support.journal import payments
from tests.support.pages import form_token_in, order_path, prose, source
from tests.support.refunding import paid_order, refund, refunds, sales

State = ApprovalRequest.State


@pytest.fixture
def wallet(emulator: Emulator) -> dict[str, str]:
    return emulator.cases()["customers"]["wallet_0"]


@pytest.fixture
def order(emulator: Emulator, wallet: dict[str, str]) -> dict[str, Any]:
    """Of 60.00 USD."""
    return emulator.make_order(customer_id=wallet["id"], currency="usd")


@pytest.fixture
def asked(
    support: Client, admin: Client, northwind: Merchant, order: dict[str, Any], wallet: dict[str, str]
) -> ApprovalRequest:
    """60.00 USD, of which support may charge 50.00."""
    limit(northwind, "support", "pay", once=50)
    assert pay(support, order, wallet["1111"], "60.00", ask="yes").status_code == 303
    return only()


@pytest.mark.database
def test_a_request_is_sent_once_as_it_stands_when_another_approves(
    asked: ApprovalRequest, admin: Client, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert payments(emulator, order) == []
    assert 'class="count">1' in source(admin, "/northwind/live/orders/")
    assert 'class="count">1' not in source(support, "/northwind/live/orders/")
    page = source(admin, approval_path(asked))
    assert "60.00 USD is above the limit of 50.00 USD for one payment." in page
    assert approve(admin, asked).status_code == 303
    assert approve(admin, asked).status_code == 303
    assert payments(emulator, order) == [6000]
    operation = Operation.objects.get()
    assert (operation.pk, operation.user.email, operation.state) == (asked.pk, "support@northwind.example", "done")
    page = prose(source(support, approval_path(asked)))
    assert "Approved by Admin" in page
    assert "Looked at the order." in page
    assert "Approved by Admin: Looked at the order." in prose(source(admin, f"/northwind/live/journal/{asked.pk}/"))
    told = EventLog.objects.filter(order_id=order["id"]).order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["approval_asked", "approval_given"]


def test_the_form_sent_again_asks_once_and_never_sends(
    support: Client,
    admin: Client,
    northwind: Merchant,
    order: dict[str, Any],
    wallet: dict[str, str],
    emulator: Emulator,
) -> None:
    limit(northwind, "support", "pay", once=50)
    same = form_token_in(source(support, order_path("pay/", order)))
    answers = [pay(support, order, wallet["1111"], "60.00", form_token=same, ask="yes") for _ in range(2)]
    assert {answer["Location"] for answer in answers} == {approval_path(only())}
    northwind.limits = {}
    northwind.save()
    answer = pay(support, order, wallet["1111"], "60.00", form_token=same)
    assert answer["Location"] == approval_path(only())
    assert payments(emulator, order) == []


def test_only_one_request_of_a_kind_waits_for_an_order(
    asked: ApprovalRequest, support: Client, colleague: Client, order: dict[str, Any], wallet: dict[str, str]
) -> None:
    page = source(colleague, order_path("pay/", order))
    assert "Only one request of a kind can wait for an order" in page
    answer = pay(colleague, order, wallet["1111"], "60.00", ask="yes")
    assert "the same is waiting for approval" in answer.content.decode()
    assert ApprovalRequest.objects.count() == 1
    assert "Waits for approval" in source(colleague, order_path("", order))


def make_admin(user: User, merchant: Merchant) -> None:
    Membership.objects.filter(user=user, merchant=merchant).update(roles=["admin", "support"])


def test_the_requester_never_approves_whatever_roles_they_get(
    asked: ApprovalRequest, support: Client, northwind: Merchant, order: dict[str, Any], emulator: Emulator
) -> None:
    for role_change in (lambda: None, lambda: make_admin(asked.user, northwind)):
        role_change()
        assert "Approve and send" not in source(support, approval_path(asked))
        for answer in (approve(support, asked), decline(support, asked)):
            assert "You asked for this yourself" in answer.content.decode()
    assert only().state == State.WAITING
    assert payments(emulator, order) == []


@pytest.mark.database
def test_the_database_refuses_a_requesters_own_word_and_every_other_edit(asked: ApprovalRequest, admin: Client) -> None:
    def refused(words: str, statement: str) -> None:
        with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    table = "orders_approvalrequest"
    refused("decided_by_another", f"UPDATE {table} SET state = 'approved', decided_by_id = user_id")
    refused("decided_by_another", f"UPDATE {table} SET state = 'approved'")
    for column, value in (("body", "'{}'"), ("minor", "1"), ("currency", "'EUR'"), ("seen", "'{}'"), ("kind", "'x'")):
        refused("what was asked for approval stays", f"UPDATE {table} SET {column} = {value}")
    refused("a request for approval stays", f"DELETE FROM {table}")
    decline(admin, asked)
    refused("decided once", f"UPDATE {table} SET state = 'waiting', decided_by_id = NULL")


def test_an_approver_needs_the_right_and_a_limit_that_covers_it(
    asked: ApprovalRequest,
    colleague: Client,
    finance: Client,
    northwind: Merchant,
    order: dict[str, Any],
    emulator: Emulator,
) -> None:
    assert "is above your own limit" in approve(colleague, asked).content.decode()
    assert "You may not take payments" in approve(finance, asked).content.decode()
    limit(northwind, "admin", "pay", day=59)
    boss = sign_in(make_person("boss@northwind.example", northwind, "admin"))
    assert "is above your own limit" in approve(boss, asked).content.decode()
    assert not Operation.objects.exists()


@pytest.mark.parametrize("lost", ["roles", "membership", "account"])
def test_the_right_of_who_asked_is_looked_at_again(
    lost: str, asked: ApprovalRequest, admin: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    found = Membership.objects.filter(user=asked.user)
    if lost == "roles":
        found.update(roles=["viewer"])
    elif lost == "membership":
        found.delete()
    else:
        User.objects.filter(pk=asked.user_id).update(is_active=False)
    assert "may no longer take payments" in approve(admin, asked).content.decode()
    assert payments(emulator, order) == []
    assert decline(admin, asked).status_code == 303


def test_an_order_that_changed_is_said_and_nothing_is_sent(
    asked: ApprovalRequest,
    admin: Client,
    support: Client,
    order: dict[str, Any],
    wallet: dict[str, str],
    emulator: Emulator,
) -> None:
    page = source(admin, approval_path(asked))
    assert "Approve and send" in page
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_method_id": wallet["1111"]})
    assert "The order has changed since this was asked for" in source(admin, approval_path(asked))
    assert "Approve and send" not in source(admin, approval_path(asked))
    assert approve(admin, asked).status_code == 303  # from a page that was open before
    assert payments(emulator, order) == [1000]
    page = prose(source(support, approval_path(asked)))
    assert "Nothing was sent: the order had changed since it was asked for" in page
    assert "60.00 USD" in page
    assert Operation.objects.get().code == "order_changed"


def test_the_order_is_not_locked_and_while_another_change_holds_it_nothing_is_decided(
    asked: ApprovalRequest, admin: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/pay$")
    assert pay(admin, order, wallet["1111"], "10.00").status_code == 303
    assert "this order is locked" in approve(admin, asked).content.decode()
    assert only().state == State.WAITING


def test_declined_the_requester_sees_who_and_why(
    asked: ApprovalRequest, admin: Client, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert decline(admin, asked, "").status_code == 422
    assert decline(admin, asked).status_code == 303
    assert "Declined by Admin" in prose(source(support, approval_path(asked)))
    assert "Ask the customer first." in source(support, approval_path(asked))
    answer = approve(admin, asked)
    assert answer.status_code == 303
    assert payments(emulator, order) == []


def test_withdrawn_by_who_asked_alone(asked: ApprovalRequest, admin: Client, support: Client) -> None:
    assert "Only who asked" in admin.post(approval_path(asked, "withdraw/")).content.decode()
    assert support.post(approval_path(asked, "withdraw/")).status_code == 302
    assert only().state == State.WITHDRAWN
    approve(admin, asked)
    assert not Operation.objects.exists()


@pytest.mark.database
def test_after_its_days_it_expires_and_cannot_be_approved(
    support: Client,
    admin: Client,
    northwind: Merchant,
    order: dict[str, Any],
    wallet: dict[str, str],
    emulator: Emulator,
) -> None:
    limit(northwind, "support", "pay", once=50)
    pay(support, order, wallet["1111"], "60.00", ask="yes")
    assert (ending.due().now, ending.expire_due()) == (False, 0)
    assert 60 < ending.due().seconds / 3600 <= 72
    support.post(approval_path(only(), "withdraw/"))
    Merchant.objects.update(approval_days=0)  # its time is over at once
    pay(support, order, wallet["1111"], "60.00", ask="yes")
    asked = ApprovalRequest.objects.get(state=State.WAITING)
    assert not asked.waiting
    assert 'class="count">1' not in source(admin, "/northwind/live/orders/")
    approve(admin, asked)
    asked.refresh_from_db()
    assert asked.state == State.WAITING
    assert ending.due().now
    assert ending.expire_due() == 1
    asked.refresh_from_db()
    assert asked.state == State.EXPIRED
    assert not ending.due().now
    assert EventLog.objects.filter(kind="approval_expired").count() == 1
    assert payments(emulator, order) == []


@pytest.mark.database
def test_a_one_time_token_is_kept_sealed_apart_and_wiped(
    support: Client, admin: Client, northwind: Merchant, order: dict[str, Any], emulator: Emulator
) -> None:
    limit(northwind, "support", "pay", once=50)
    pay(support, order, "token", "60.00", token="tok_approve_kept", ask="yes")
    assert "tok_approve_kept" not in ApprovalToken.objects.get().sealed_secret
    assert "tok_approve_kept" not in str(ApprovalRequest.objects.values().get())
    approve(admin, only())
    assert payments(emulator, order) == [6000]
    assert not ApprovalToken.objects.exists()
    assert not OperationToken.objects.exists()


def test_a_refund_over_several_payments_is_approved_as_a_whole(
    finance: Client, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    limit(northwind, "finance", "refund", once=50)
    paid = paid_order(emulator, 3000, 3000)
    first, second = sales(emulator, paid)
    refund(finance, paid, {first: "30.00", second: "30.00"}, ask="yes")
    assert refunds(emulator, paid) == []
    assert "Then:" in source(admin, approval_path(only()))
    approve(admin, only())
    assert refunds(emulator, paid) == [3000, 3000]
    operations = Operation.objects.order_by("step").values_list("user__email", flat=True)
    assert list(operations) == ["finance@northwind.example"] * 2


def test_nobody_is_asked_where_nobody_may_approve(
    support: Client, northwind: Merchant, order: dict[str, Any], wallet: dict[str, str]
) -> None:
    limit(northwind, "support", "pay", once=50)
    assert "Nobody else here may approve this amount" in source(support, order_path("pay/", order))
    answer = pay(support, order, wallet["1111"], "60.00", ask="yes")
    assert "nobody else may approve this amount" in answer.content.decode()
    assert not ApprovalRequest.objects.exists()


def test_a_request_is_seen_by_who_asked_and_who_could_do_it(
    asked: ApprovalRequest, colleague: Client, operations: Client, northwind: Merchant
) -> None:
    assert colleague.get(approval_path(asked)).status_code == 200
    assert operations.get(approval_path(asked)).status_code == 403
    assert "60.00" in source(colleague, "/northwind/live/approvals/")
    assert colleague.get(f"/northwind/test/approvals/{asked.pk}/").status_code == 404


def test_mails_go_to_those_who_may_approve_and_to_who_asked(
    asked: ApprovalRequest, admin: Client, colleague: Client
) -> None:
    mails.wait()
    (told,) = mail.outbox
    assert told.to == ["admin@northwind.example"]
    assert told.subject == "Support asks for your approval: charge 60.00 USD"
    assert f"/northwind/live/approvals/{asked.pk}/" in told.body
    decline(admin, asked)
    mails.wait()
    assert mail.outbox[1].to == ["support@northwind.example"]
    assert mail.outbox[1].subject == "Declined: charge 60.00 USD"
    assert "Admin declined it: Ask the customer first." in mail.outbox[1].body
