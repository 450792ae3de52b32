"""Mails that nobody waits for: whether and how fast one goes out must not tell who has an account here."""

from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException

import structlog
from django.core.mail import send_mail

log = structlog.get_logger("orders.mails")
_sender = ThreadPoolExecutor(1, thread_name_prefix="mails")


def send_soon(subject: str, text: str, address: str) -> None:
    """Hand a mail over to a thread beside the request. One that cannot be sent is in the log of the server."""
    _sender.submit(_send, subject, text, address)


def wait() -> None:
    """Until everything that was handed over in this process is sent."""
    _sender.submit(lambda: None).result()


def _send(subject: str, text: str, address: str) -> None:
    try:
        send_mail(subject, text, None, [address])
    except (SMTPException, OSError):
        log.exception("mail_not_sent")
