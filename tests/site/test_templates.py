"""Templates are laid out for those who read them; what is indented costs a page nothing (template_loading.py)."""

import re
from pathlib import Path

from django.template.loader import render_to_string

from orders.money import Money
from orders.services.finance.receivables import Line, Owed

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
LONGEST = 120


def test_no_line_of_a_template_is_too_long() -> None:
    long = [place for place, line in lines("*.*") if len(line) > LONGEST]
    assert not long


def test_templates_are_indented_by_four_spaces() -> None:
    askew = [place for place, line in lines("*.html") if (len(line) - len(line.lstrip())) % 4 or "\t" in line]
    assert not askew


def test_each_list_whose_rows_are_ticked_keeps_the_ticks_on_all_of_its_pages() -> None:
    with_ticks = [path for path in TEMPLATES.rglob("*.html") if "partials/tick_all.html" in path.read_text()]
    # What a job's check doubts is confirmed page by page: whoever confirms has it before their eyes.
    lists = [path.read_text() for path in with_ticks if path != TEMPLATES / "orders/jobs/_rows.html"]
    assert lists
    for page in lists:
        assert all(part in page for part in ("data-ticks-of=", "data-most=", "partials/ticked.html"))


def test_each_list_that_is_turned_by_key_is_walked_through_by_key() -> None:
    lists = [path for path in TEMPLATES.rglob("*.html") if "partials/pager.html" in path.read_text()]
    lists.remove(TEMPLATES / "orders/jobs/correct.html")  # rows of fields, in which keys are typed
    assert lists
    assert not [path for path in lists if 'aria-keyshortcuts="j k o' not in with_parts(path)]


def with_parts(path: Path) -> str:
    """A template and what it includes."""
    page = path.read_text()
    return page + "".join((TEMPLATES / part).read_text() for part in re.findall(r'{% include "([^"]+)"', page))


def test_a_cell_with_nothing_to_show_is_empty_and_so_has_no_label_on_a_narrow_screen() -> None:
    nothing = Owed(0, Money(0, "EUR"))
    line = Line("EUR", [nothing], nothing)
    page = render_to_string("orders/finance/receivables/_ages.html", {"lines": [(line, [("Expired", nothing, "")])]})
    assert 'data-label="Expired"></td>' in page


def lines(pattern: str) -> list[tuple[str, str]]:
    """Every line with its place, `base.html:12`."""
    names = [path.relative_to(TEMPLATES).as_posix() for path in sorted(TEMPLATES.rglob(pattern))]
    return [
        (f"{name}:{number}", line)
        for name in names
        for number, line in enumerate((TEMPLATES / name).read_text().splitlines(), start=1)
    ]
