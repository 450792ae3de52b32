"""What can be set while it runs: what all APIs have, and the switches of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.latency import Latency
from emulator.limits import OWN, read_rates


@dataclass(frozen=True)
class Switch:
    """One of a few values, the first of which holds until it is set."""

    values: tuple[bool | str, ...]

    @property
    def what(self) -> str:
        return f"one of {self.values}"

    def allows(self, value: object) -> bool:
        return any(value == one and type(value) is type(one) for one in self.values)


@dataclass(frozen=True)
class Seconds:
    """So many of them; none until it is set."""

    values = (0,)
    what = "a number of seconds"

    def allows(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10**9


class Settings:
    """Read with `settings["latency"]`."""

    def __init__(self, switches: Mapping[str, Switch | Seconds], *, latency: str = "0", limits: str = OWN) -> None:
        self._switches = switches
        self._first: dict[str, Any] = {
            "latency": latency,
            "latency_of": {},  # by API key, merchant/mode, merchant or provider
            "limits": limits,
            **{name: switch.values[0] for name, switch in switches.items()},
        }
        self.reset()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def all(self) -> dict[str, Any]:
        return dict(self._values)

    def reset(self) -> None:
        """Back to what the command line said."""
        self._values: dict[str, Any] = dict(self._first)
        self._read_latencies(self._values)

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError; nothing is changed then."""
        if unknown := wanted.keys() - self._values.keys():
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        for name in wanted.keys() & self._switches.keys():
            if not self._switches[name].allows(wanted[name]):
                raise ValueError(f"{name} is {self._switches[name].what}")
        values = {**self._values, **wanted}
        read_rates(values["limits"])
        self._read_latencies(values)
        self._values = values

    def latency_for(self, names: tuple[str, ...]) -> Latency:
        """That of the first of these names that has one, else the general one."""
        found = (self._latencies[name] for name in names if name in self._latencies)
        return next(found, self._latency)

    # helpers

    def _read_latencies(self, values: Mapping[str, Any]) -> None:
        """Raises ValueError."""
        if not isinstance(values["latency_of"], dict):
            raise ValueError("latency_of is an object")
        latencies = {name: Latency.read(str(text)) for name, text in values["latency_of"].items()}
        self._latency = Latency.read(str(values["latency"]))
        self._latencies = latencies
