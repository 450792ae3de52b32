"""The form that fulfills: one parcel or several, the buttons that change the form, and the one that sends it off."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import timezone

from orders.forms.fields import ticks
from orders.forms.fields.tracking import MOST_NUMBERS
from orders.forms.fulfillment import focus, typed_numbers
from orders.forms.fulfillment.fulfill_button import Named
from orders.forms.fulfillment.parcels import MOST_METADATA, ParcelForm, only_left
from orders.models import PartnerSettings, Shipment
from orders.services.fulfillment.fulfill import completed_by
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from orders.services.fulfillment.presets import Preset
from orders.services.fulfillment.shipments import Parcel

MOST_PARCELS = 20
MOST_ROWS = 2400  # lines times parcels: beyond it a form would have more fields than one may have
NOTHING = Preset()
KEY = re.compile(r"[0-9]{1,3}")


def fresh(shown: FulfillmentSnapshot, *, ticked: Mapping[str, int], preset: Preset = NOTHING) -> QueryDict:
    """The form as it is opened: one parcel with all that is left, and those units of lines ticked that are proposed.

    `preset` is what the person chose last; nobody is e-mailed who has no address.
    """
    data = QueryDict(mutable=True)
    _fill_in(data, "1", {line_id: ticked.get(line_id, line.left) for line_id, line in shown.lines.items()})
    data.setlist("p1-lines", [line_id for line_id in shown.lines if line_id in ticked])
    carrier = typed_numbers.carrier_fields("1", preset.carrier)
    data.update(carrier)
    data["p1-proposed-carrier"] = carrier["p1-carrier"]
    data["p1-notify"] = preset.email if shown.recipient else ""
    return data


class FulfillmentForm:
    """Its parcels are Django's forms. `fulfilling` is the value of the button: what it named, and nothing else is sent.

    `do` is the value of a button that changes the form alone: `parcel`, `remove:1`, `tracking:1`, `metadata:1`,
    `carrier:1:ups`, `split:1:0`, `all:1`, `none:1`, `look`, or `next`, which leads on to what is open. `focus` is the
    id of what has the focus then. `taken` says which of these normalized numbers another order has.
    """

    def __init__(
        self,
        data: QueryDict,
        *,
        snapshot: FulfillmentSnapshot,
        destinations: set[str],
        defaults: PartnerSettings,
        zone: ZoneInfo,
        taken: Callable[[set[str]], Mapping[str, Shipment]] = lambda numbers: {},
    ) -> None:
        self.data, self.snapshot, self.destinations, self.defaults = data.copy(), snapshot, destinations, defaults
        self.most_parcels = max(1, min(MOST_PARCELS, MOST_ROWS // max(1, len(snapshot.lines))))
        self.keys = self._keys()
        self.zone = zone
        self.taken: Mapping[str, Shipment] = {}
        self.scanned: dict[str, set[int]] = {}
        self.do = self.data.get("do", "")
        self.button_differs = False
        self._change()
        if self.do:
            typed_numbers.set_carriers(self.data, self.keys)
        self.scanned = typed_numbers.take_out_of_bar_codes(self.data, self.keys)
        self.taken = taken(typed_numbers.all_numbers(self.data, self.keys))
        if self.do:
            ticks.fill_in(self.data, self.keys, self.snapshot.lines)
        self._prefill()
        self.parcels = [self._parcel(key) for key in self.keys]
        self._propose_addresses()
        with timezone.override(zone):
            for parcel in self.parcels:
                parcel.full_clean()
        self._refuse_too_many()
        self._tell()
        if self.do:
            self.keep_errors_of_units()
        self.focus = ""
        if self.do:
            self._put_focus(focus.after(self.do, self.parcels, self.told_first))

    @property
    def is_right(self) -> bool:
        return not self.button_differs and not any(parcel.errors for parcel in self.parcels)

    @property
    def is_again(self) -> bool:
        """It is filled in with what was sent off and came to nothing."""
        return self.data.get("again") == "yes"

    @property
    def units_are_right(self) -> bool:
        return not any(name.startswith("units-") for parcel in self.parcels for name in parcel.errors)

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """The id and the label of each field that has an error."""
        many = len(self.parcels) > 1
        return [
            (bound.id_for_label or bound.auto_id, f"Parcel {nth}: {bound.label}" if many else str(bound.label))
            for nth, parcel in enumerate(self.parcels, 1)
            for bound in parcel.visible_fields()
            if bound.errors
        ]

    @property
    def can_add(self) -> bool:
        return len(self.keys) < self.most_parcels

    @cached_property
    def named(self) -> Named:
        units: Counter[str] = Counter()
        for parcel in self.parcels:
            units.update(parcel.units)
        told = tuple(len(parcel.completes) for parcel in self.parcels)
        packed = sum(bool(parcel.units) for parcel in self.parcels)
        return Named(len(units), units.total(), packed, told)

    @property
    def asked(self) -> list[Parcel]:
        """Of a form that is right."""
        return [parcel.parcel for parcel in self.parcels]

    def check_button(self) -> bool:
        """Whether the form is right, and the button that was pressed named this."""
        if self.is_right and self.data.get("fulfilling") != self.named.value:
            self.button_differs = True
        if not self.is_right:
            self._put_focus(focus.first_wrong(self.parcels))
        return self.is_right

    def focus_first(self) -> None:
        """On the first tracking number: a scanner types there at once."""
        self._put_focus(self.parcels[0]["number-0"].auto_id)

    @property
    def email_chosen(self) -> str:
        """Of a form that is right: the choice about the e-mail, "" where there was none to make."""
        first = self.told_first
        return str(first.cleaned_data["notify"]) if first.completes and self.snapshot.recipient else ""

    def keep_errors_of_units(self) -> None:
        for parcel in self.parcels:
            parcel.keep_errors_of_units()

    @property
    def told_first(self) -> ParcelForm:
        """The parcel that the first call to RevKeen is about."""
        return next((parcel for parcel in self.parcels if parcel.completes), self.parcels[0])

    def _keys(self) -> list[str]:
        sent = [key for key in dict.fromkeys(self.data.getlist("parcel")) if KEY.fullmatch(key)]
        return sent[: self.most_parcels] or ["1"]

    def _parcel(self, key: str) -> ParcelForm:
        return ParcelForm(
            self.data,
            key=key,
            snapshot=self.snapshot,
            destinations=self.destinations,
            zone=self.zone.key,
            taken=self.taken,
            scanned=self.scanned.get(key),
        )

    def _change(self) -> None:
        """As the button says that was pressed."""
        do, _, of = self.do.partition(":")
        key, _, what = of.partition(":")
        if do == "parcel" and self.can_add:
            self._add_parcel()
        elif key not in self.keys:
            return
        elif do == "remove" and len(self.keys) > 1:
            self.keys.remove(key)
        elif do == "carrier":
            self.data[f"p{key}-carrier"] = what
        elif do == "all":
            ticks.tick_all(self.data, key, self.keys, self.snapshot.lines)
        elif do == "none":
            ticks.tick_none(self.data, key)
        elif do == "split":
            typed_numbers.split(self.data, key, what)
        elif do == "tracking":
            self._add_row(key, ("number", "address"), MOST_NUMBERS)
        elif do == "metadata":
            self._add_row(key, ("name", "value"), MOST_METADATA)

    def _add_parcel(self) -> None:
        key = str(max(map(int, self.keys)) + 1)
        if not KEY.fullmatch(key):
            return
        left = {line_id: line.left for line_id, line in self.snapshot.lines.items()}
        for parcel in map(self._parcel, self.keys):
            parcel.full_clean()
            left = {line: units - parcel.units.get(line, 0) for line, units in left.items()}
        self.keys.append(key)
        _fill_in(self.data, key, left)

    def _add_row(self, key: str, names: tuple[str, ...], most: int) -> None:
        first = f"p{key}-{names[0]}-"
        place = next((place for place in range(most) if f"{first}{place}" not in self.data), None)
        if place is not None:
            for name in names:
                self.data[f"p{key}-{name}-{place}"] = ""

    def _prefill(self) -> None:
        """What the merchant has set, where nobody was asked yet."""
        for key in self.keys:
            asked = {"partner_id": self.defaults.partner_id, "cost_currency": self.defaults.cost_currency}
            asked |= {f"subfulfiller-{line}": self.defaults.subfulfiller_id for line in self.snapshot.lines}
            for name, value in asked.items():
                self.data.setdefault(f"p{key}-{name}", value)

    def _propose_addresses(self) -> None:
        """An address that nobody has touched goes with its carrier and number."""
        for parcel in self.parcels:
            for place in range(parcel.numbers):
                address, proposed = (parcel.add_prefix(f"{name}-{place}") for name in ("address", "proposed"))
                if self.data.get(address, "").strip() in ("", self.data.get(proposed, "")):
                    self.data[address] = parcel.proposal(place)

    def _put_focus(self, where: str) -> None:
        """On the element of this id, be it a field or not."""
        self.focus = where
        for parcel in self.parcels:
            field = parcel.fields.get(where.removeprefix(f"id_{parcel.prefix}-"))
            if field is not None:
                field.widget.attrs["autofocus"] = True
                if parcel.doubted == where:
                    field.widget.attrs["data-select"] = ""  # so that the next scan takes its place

    def _refuse_too_many(self) -> None:
        for line_id, line in self.snapshot.lines.items():
            packed = [(nth, parcel) for nth, parcel in enumerate(self.parcels, 1) if parcel.units.get(line_id)]
            total = sum(parcel.units[line_id] for _, parcel in packed)
            if total > line.left:
                words = _too_many([nth for nth, _ in packed], total, line)
                packed[-1][1].add_error(f"units-{line_id}", words)

    def _tell(self) -> None:
        """Which parcel RevKeen hears of, and so which may have an e-mail, hangs on all of them."""
        asked = [Parcel(items=parcel.items) for parcel in self.parcels]
        for parcel, lines in zip(self.parcels, completed_by(asked, self.snapshot), strict=True):
            parcel.completes = lines
            if lines and "notify" not in parcel.errors:
                self._check_mail(parcel)
        for parcel in self.parcels:
            parcel.hears = self._hears(parcel)

    def _hears(self, parcel: ParcelForm) -> dict[str, list[str]]:
        """When RevKeen hears of the lines in a parcel: `with this parcel`, `when its last 2 units ship`."""
        hears: dict[str, list[str]] = {}
        for line_id in parcel.units:
            hears.setdefault(self._when(line_id, parcel), []).append(self.snapshot.lines[line_id].description)
        return hears

    def _when(self, line_id: str, parcel: ParcelForm) -> str:
        nth = next((nth for nth, other in enumerate(self.parcels, 1) if line_id in other.completes), None)
        if nth is not None:
            return "with this parcel" if self.parcels[nth - 1] is parcel else f"with parcel {nth}"
        rest = self.snapshot.lines[line_id].left - sum(other.units.get(line_id, 0) for other in self.parcels)
        return f"when its last {rest} units ship" if rest > 1 else "when its last unit ships"

    def _check_mail(self, parcel: ParcelForm) -> None:
        if not parcel.cleaned_data["notify"]:
            parcel.add_error("notify", "Choose whether to e-mail the customer. An e-mail cannot be undone.")
        elif parcel.cleaned_data["notify"] == "yes" and not self.snapshot.recipient:
            parcel.add_error("notify", "Guests have no e-mail address: choose “No e-mail”.")


def _fill_in(data: QueryDict, key: str, units: dict[str, int]) -> None:
    """A parcel as it is opened, nothing ticked. `units`: what is proposed of each line."""
    data.appendlist("parcel", key)
    for line, count in units.items():
        data[f"p{key}-units-{line}"] = str(count) if count > 0 else ""
    data[f"p{key}-status"] = "FULFILLED"


def _too_many(parcels: list[int], total: int, line: LineSnapshot) -> str:
    if len(parcels) == 1:
        return only_left(line)
    which = f"{', '.join(map(str, parcels[:-1]))} and {parcels[-1]}"
    return f"Parcels {which} have {total} of them together. {only_left(line)}"
