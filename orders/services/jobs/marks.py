"""What a dry run says of a row. A stop keeps it out of the job; a doubt does until somebody says that it is right."""

from collections.abc import Iterable
from enum import StrEnum

from orders.carriers.doubts import Kind
from orders.models import JobRow


class Code(StrEnum):
    DAMAGED = "damaged"
    UNKNOWN = "unknown"
    NOT_PAID = "not_paid"
    CLOSED = "closed"
    ON_HOLD = "on_hold"
    SHIPPED = "shipped"
    TOO_MANY = "too_many"
    TWICE = "twice"
    NO_LINE = "no_line"
    INVALID = "invalid"
    UNCLEAR = "unclear"
    LIMIT = "limit"
    NOTHING = "nothing"
    TAKEN = "taken"
    CARRIER = "carrier"
    NUMBER = "number"
    NO_NUMBER = "no_number"


LABELS = {
    Code.DAMAGED: "Damaged by a spreadsheet",
    Code.UNKNOWN: "Unknown order",
    Code.NOT_PAID: "Not paid",
    Code.CLOSED: "Not possible",
    Code.ON_HOLD: "On hold",
    Code.SHIPPED: "Already shipped",
    Code.TOO_MANY: "Too many units",
    Code.TWICE: "Twice in the file",
    Code.NO_LINE: "Unknown line",
    Code.INVALID: "Not valid",
    Code.UNCLEAR: "Not clear what is left",
    Code.LIMIT: "Needs approval",
    Code.NOTHING: "Nothing to do",
    Code.TAKEN: "Number used elsewhere",
    Code.CARRIER: "Carrier and number disagree",
    Code.NUMBER: "Check the number",
    Code.NO_NUMBER: "No tracking number",
}
DOUBTS = {Code.TAKEN, Code.CARRIER, Code.NUMBER, Code.NO_NUMBER}
OF_NUMBERS = {Kind.TAKEN: Code.TAKEN, Kind.OTHER_CARRIER: Code.CARRIER}  # every other doubt is about the number alone


def add(row: JobRow, code: Code, words: str) -> None:
    """`words`: a whole sentence."""
    row.marks.append([code.value, words])


def stopped(row: JobRow) -> bool:
    return any(Code(code) not in DOUBTS for code, _ in row.marks)


def doubted(row: JobRow) -> bool:
    """Only doubts keep it out: somebody may say that it is right."""
    return bool(row.marks) and not row.sure and not stopped(row)


def settle(row: JobRow) -> None:
    """Whether the row is sent, as its marks say."""
    out = stopped(row) or doubted(row)
    row.state = JobRow.State.BAD if out else JobRow.State.READY
    row.message = " ".join(words for _, words in row.marks)[:500] if out else ""


def counted(rows: Iterable[JobRow]) -> dict[Code, int]:
    """How many rows are kept out by each, in the order of the labels; of a row its first mark counts."""
    first = [Code(row.marks[0][0]) for row in rows if row.state == JobRow.State.BAD and row.marks]
    return {code: first.count(code) for code in LABELS if code in first}
