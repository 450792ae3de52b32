"""The form that fulfills, filled in by scans: what is counted becomes its units, a label its tracking number.

What speaks against a label, and what is wrong with the whole, is for that form to say.
"""

from collections.abc import Callable

from django.http import QueryDict

from orders import carriers
from orders.forms.fulfillment.fulfill import FulfillmentForm
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.station import work as working
from orders.services.station.work import BAD, GOOD, PLAIN, WAIT, Said, Work

Make = Callable[[QueryDict], FulfillmentForm]  # the form with these fields
COPIED = ("carrier", "carrier_name", "proposed-carrier", "notify")  # of the first parcel into the next
NUMBER, CARRIER = "number", "carrier"  # what can be confirmed with a second Enter


def fields_of(data: QueryDict) -> dict[str, list[str]]:
    """Those that are kept: the units and lines of a parcel follow from what is counted."""
    return {
        name: [str(value) for value in values]
        for name, values in data.lists()
        if not (name in ("do", "form_token", "fulfilling") or name.endswith("-lines") or "-units-" in name)
    }


def filled_in(work: Work, shown: FulfillmentSnapshot) -> QueryDict:
    """What the form that fulfills would send: what is counted, or all that is left where nobody counts."""
    data = QueryDict(mutable=True)
    for name, values in work.fields.items():
        data.setlist(name, list(values))
    parcels = [key for key in work.parcels if work.counted.get(key) or work.numbers(key)] or work.parcels[:1]
    data.setlist("parcel", list(parcels))
    units = {key: dict(work.counted.get(key, {})) for key in parcels}
    if not work.part and (work.reason or not work.units):
        for line_id, line in shown.lines.items():
            last = units[parcels[-1]]
            last[line_id] = last.get(line_id, 0) + line.left - work.units[line_id]
    for key, counts in units.items():
        data.setlist(f"p{key}-lines", [line_id for line_id in shown.lines if counts.get(line_id)])
        for line_id in shown.lines:
            data[f"p{key}-units-{line_id}"] = str(counts.get(line_id) or "")
    return data


def take_label(work: Work, shown: FulfillmentSnapshot, make: Make, text: str, *, sure: bool = False) -> Said:
    """Give the parcel at hand this number. What speaks against it is said, and then it is not taken, unless `sure`."""
    plain = carriers.normalized(carriers.plain(text))
    if plain in map(carriers.normalized, work.all_numbers):
        return Said(PLAIN, f"{carriers.plain(text)} was scanned already. It is on this order once.")
    if numbers := work.numbers(work.parcel):
        return Said(BAD, f"This parcel has the label {numbers[0]}. Remove it first{_for_another(work, shown)}.")
    form = _with_number(work, shown, make, text)
    row = form.parcels[-1].tracking[0]
    if row.is_doubted and not sure:
        work.doubted = text
        return Said(BAD, f"Label not taken. {' '.join(doubt.words for doubt in row.doubts)}")
    work.fields = fields_of(form.data)
    if row.doubts:
        work.fields[f"p{work.parcel}-sure-0"] = [row.sure]
    carrier = form.parcels[-1].carrier_typed
    name = carriers.name_of(carrier) if carrier else "No carrier"
    return Said(GOOD if carrier else WAIT, f"{name}: {row.number.value()}")


def _for_another(work: Work, shown: FulfillmentSnapshot) -> str:
    """What it takes to give another parcel a label: some units in this one, and some left."""
    if working.uncounted(work, shown) <= 0:
        return "" if work.units.total() == 1 else ", or take units back (−1) for the next parcel"
    begin = "begin the next parcel (F4)"
    return f", or {begin}" if work.counted.get(work.parcel) else f", or scan what is in it, then {begin}"


def remove_label(work: Work, key: str) -> Said:
    number = (work.numbers(key) or [""])[0]
    for name in ("number-0", "address-0", "proposed-0", "sure-0"):
        work.fields.pop(f"p{key}-{name}", None)
    return Said(PLAIN, f"Label {number} removed. Scan the right one.")


def choose_carrier(work: Work, key: str, code: str) -> Said:
    work.fields[f"p{key}-carrier"] = [code]
    return Said(GOOD, f"Carrier: {carriers.name_of(code)}")


def next_parcel(work: Work, shown: FulfillmentSnapshot, make: Make) -> Said:
    """Close the parcel at hand; what is scanned from now on is in the next."""
    if not work.counted.get(work.parcel):
        return Said(BAD, "Scan what is in this parcel first: with several parcels the units are counted.")
    if working.uncounted(work, shown) <= 0:
        return Said(BAD, "All units are counted: nothing is left for another parcel.")
    data = filled_in(work, shown)
    data["do"] = "parcel"
    form = make(data)
    if form.keys == data.getlist("parcel"):
        return Said(BAD, "No more parcels fit. Fulfill these first, then the rest.")
    work.fields, first, key = fields_of(form.data), form.keys[0], form.keys[-1]
    for name in COPIED:
        work.fields[f"p{key}-{name}"] = list(work.fields.get(f"p{first}-{name}", [""]))
    work.parcels.append(key)
    return Said(GOOD, f"Parcel {len(work.parcels)}: scan what is in it.")


def toggle_email(work: Work, shown: FulfillmentSnapshot) -> Said:
    if not shown.recipient:
        return Said(BAD, "A guest has no e-mail address.")
    answer = "no" if work.fields.get(f"p{work.parcels[0]}-notify") == ["yes"] else "yes"
    for key in work.parcels:
        work.fields[f"p{key}-notify"] = [answer]
    return Said(PLAIN, f"E-mail {shown.recipient}" if answer == "yes" else "No e-mail")


def missing(work: Work, shown: FulfillmentSnapshot) -> int:
    """Units that are to be counted before anything leaves; 0 where nobody has to, or said that the rest stays."""
    if work.part or work.reason or not (work.units or work.must):
        return 0
    return max(0, working.uncounted(work, shown))


def obstacle(work: Work, shown: FulfillmentSnapshot, form: FulfillmentForm) -> Said | None:
    """Why Enter does not send it off yet; what needs a second Enter is noted in `asked`. None: it goes."""
    return _of_units(work, shown) or _of_labels(work, form) or _of_form(form)


def _with_number(work: Work, shown: FulfillmentSnapshot, make: Make, text: str) -> FulfillmentForm:
    data = filled_in(work, shown)
    if work.parcel not in data.getlist("parcel"):  # the parcel at hand, in which nothing is counted yet
        data.appendlist("parcel", work.parcel)
    data[f"p{work.parcel}-number-0"], data["do"] = text, "look"
    return make(data)


def _of_units(work: Work, shown: FulfillmentSnapshot) -> Said | None:
    if work.part and not work.units:
        return Said(BAD, "Nothing is counted yet: scan what ships.")
    left = missing(work, shown)
    if not left:
        return None
    units = "1 unit is" if left == 1 else f"{left} units are"
    more = " or give a reason," if work.must else ""
    return Said(BAD, f"{units} not counted. Scan the rest,{more} or ship only what is counted (F2).")


def _of_labels(work: Work, form: FulfillmentForm) -> Said | None:
    if any(not work.numbers(key) for key in form.keys) and NUMBER not in work.asked:
        work.asked.append(NUMBER)
        return Said(WAIT, "No label scanned. Press Enter again to ship without a tracking number.")
    unnamed = any(work.numbers(parcel.key) and not parcel.carrier_typed for parcel in form.parcels)
    if unnamed and CARRIER not in work.asked:
        work.asked.append(CARRIER)
        return Said(WAIT, "No carrier for this number. Choose it, or press Enter again to ship without.")
    return None


def _of_form(form: FulfillmentForm) -> Said | None:
    first = form.told_first
    if first.completes and form.snapshot.recipient and not first.notify_typed:
        return Said(BAD, f"Choose whether to e-mail {form.snapshot.recipient} (F7). It is asked once.")
    if form.is_right:
        return None
    errors = [f"{label}: {error}" for (_, label), error in zip(form.wrong, _errors(form), strict=False)]
    return Said(BAD, f"Not sent. {' '.join(errors)}")


def _errors(form: FulfillmentForm) -> list[str]:
    return [str(bound.errors[0]) for parcel in form.parcels for bound in parcel.visible_fields() if bound.errors]
