"""The dry run of fulfilling: what each row would send, and what speaks against it.

Rows of one order are looked at together, one after the other: what an earlier row takes is not left for a later one.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from orders import carriers
from orders.apis.revkeen.objects import LineItem, Order
from orders.models import Job, JobRow, Shipment
from orders.services.changes.snapshots import kept
from orders.services.fulfillment import tracking_numbers
from orders.services.fulfillment.fulfillable import Fulfillable
from orders.services.jobs import marks
from orders.services.jobs.damage import damage
from orders.services.jobs.known_orders import KnownOrders
from orders.services.jobs.marks import Code
from orders.services.jobs.table_reading import COLUMNS
from orders.services.orders import next_steps

YES = {"yes", "y", "true", "1", "x", "ja", "oui", "si", "on"}
NO = {"no", "n", "false", "0", "nein", "non", "off"}
LONGEST_NUMBER, LONGEST_NAME = 100, 50
MOST_UNITS = 1_000_000


def check(job: Job, rows: Sequence[JobRow], known: KnownOrders) -> None:
    """Mark every row, and fix what those that are sent will send."""
    for row in rows:
        _check_cells(job, row)
    numbers = _Numbers(job, rows)
    for row in rows:
        _check_number(row, numbers)
    of_orders: dict[uuid.UUID, list[JobRow]] = defaultdict(list)
    for row in rows:
        if row.order_id in known.orders:
            of_orders[row.order_id].append(row)
    for order_id, of_order in of_orders.items():
        _check_order(known, known.fulfillable(order_id), of_order)


def _check_cells(job: Job, row: JobRow) -> None:
    """What the row says by itself. `asked` holds it as it will be sent."""
    typed = row.typed
    for name in ("order", "tracking", "sku"):
        if found := damage(typed.get(name, "")):
            marks.add(row, Code.DAMAGED, f"{COLUMNS[name]} “{typed[name]}” {found}")
    number = carriers.plain(typed.get("tracking", ""))
    carrier = typed.get("carrier") or _carrier_of(job, number)
    listed = carriers.find(carrier)
    row.asked = {
        "tracking": number,
        "carrier": listed.code if listed else carrier,
        "notify": _notify(job, row),
        "units": _units(row),
    }
    if not number.isascii() or not number.isprintable() or len(number) > LONGEST_NUMBER:
        marks.add(row, Code.INVALID, f"{COLUMNS['tracking']} “{number[:40]}” has characters that no number has.")
    if not carrier.isprintable() or len(carrier) > LONGEST_NAME:
        marks.add(row, Code.INVALID, f"{COLUMNS['carrier']} “{carrier[:40]}” is no name of a carrier.")


def _carrier_of(job: Job, number: str) -> str:
    """As the form that fulfills proposes it: whose number it surely is, or else what was chosen for all rows."""
    sure = carriers.certain(number) if number else None
    return sure.code if sure else str(job.asked.get("carrier", "")) if number else ""


def _notify(job: Job, row: JobRow) -> bool:
    typed = str(row.typed.get("notify", "")).casefold()
    if typed and typed not in YES | NO:
        marks.add(row, Code.INVALID, f"{COLUMNS['notify']} “{typed[:40]}” is neither yes nor no.")
    return typed in YES if typed else job.asked.get("notify") == "yes"


def _units(row: JobRow) -> int | None:
    typed = str(row.typed.get("units", ""))
    if not typed:
        return None
    if typed.isascii() and typed.isdigit() and 0 < int(typed[:10]) <= MOST_UNITS:
        return int(typed)
    marks.add(row, Code.INVALID, f"{COLUMNS['units']} “{typed[:40]}” is no whole number above 0.")
    return None


@dataclass(frozen=True)
class _Numbers:
    """Whose each tracking number is: shipments that have it, and rows of this job."""

    shipments: dict[str, list[Shipment]]
    rows: dict[str, list[JobRow]]

    def __init__(self, job: Job, rows: Sequence[JobRow]) -> None:
        of_rows: dict[str, list[JobRow]] = defaultdict(list)
        for row in rows:
            of_rows[carriers.normalized(row.asked["tracking"])].append(row)
        found = tracking_numbers.shipments_with(job.merchant, job.mode, of_rows)
        object.__setattr__(self, "shipments", found)
        object.__setattr__(self, "rows", of_rows)

    def other_order(self, row: JobRow) -> str:
        """The number of another order whose parcel has it; "" where none has."""
        having = self.shipments.get(carriers.normalized(row.asked["tracking"]), [])
        return next((one.order_number for one in reversed(having) if one.order_id != row.order_id), "")

    def other_row(self, row: JobRow) -> JobRow | None:
        """A row with the same number and another order."""
        same = self.rows[carriers.normalized(row.asked["tracking"])]
        return next((one for one in same if _order(one) != _order(row)), None)


def _order(row: JobRow) -> object:
    return row.order_id or row.typed.get("order", "")


def _check_number(row: JobRow, numbers: _Numbers) -> None:
    number, carrier = row.asked["tracking"], row.asked["carrier"]
    if not number and not marks.stopped(row):
        marks.add(row, Code.NO_NUMBER, "There is no tracking number.")
    if not number or marks.stopped(row):  # what is damaged is no number
        return
    found = carriers.doubts(carrier, number, order_number=row.order_number, taken_by=numbers.other_order(row))
    for doubt in found:
        marks.add(row, marks.OF_NUMBERS.get(doubt.kind, Code.NUMBER), doubt.words)
    other = numbers.other_row(row)
    if other is not None:
        marks.add(row, Code.TAKEN, f"Row {other.place} has this tracking number for another order.")


def _check_order(known: KnownOrders, found: Fulfillable, rows: list[JobRow]) -> None:
    order = found.order.require()
    if reason := next_steps.step(order, "order_fulfill").reason:
        for row in rows:
            marks.add(row, _why(order), f"{reason[0].upper()}{reason[1:]}")
        return
    if not found.open_lines:
        for row in rows:
            marks.add(row, Code.SHIPPED, "All units have shipped already.")
        return
    if hold := known.holds.get(order.id):
        for row in rows:
            marks.add(row, Code.ON_HOLD, f"{hold.words}. Release the hold first.")
    _check_twice(rows)
    left = Counter({line.id: found.left(line) for line in order.lines})
    shown = kept(known.snapshot(found))
    for row in (row for row in rows if not marks.stopped(row)):
        row.seen = shown
        items = _items(row, known, found, left)
        if not marks.stopped(row):
            row.asked["items"] = [[str(line_id), units] for line_id, units in items.items()]
            left -= Counter(items)


def _why(order: Order) -> Code:
    if order.fulfillment_status in ("fulfilled", "returned"):
        return Code.SHIPPED
    return Code.NOT_PAID if order.status in next_steps.UNPAID else Code.CLOSED


def _check_twice(rows: list[JobRow]) -> None:
    """The same row again is left out. Where two rows want the same units differently, nobody knows which is right."""
    seen: dict[str, int] = {}
    for row in rows:
        said = repr(sorted((name, text) for name, text in row.typed.items() if text))
        if said in seen:
            marks.add(row, Code.TWICE, f"Row {seen[said]} says the same.")
        seen.setdefault(said, row.place)
    different = [row for row in rows if not marks.stopped(row)]
    for row in different:
        other = next((one for one in different if one is not row and _same_units(one, row)), None)
        if other is not None:
            marks.add(row, Code.TWICE, f"Row {other.place} ships the same units otherwise.")


def _same_units(one: JobRow, other: JobRow) -> bool:
    """Whether one of them takes all that is left of what the other names too."""
    lines = [(row.typed.get("sku", ""), row.typed.get("line", "")) for row in (one, other)]
    if ("", "") in lines:
        return True
    return lines[0] == lines[1] and None in (one.asked["units"], other.asked["units"])


def _items(row: JobRow, known: KnownOrders, found: Fulfillable, left: Counter[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Line → units that this row sends; {} where something keeps it out, and that is marked."""
    sku, line = row.typed.get("sku", ""), row.typed.get("line", "")
    if not sku and not line:
        return _all_of_it(row, found, left)
    lines = [one for one in found.order.require().lines if _is_meant(known, found, one, sku, line)]
    if not lines:
        marks.add(row, Code.NO_LINE, f"The order has no line “{sku or line}”.")
        return {}
    wanted, there = row.asked["units"], sum(left[one.id] for one in lines)
    if not there:
        marks.add(row, Code.SHIPPED, f"All units of “{sku or line}” have shipped, or are in a row above.")
    elif wanted is not None and wanted > there:
        marks.add(row, Code.TOO_MANY, f"{wanted} units of “{sku or line}”, and {there} left.")
    return _spread(lines, left, there if wanted is None else wanted)


def _all_of_it(row: JobRow, found: Fulfillable, left: Counter[uuid.UUID]) -> dict[uuid.UUID, int]:
    if not found.says_which:
        words = "RevKeen says that some lines have left, and not which. Name the line in the row."
        marks.add(row, Code.UNCLEAR, words)
    if row.asked["units"] is not None:
        marks.add(row, Code.NO_LINE, "Units are given, and neither a SKU nor a line.")
    return {one.id: left[one.id] for one in found.open_lines if left[one.id]}


def _is_meant(known: KnownOrders, found: Fulfillable, line: LineItem, sku: str, named: str) -> bool:
    """By its SKU, by its place in the order from 1, or by its id."""
    if sku and not known.has_code(found, line, sku):
        return False
    place = found.order.require().lines.index(line) + 1
    return not named or named.casefold() in (str(place), str(line.id))


def _spread(lines: list[LineItem], left: Counter[uuid.UUID], units: int) -> dict[uuid.UUID, int]:
    """Over lines with the same SKU, the first one first."""
    taken: dict[uuid.UUID, int] = {}
    for line in lines:
        taken[line.id] = min(units, left[line.id])
        units -= taken[line.id]
    return {line_id: count for line_id, count in taken.items() if count}
