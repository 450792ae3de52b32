"""Limits, and the forms that ask for approval as a browser sends them."""

from typing import Any

from django.test import Client

from orders.models import ApprovalRequest, Merchant
from tests.support.pages import form_token_in, order_path, source


def limit(merchant: Merchant, role: str, kind: str, *, once: int | None = None, day: int | None = None) -> None:
    """In whole USD."""
    sums = {"once": {"USD": once}} if once is not None else {}
    sums |= {"day": {"USD": day}} if day is not None else {}
    merchant.limits = {**merchant.limits, role: {**merchant.limits.get(role, {}), kind: sums}}
    merchant.save()


def pay(client: Client, order: dict[str, Any], card: str, amount: str, **more: str) -> Any:
    """Send the form of a payment; with `ask="yes"` as the button for approval does."""
    address = order_path("pay/", order)
    sent = {
        "form_token": more.pop("form_token", None) or form_token_in(source(client, address)),
        "amount": amount,
        "method": card,
        "charging": f"{amount.replace('.', '')} {card}",
        "confirmed": "on",
        **more,
    }
    return client.post(address, sent)


def approval_path(approval: ApprovalRequest, page: str = "") -> str:
    return f"/northwind/{approval.mode}/approvals/{approval.pk}/{page}"


def approve(client: Client, approval: ApprovalRequest, reason: str = "Looked at the order.") -> Any:
    return client.post(approval_path(approval, "approve/"), {"reason": reason})


def decline(client: Client, approval: ApprovalRequest, reason: str = "Ask the customer first.") -> Any:
    return client.post(approval_path(approval, "decline/"), {"reason": reason})


def only() -> ApprovalRequest:
    return ApprovalRequest.objects.get()
