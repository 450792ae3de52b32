"""The four accounts: two merchants, each with live and with test data."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "test"]


@dataclass(frozen=True)
class Account:
    id: int
    merchant: str  # slug
    mode: Mode
    name: str
    letters: str  # begins its public numbers

    @property
    def merchant_id(self) -> str:
        """RevKeen's own id of the account."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, str(self)))

    def __str__(self) -> str:
        return f"{self.merchant}/{self.mode}"


ACCOUNTS = (
    Account(1, "northwind", "live", "Northwind Trading", "NW"),
    Account(2, "northwind", "test", "Northwind Trading", "NW"),
    Account(3, "kestrel", "live", "Kestrel Outdoor", "KO"),
    Account(4, "kestrel", "test", "Kestrel Outdoor", "KO"),
)


def find_account(merchant: str, mode: str) -> Account:
    """Raises LookupError."""
    for account in ACCOUNTS:
        if (account.merchant, account.mode) == (merchant, mode):
            return account
    raise LookupError(f"there is no {merchant}/{mode}; say northwind or kestrel, live or test")
