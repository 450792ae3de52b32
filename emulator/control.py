"""The emulator's own side, under /_emulator/: faults, ledger, log, settings, clock, keys, planted objects, reset."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import Any

from emulator.accounts import ACCOUNTS, find_account
from emulator.app import App
from emulator.keys import ApiKey
from emulator.messages import Json, Request, Response, json_response

Route = Callable[..., Awaitable[Any]]  # (app, request, *parts of the path, body)


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    def __init__(self, more_routes: dict[tuple[str, str], Route]) -> None:
        self._routes = {
            (method, re.compile(template.replace("{}", "([^/]+)"))): route
            for (method, template), route in {**ROUTES, **more_routes}.items()
        }

    async def __call__(self, app: App, request: Request) -> Response:
        path = request.path.removeprefix("/_emulator").strip("/")
        for (method, pattern), route in self._routes.items():
            if method == request.method and (found := pattern.fullmatch(path)):
                return await self._run(route, app, request, found.groups())
        return json_response(404, {"error": f"There is no {request.method} /_emulator/{path}; see emulator/README.md"})

    async def _run(self, route: Route, app: App, request: Request, parts: tuple[str, ...]) -> Response:
        try:
            body = request.json()
            if not isinstance(body, dict):
                raise Refused(400, "the body must be an object")
            return json_response(200, await route(app, request, *parts, body))
        except Refused as refused:
            return json_response(refused.status, {"error": str(refused)})
        except (ValueError, TypeError, LookupError, OverflowError, re.error) as error:
            return json_response(400, {"error": f"{type(error).__name__}: {error}"})


async def show(app: App, request: Request, body: Json) -> Json:
    return {"seeding": app.world.store.noted("seeding"), "accounts": [str(account) for account in ACCOUNTS]}


async def add_fault(app: App, request: Request, body: Json) -> Json:
    return app.faults.add(body).describe()


async def list_faults(app: App, request: Request, body: Json) -> Json:
    return {"data": app.faults.describe()}


async def clear_faults(app: App, request: Request, body: Json) -> Json:
    app.faults.clear()
    return {}


async def read_log(app: App, request: Request, body: Json) -> Json:
    return {"data": app.log.read(dict(request.query_pairs()))}


async def clear_log(app: App, request: Request, body: Json) -> Json:
    app.log.clear()
    return {}


async def read_ledger(app: App, request: Request, body: Json) -> Json:
    return {"data": app.world.ledger.read(dict(request.query_pairs()))}


async def clear_ledger(app: App, request: Request, body: Json) -> Json:
    app.world.ledger.clear()
    return {}


async def reset(app: App, request: Request, body: Json) -> Json:
    await app.reset()
    return {}


async def show_settings(app: App, request: Request, body: Json) -> Json:
    return app.world.settings.all()


async def change_settings(app: App, request: Request, body: Json) -> Json:
    app.set(**body)
    return app.world.settings.all()


async def advance_clock(app: App, request: Request, body: Json) -> Json:
    app.world.clock.advance(float(body["advance"]))
    return {"now_ms": app.world.clock.peek_ms()}


async def list_keys(app: App, request: Request, body: Json) -> Json:
    return {"data": [_describe(key) for key in app.world.keys.all()]}


async def add_key(app: App, request: Request, body: Json) -> Json:
    """{"key", "merchant", "mode", "scopes"?, "provider"?}"""
    account, provider = find_account(body["merchant"], body["mode"]), body.get("provider", "revkeen")
    if not isinstance(body["key"], str) or not body["key"]:
        raise Refused(400, "key must be a text")
    if provider not in app.providers:
        raise Refused(400, f"provider must be one of {', '.join(app.providers)}")
    key = ApiKey(body["key"], provider, account, _scopes(body.get("scopes", ["*"])))
    app.world.keys.save(key)
    return _describe(key)


async def revoke_key(app: App, request: Request, body: Json) -> Json:
    """{"key", "revoked"?}"""
    revoked = body.get("revoked", True)
    if not isinstance(revoked, bool):
        raise Refused(400, "revoked is true or false")
    return _changed(app, body["key"], revoked=revoked)


async def change_scopes(app: App, request: Request, body: Json) -> Json:
    """{"key", "scopes"}"""
    return _changed(app, body["key"], scopes=_scopes(body["scopes"]))


async def cases(app: App, request: Request, body: Json) -> Json:
    """?merchant=&mode=: the ids of the showcase by name."""
    wanted = dict(request.query_pairs())
    return app.world.store.noted(f"cases_{find_account(wanted['merchant'], wanted['mode']).id}")


async def show_object(app: App, request: Request, kind: str, id: str, body: Json) -> Json:
    doc, _ = _object(app, kind, id)
    return {"object": doc, "hidden": app.world.store.hidden(kind, id)}


async def overwrite_object(app: App, request: Request, kind: str, id: str, body: Json) -> Json:
    """Members to plant, whatever their type; null stays null, {"$remove": ["name"]} takes members away.

    {"$hidden": {…}} replaces what the API never tells.
    """
    doc, _ = _object(app, kind, id)
    removed, hidden = body.pop("$remove", []), body.pop("$hidden", None)
    doc = {name: value for name, value in {**doc, **body}.items() if name not in removed}
    app.world.store.save(kind, id, doc, hidden)
    return {"object": doc}


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", ""): show,
    ("POST", "faults"): add_fault,
    ("GET", "faults"): list_faults,
    ("DELETE", "faults"): clear_faults,
    ("GET", "requests"): read_log,
    ("DELETE", "requests"): clear_log,
    ("GET", "ledger"): read_ledger,
    ("DELETE", "ledger"): clear_ledger,
    ("POST", "reset"): reset,
    ("GET", "settings"): show_settings,
    ("PATCH", "settings"): change_settings,
    ("POST", "clock"): advance_clock,
    ("GET", "keys"): list_keys,
    ("POST", "keys"): add_key,
    ("POST", "keys/revoke"): revoke_key,
    ("POST", "keys/scopes"): change_scopes,
    ("GET", "cases"): cases,
    ("GET", "objects/{}/{}"): show_object,
    ("PATCH", "objects/{}/{}"): overwrite_object,
}


def _object(app: App, kind: str, id: str) -> tuple[Json, int]:
    if kind not in app.world.store.kinds:
        raise Refused(404, f"no such kind; there are {', '.join(app.world.store.kinds)}")
    account = app.world.store.account_of(kind, id)
    if account is None:
        raise Refused(404, f"no such object in {kind}")
    doc = app.world.store.get(kind, account, id)
    assert doc is not None  # noqa: S101 (for mypy)
    return doc, account


def _changed(app: App, key: str, **members: Any) -> Json:
    changed = dataclasses.replace(app.world.keys[key], **members)
    app.world.keys.save(changed)
    return _describe(changed)


def _scopes(wanted: Any) -> tuple[str, ...]:
    if not isinstance(wanted, list) or not all(isinstance(scope, str) for scope in wanted):
        raise Refused(400, "scopes must be a list of texts")
    return tuple(wanted)


def _describe(key: ApiKey) -> Json:
    return {"key": key.masked, "provider": key.provider, "merchant": key.account.merchant, "mode": key.account.mode,
            "scopes": list(key.scopes), "revoked": key.revoked}  # fmt: skip
