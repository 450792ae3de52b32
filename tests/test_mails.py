"""Mails go out beside the request, and so beside the test: none may reach the test that comes next."""

import time

import pytest
from django.core import mail

from orders import mails


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_mail_of_one_test_is_in_the_outbox_of_the_next(turn: str) -> None:
    mails.wait()
    assert mail.outbox == []
    mails._sender.submit(time.sleep, 0.05)  # a machine that is busy with something else
    mails.send_soon(turn, "Handed over as the test ends.", "mara@northwind.example")
