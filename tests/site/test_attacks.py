"""Attacks that belong to no single topic: header injection, dependency confusion."""

import re
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from orders.models import Invitation, Merchant, User
from tests.support.emulation import Emulator

LINE_BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x00", "\x0b", "\x85"]
INJECTED = "X-Injected: yes"
SETTINGS = reverse("merchant_settings", args=["northwind", "live"])
INVITE = reverse("invitation_send", args=["northwind", "live"])


@pytest.mark.parametrize("line_break", LINE_BREAKS)
def test_a_merchants_name_with_a_line_break_injects_nothing_into_a_mail(
    line_break: str, admin: Client, northwind: Merchant
) -> None:
    name = f"Northwind{line_break}Bcc: everybody@evil.example"
    admin.post(
        SETTINGS,
        {
            "name": name,
            "time_zone": "UTC",
            "sums_to_type": "",
            "undo_seconds": "0",
            "review_after_days": "7",
            "cutoff": "16:00",
        },
    )
    answer = admin.post(INVITE, {"email": "new@northwind.example", "roles": ["viewer"]}, follow=True)
    assert answer.status_code in (200, 422)
    for message in mail.outbox:
        assert message.recipients() == ["new@northwind.example"]
        assert "everybody@evil.example" not in [value for name, value in message.message().items() if name == "Bcc"]


@pytest.mark.parametrize("line_break", LINE_BREAKS)
def test_an_address_with_a_line_break_is_refused(line_break: str, admin: Client) -> None:
    answer = admin.post(INVITE, {"email": f"new@northwind.example{line_break}Bcc: x@evil.example", "roles": ["viewer"]})
    assert answer.status_code == 422
    assert mail.outbox == []
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("line_break", LINE_BREAKS)
@pytest.mark.parametrize(
    "path", ["/account/login/?next=", "/northwind/live/search/?q=", "/northwind/live/orders/?status="]
)
def test_what_is_typed_into_an_address_never_becomes_a_header(path: str, line_break: str, admin: Client) -> None:
    answer = admin.get(path + f"/x{line_break}{INJECTED}")
    assert "X-Injected" not in answer.headers
    assert not any("\n" in value or "\r" in value for value in answer.headers.values())


@pytest.mark.parametrize("theme", ["dark\r\nSet-Cookie: x=1", "<script>", "dark; Path=/", "x" * 5000])
def test_a_theme_is_one_of_three(theme: str, admin: Client) -> None:
    answer = admin.post(reverse("theme"), {"theme": theme})
    assert answer.status_code in (302, 422)
    assert "x" not in answer.cookies
    if "theme" in answer.cookies:
        assert answer.cookies["theme"].value in ("", "light", "dark")


def test_a_hostile_theme_cookie_is_ignored(admin: Client, emulator: Emulator) -> None:
    admin.cookies["theme"] = '"><script>alert(1)</script>'
    page = admin.get("/northwind/live/orders/").content.decode()
    assert "<script>alert" not in page
    assert "data-bs-theme" not in page


def test_names_with_line_breaks_stay_text(admin: Client, northwind: Merchant) -> None:
    User.objects.filter(email="admin@northwind.example").update(name=f"Mara\r\n{INJECTED}")
    answer = admin.get("/account/")
    assert answer.status_code == 200
    assert "X-Injected" not in answer.headers


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_with_hashes(lock: str) -> None:
    """`pip install --require-hashes` refuses anything else, from wherever it comes."""
    text = Path(lock).read_text()
    pins = re.findall(r"^([a-z0-9._\[\],-]+)==(\S+) \\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.M)
    named = re.findall(r"^([a-z0-9._\[\],-]+)(?===|>|<|~|\s@|\s*$)", text, re.M)
    assert len(pins) == len(named) > 20
    assert "http://" not in text
    assert "https://" not in text


def test_both_commands_install_with_hashes_only() -> None:
    installs = [line for line in Path("Makefile").read_text().splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
