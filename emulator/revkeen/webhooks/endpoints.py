"""Webhook endpoints. The secret is in the answers to creating and rotating, and in no other."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from emulator.asks import answer, new_id
from emulator.clock import iso
from emulator.messages import Json, Response
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import invalid
from emulator.revkeen.reads import equal, slice_with_meta
from emulator.revkeen.webhooks import queue

KIND = queue.ENDPOINTS
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def create(ask: Ask) -> Response:
    now, url = ask.now_ms(), _checked(ask.body["url"])
    endpoint: Json = {
        "id": new_id(),
        "url": url,
        "description": ask.body.get("description"),
        "enabled_events": ask.body["enabled_events"],
        "status": "enabled",
        "circuit_breaker_state": "closed",
        "total_deliveries": 0,
        "successful_deliveries": 0,
        "failed_deliveries": 0,
        "last_delivery_at": None,
        "created_at": iso(now),
        "updated_at": iso(now),
    }
    secret = _new_secret()
    ask.add(KIND, endpoint, now, hidden={"secret": secret})
    return answer({"data": {**endpoint, "secret": secret}}, 201)


def read(ask: Ask) -> Response:
    return answer({"data": _find(ask)})


def endpoints_list(ask: Ask) -> Response:
    return slice_with_meta(ask, KIND, equal(ask, "status"))


def update(ask: Ask) -> Response:
    endpoint, changes = _find(ask), dict(ask.body)
    if "url" in changes:
        _checked(changes["url"])
    if (enabled := changes.pop("enabled", None)) is not None:
        changes["status"] = "enabled" if enabled else "disabled"
    return answer({"data": _save(ask, endpoint, **changes)})


def rotate_secret(ask: Ask) -> Response:
    """The old one is invalid at once."""
    endpoint, secret = _find(ask), _new_secret()
    hidden = {**ask.world.store.hidden(KIND, endpoint["id"]), "secret": secret}
    return answer({"data": {**_save(ask, endpoint, hidden), "secret": secret}})


def delete(ask: Ask) -> Response:
    """What is still to be delivered to it is not."""
    endpoint = _find(ask)
    queue.give_up_all(ask.world, ask.account, endpoint["id"])
    ask.world.store.remove(KIND, endpoint["id"])
    return answer({"data": {"id": endpoint["id"], "deleted": True}})


# helpers


def _checked(url: str) -> str:
    """Raises a 400: made-up data stays on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise invalid("The emulator posts to http addresses of this machine only.", "url")
    return url


def _new_secret() -> str:
    return "rk_wh_" + secrets.token_urlsafe(24)


def _find(ask: Ask) -> Json:
    return ask.find(KIND, "webhook endpoint", ask.id)


def _save(ask: Ask, endpoint: Json, hidden: Json | None = None, **changes: object) -> Json:
    endpoint = {**endpoint, **changes, "updated_at": iso(ask.now_ms())}
    ask.world.store.save(KIND, endpoint["id"], endpoint, hidden)
    return endpoint
