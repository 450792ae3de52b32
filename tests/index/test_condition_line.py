"""The line of a filter reads as it was written, whatever stands in it."""

from hypothesis import given
from hypothesis import strategies as st

from orders.services.index import condition_line
from orders.services.index.condition_line import Condition

NAMES = st.from_regex(r"[a-z_]+", fullmatch=True)
TEXTS = st.text(min_size=1) | st.sampled_from(['"', "-", "a:b", '-"x', "status:paid", "a  b", " ", '""', "\u2028"])
CONDITIONS = st.lists(st.builds(Condition, NAMES, TEXTS, st.booleans()), unique=True)


@given(CONDITIONS, st.none() | TEXTS)
def test_a_line_reads_as_it_was_written(conditions: list[Condition], text: str | None) -> None:
    asked = [*conditions, *([Condition("", text)] if text else [])]
    assert condition_line.read(condition_line.write(asked)) == asked


def test_a_line_is_what_people_would_type() -> None:
    line = 'status:paid -carrier:ups total:>100 product:"wool blanket" tent 3'
    assert condition_line.read(line) == [
        Condition("status", "paid"),
        Condition("carrier", "ups", negated=True),
        Condition("total", ">100"),
        Condition("product", "wool blanket"),
        Condition("", "tent 3"),
    ]
    assert condition_line.write(condition_line.read(line)) == line
