"""Templates are laid out for those who read them; what is indented costs a page nothing (template_loading.py)."""

from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
LONGEST = 120


def test_no_line_of_a_template_is_too_long() -> None:
    long = [place for place, line in lines("*.*") if len(line) > LONGEST]
    assert not long


def test_templates_are_indented_by_four_spaces() -> None:
    askew = [place for place, line in lines("*.html") if (len(line) - len(line.lstrip())) % 4 or "\t" in line]
    assert not askew


def lines(pattern: str) -> list[tuple[str, str]]:
    """Every line with its place, `base.html:12`."""
    names = [path.relative_to(TEMPLATES).as_posix() for path in sorted(TEMPLATES.rglob(pattern))]
    return [
        (f"{name}:{number}", line)
        for name in names
        for number, line in enumerate((TEMPLATES / name).read_text().splitlines(), start=1)
    ]
