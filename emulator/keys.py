"""API keys: whose they are, what they may do, and the form in which they may be written down."""

from __future__ import annotations

import json
from dataclasses import dataclass

from emulator.accounts import ACCOUNTS, Account
from emulator.store import Store


@dataclass(frozen=True)
class ApiKey:
    key: str
    provider: str
    account: Account
    scopes: tuple[str, ...]
    revoked: bool = False

    @property
    def masked(self) -> str:
        return mask(self.key)

    def may(self, scope: str) -> bool:
        resource, _, action = scope.partition(":")
        return any(granted in ("*", scope, f"{resource}:*", f"*:{action}") for granted in self.scopes)


class ApiKeys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.reload()

    def reload(self) -> None:
        rows = self._store.db.execute("SELECT key, provider, account, scopes, revoked FROM api_keys")
        accounts = {account.id: account for account in ACCOUNTS}
        self._keys = {
            row[0]: ApiKey(row[0], row[1], accounts[row[2]], tuple(json.loads(row[3])), bool(row[4])) for row in rows
        }

    def find(self, key: str, provider: str) -> ApiKey | None:
        found = self._keys.get(key)
        return found if found and found.provider == provider else None

    def all(self) -> list[ApiKey]:
        return list(self._keys.values())

    def save(self, key: ApiKey) -> None:
        save_key(self._store, key)
        self.reload()

    def __getitem__(self, key: str) -> ApiKey:
        return self._keys[key]


def save_key(store: Store, key: ApiKey) -> None:
    row = (key.key, key.provider, key.account.id, json.dumps(key.scopes), key.revoked)
    store.db.execute("INSERT OR REPLACE INTO api_keys VALUES (?, ?, ?, ?, ?)", row)


def mask(key: str) -> str:
    """Prefix and last four, as in `rk_live_…demo`."""
    prefix = "_".join(key.split("_")[:2]) + "_" if key.count("_") >= 2 else ""
    return f"{prefix[:16]}…{key[-4:]}" if len(key) > 8 else "…"
