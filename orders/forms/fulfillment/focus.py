"""Where the form that fulfills puts the focus: on what a button has added, on what is doubted, open or wrong.

Never on the button that sends: a scanner that reads twice would press it.
"""

from orders.forms.fulfillment.parcels import ParcelForm


def after(do: str, parcels: list[ParcelForm], told_first: ParcelForm) -> str:
    """The id of where to go on after this change of the form, "" where the focus stays."""
    what, _, of = do.partition(":")
    key = of.partition(":")[0]
    if what == "next":
        doubted = (parcel.doubted for parcel in parcels)
        is_open = (_first_open(parcel) for parcel in parcels)
        return next(filter(None, [*doubted, *is_open]), _choice(told_first))
    if what in ("tracking", "metadata"):
        parcel = next((parcel for parcel in parcels if parcel.key == key), None)
        return _last_row(what, parcel) if parcel else ""
    named = {"parcel": f"id_p{parcels[-1].key}-number-0", "remove": "add-parcel"}
    named |= {"carrier": f"id_p{key}-carrier", "split": f"id_p{key}-number-0", "undo": f"id_p{parcels[0].key}-number-0"}
    return named.get(what, "")


def first_wrong(parcels: list[ParcelForm]) -> str:
    """The id of the first field with an error that takes the focus, "" where there is none."""
    for parcel in parcels:
        for field in parcel.visible_fields():
            if field.errors and field.name != "lines":
                return f"{parcel.prefix}-yes" if field.name == "notify" else str(field.auto_id)
    return ""


def _last_row(what: str, parcel: ParcelForm) -> str:
    name, rows = ("number", parcel.numbers) if what == "tracking" else ("name", parcel.pairs)
    return f"id_{parcel.prefix}-{name}-{rows - 1}"


def _first_open(parcel: ParcelForm) -> str:
    """The first field that waits for somebody."""
    is_to_choose = parcel.completes and parcel.snapshot.recipient and not parcel.notify_typed
    return parcel.open_number_or_carrier or (f"{parcel.prefix}-yes" if is_to_choose else "")


def _choice(parcel: ParcelForm) -> str:
    """The choice about the e-mail that stands there, right before the button; "" where there is none to make."""
    if not parcel.completes:
        return ""
    chosen = "yes" if parcel.notify_typed == "yes" and parcel.snapshot.recipient else "no"
    return f"{parcel.prefix}-{chosen}"
