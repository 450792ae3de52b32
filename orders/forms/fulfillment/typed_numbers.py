"""What becomes of tracking numbers between two looks at the form: cleaned, taken apart, and their carrier set.

All of it is about what was sent, before Django's forms see it. `key` is a parcel's.
"""

from collections.abc import Iterable

from django.http import QueryDict

from orders import carriers
from orders.forms.fields.tracking import MOST_NUMBERS, OTHER


def take_out_of_bar_codes(data: QueryDict, keys: Iterable[str]) -> dict[str, set[int]]:
    """Each number as its carrier knows it. Key → the places where a bar code held more than its number."""
    scanned: dict[str, set[int]] = {}
    for key in keys:
        for place in _places(data, key):
            name = f"p{key}-number-{place}"
            typed = str(data[name])
            data[name] = carriers.plain(typed) if not carriers.several(typed) else typed
            if carriers.normalized(carriers.cleaned(typed)) != carriers.normalized(str(data[name])):
                scanned.setdefault(key, set()).add(place)
    return scanned


def set_carriers(data: QueryDict, keys: Iterable[str]) -> None:
    """The carrier that a first number leaves no doubt about, where the one that stands there was chosen by nobody.

    Before a number is taken out of its bar code: what was scanned may say more than the number that it holds.
    """
    for key in keys:
        typed = str(data.get(f"p{key}-number-0", ""))
        found = carriers.certain(typed)
        chosen, proposed = data.get(f"p{key}-carrier", ""), data.get(f"p{key}-proposed-carrier", "")
        if found and chosen in ("", proposed):
            data[f"p{key}-carrier"] = data[f"p{key}-proposed-carrier"] = found.code
            data[f"p{key}-proposed-by"] = carriers.normalized(carriers.plain(typed))


def carrier_fields(key: str, carrier: str) -> dict[str, str]:
    """The fields of this carrier: a code of the directory, another carrier's name, or ""."""
    listed = not carrier or carrier in {one.code for one in carriers.CARRIERS}
    return {f"p{key}-carrier": carrier if listed else OTHER, f"p{key}-carrier_name": "" if listed else carrier}


def split(data: QueryDict, key: str, place: str) -> None:
    """Give each of the numbers that were typed into one field a field of its own, where there is room for all."""
    places = _places(data, key)
    if place not in map(str, places):
        return
    parts = carriers.several(str(data[f"p{key}-number-{place}"]))
    before, after = places[: int(place)], places[int(place) + 1 :]
    rows = [_row(data, key, other) for other in before]
    rows += [(part, "") for part in parts]
    rows += [row for row in (_row(data, key, other) for other in after) if row[0]]
    if not parts or len(rows) > MOST_NUMBERS:
        return
    for nth, (number, address) in enumerate(rows):
        data[f"p{key}-number-{nth}"], data[f"p{key}-address-{nth}"] = number, address


def all_numbers(data: QueryDict, keys: Iterable[str]) -> set[str]:
    """Normalized, of all parcels."""
    typed = (str(data[f"p{key}-number-{place}"]) for key in keys for place in _places(data, key))
    return {plain for number in typed if (plain := carriers.normalized(number))}


def _places(data: QueryDict, key: str) -> list[int]:
    return [place for place in range(MOST_NUMBERS) if f"p{key}-number-{place}" in data]


def _row(data: QueryDict, key: str, place: int) -> tuple[str, str]:
    return str(data[f"p{key}-number-{place}"]), str(data.get(f"p{key}-address-{place}", ""))
