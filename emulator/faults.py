"""Faults on demand: which calls go wrong, and what the caller then gets."""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from emulator.messages import Json, Request, Response
from emulator.shapes import KINDS, Failure


@dataclass(eq=False)
class Fault:
    """`after_work` says whether the work is done. `times` calls are hit, or each with `probability`."""

    id: int
    kind: str
    provider: str | None
    method: str
    path: re.Pattern[str]
    key: str | None
    times: int | None
    probability: float | None
    after_work: bool
    parameters: Json
    rng: random.Random
    hits: int = 0

    def matches(self, provider: str, request: Request, key: str | None) -> bool:
        return (
            self.provider in (None, provider)
            and self.method in ("*", request.method)
            and self.key in (None, key)
            and self.path.search(request.path) is not None
        )

    def shape(self, response: Response, failure: Failure) -> Response:
        """What the caller gets instead of `response`."""
        return KINDS[self.kind].shape(self.parameters, response, failure)

    def describe(self) -> Json:
        shown = ("id", "kind", "provider", "method", "times", "probability", "after_work", "hits")
        return {**{name: getattr(self, name) for name in shown}, "path": self.path.pattern, **self.parameters}


class Faults:
    def __init__(self, providers: Collection[str]) -> None:
        self._providers = providers
        self._faults: list[Fault] = []
        self._made = 0

    def add(self, wanted: Json) -> Fault:
        """Raises ValueError, which says what is wrong."""
        self._made += 1
        fault = _read(self._made, dict(wanted))
        if fault.provider not in (None, *self._providers):
            raise ValueError(f"provider must be one of {', '.join(self._providers)}")
        self._faults.append(fault)
        return fault

    def take(self, provider: str, request: Request, key: str | None) -> Fault | None:
        """The fault that hits this call, counted; the oldest first."""
        for fault in self._faults:
            if not fault.matches(provider, request, key):
                continue
            if fault.probability is not None and fault.rng.random() >= fault.probability:
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self._faults.clear()

    def describe(self) -> list[Json]:
        return [fault.describe() for fault in self._faults]


def _read(id: int, wanted: Json) -> Fault:
    """Raises ValueError, which says what is wrong."""
    kind = KINDS.get(_take(wanted, "kind", str, ""))
    if kind is None:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    probability = _take(wanted, "probability", float | int, None)
    fault = Fault(
        id=id, kind=kind.name, provider=_take(wanted, "provider", str, None),
        method=_take(wanted, "method", str, "*").upper(),
        path=re.compile(_take(wanted, "path", str, "")), key=_take(wanted, "key", str, None),
        times=_take(wanted, "times", int, 1 if probability is None else None), probability=probability,
        after_work=_take(wanted, "after_work", bool, kind.after_work),
        rng=random.Random(_take(wanted, "seed", int, 0)), parameters=dict(kind.parameters),
    )  # fmt: skip
    kind.check(wanted)
    fault.parameters.update(wanted)
    if (fault.times is not None and fault.times < 1) or (probability is not None and not 0 < probability <= 1):
        raise ValueError("times is at least 1, probability above 0 and at most 1")
    if kind.always is not None and fault.after_work != kind.always:
        raise ValueError(f"{kind.name} has after_work {kind.always}")
    return fault


def _take(wanted: Json, name: str, type: Any, default: Any) -> Any:
    """Take a member out, and refuse one that is not of this type. Raises ValueError."""
    value = wanted.pop(name, default)
    if value is not default and not (isinstance(value, type) and (type is bool or not isinstance(value, bool))):
        raise ValueError(f"{name} cannot be {value!r:.60}")
    return value
