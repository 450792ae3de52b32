"""Which calls the API fails, and how: weights with a seed, so that a run can be had again."""

from typing import Any

from chaos.shop import PLACES
from tests.support.emulation import RunningEmulator

# 40 % of the changes: what happens to the call, and how often.
CHANGES: list[tuple[float, dict[str, Any]]] = [
    (0.10, {"kind": "disconnect", "how": "reset", "after_work": True}),
    (0.10, {"kind": "bad_gateway", "after_work": True}),
    (0.05, {"kind": "truncated", "after_work": True}),
    (0.05, {"kind": "error", "status": 500}),
    (0.04, {"kind": "rate_limited", "retry_after": "1"}),
    (0.04, {"kind": "hang", "after_work": True}),
    (0.02, {"kind": "disconnect", "how": "reset"}),
]
READS: list[tuple[float, dict[str, Any]]] = [
    (0.02, {"kind": "disconnect", "how": "reset"}),
    (0.02, {"kind": "error", "status": 500}),
    (0.01, {"kind": "truncated"}),
]


def begin(emulator: RunningEmulator, seed: int) -> None:
    """From now on, and for the dashboard's keys alone."""
    for place in PLACES:
        for method in ("POST", "PATCH"):
            seed = _add(emulator, CHANGES, seed, method=method, key=place.key)
        seed = _add(emulator, READS, seed, method="GET", key=place.key)


def begin_at_partners(emulator: RunningEmulator, seed: int) -> None:
    """The same of the calls that tell Digital River and OrderProtection of parcels, and of the looks there."""
    for provider in ("digital_river", "order_protection"):
        seed = _add(emulator, CHANGES, seed, method="POST", provider=provider)
        seed = _add(emulator, READS, seed, method="GET", provider=provider)


def _add(emulator: RunningEmulator, weighed: list[tuple[float, dict[str, Any]]], seed: int, **which: Any) -> int:
    """The emulator asks one fault after the other: each gets its chance among what the former ones let pass."""
    left = 1.0
    for weight, fault in weighed:
        seed += 1
        emulator.fault(**fault, **which, path="", times=None, probability=weight / left, seed=seed)
        left -= weight
    return seed
