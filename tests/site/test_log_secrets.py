"""Keys of links for a new password, and tokens of invitations: in no line of any logger, whoever writes it."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.urls import reverse

from orders.models import Merchant
from tests.conftest import SecureClient, captured_log, make_person

KEY = "c5x1z8-0123456789abcdef0123456789abcdef"
TOKEN = "Zq3-xY_0123456789abcdefABCDEF0123456789abcdefg"
SECRET_TEXTS = [
    f"/account/password/reset/key/1a-{KEY}/",
    f"GET https://admin.example/account/password/reset/key/1a-{KEY}/ HTTP/1.1",
    f"/invitation/?token={TOKEN}",
    f"/account/login/?next=/invitation/%3Ftoken%3D{TOKEN}",
    f'Referer: "https://admin.example/invitation/?token={TOKEN}&x=1"',
]
LOGGERS = [
    "",
    "django.request",
    "django.security.SuspiciousOperation",
    "gunicorn.access",
    "gunicorn.error",
    "asyncio",
    "x",
]


@pytest.fixture
def foreign() -> Iterator[io.StringIO]:
    """A handler of another package on a logger that does not propagate, as gunicorn's are."""
    written = io.StringIO()
    handler, logger = logging.StreamHandler(written), logging.getLogger("gunicorn.access")
    logger.addHandler(handler)
    logger.propagate, before = False, logger.propagate
    yield written
    logger.removeHandler(handler)
    logger.propagate = before


def safe(text: str) -> bool:
    return KEY not in text and TOKEN not in text


@pytest.mark.parametrize("text", SECRET_TEXTS)
@pytest.mark.parametrize("name", LOGGERS)
def test_no_logger_writes_a_key_or_token(name: str, text: str) -> None:
    logger = logging.getLogger(name)
    with captured_log(logging.DEBUG) as written:
        logger.warning(text)
        logger.warning("Not Found: %s", text)
        logger.warning("%(path)s", {"path": text})
        logger.warning({"event": "request", "path": text})
        logger.warning("an object: %r", [text])
        try:
            raise ValueError(text)
        except ValueError:
            logger.exception("failed")
    assert len(re.findall(r"…|\\u2026", written.getvalue())) >= 6
    assert safe(written.getvalue())


@pytest.mark.parametrize("text", SECRET_TEXTS)
def test_nor_does_one_with_a_handler_of_its_own(text: str, foreign: io.StringIO) -> None:
    logger = logging.getLogger("gunicorn.access")
    logger.warning("%(r)s", {"r": text})
    logger.warning("%s", text)
    assert foreign.getvalue().count("…") == 2
    assert safe(foreign.getvalue())


def test_what_is_no_secret_stays_readable() -> None:
    for text in ("token=short", "/account/password/reset/key/done/", "/northwind/live/orders/?q=token", "Zq3=x"):
        with captured_log(logging.DEBUG) as written:
            logging.getLogger("x").warning(text)
        assert text in written.getvalue()


def test_a_real_link_for_a_new_password_is_in_no_line(northwind: Merchant) -> None:
    mara = make_person("mara@northwind.example", northwind, "admin")
    with captured_log(logging.DEBUG) as written:
        SecureClient().post(reverse("account_reset_password"), {"email": mara.email})
        found = re.search(r"/account/password/reset/key/\w+-([^/]+)/", str(mail.outbox[0].body))
        assert found
        SecureClient().get(found[0])
        SecureClient().get(f"{found[0]}wrong/")  # a 404, which Django's own logger tells
        SecureClient().get("/nothing/", {"next": found[0]})
    assert "/password/reset/key/" in written.getvalue()
    assert found[1] not in written.getvalue()


def test_a_link_for_a_new_password_works_for_an_hour(northwind: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    mara = make_person("mara@northwind.example", northwind, "admin")
    for minutes, good in ((59, True), (61, False)):
        SecureClient().post(reverse("account_reset_password"), {"email": mara.email})
        found = re.search(r"/account/password/reset/key/\S+", str(mail.outbox[-1].body))
        assert found
        later = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
        with monkeypatch.context() as patched:
            patched.setattr(PasswordResetTokenGenerator, "_now", lambda self, later=later: later)
            answer = SecureClient().get(found[0])
        assert (answer.status_code == 302) is good
