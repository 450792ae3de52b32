"""docs/security.md answers each requirement of ASVS 5.0, levels 1 and 2, and names what is there."""

import re

import pytest

from tests.support.processes import ROOT

PAGE = (ROOT / "docs/security.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+)(?: - (\d+\.\d+\.\d+))? \| (pass|n/a|operator|open) \| (.+) \|$", re.M)

# How many requirements of levels 1 and 2 each section has, and those of level 3 that stand among them.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip


def answered(first: str, last: str) -> list[str]:
    section, _, number = first.rpartition(".")
    return [f"{section}.{place}" for place in range(int(number), int((last or first).rpartition(".")[2]) + 1)]


def test_each_requirement_of_levels_1_and_2_is_answered_once() -> None:
    found = [number for first, last, _, _ in ROW.findall(PAGE) for number in answered(first, last)]
    wanted = [f"{section}.{place}" for section, count in SECTIONS.items() for place in range(1, count + 1)]
    assert found == wanted
    assert len(wanted) == 253


def test_whatever_passes_names_what_shows_it_and_that_is_there() -> None:
    for name in set(re.findall(r"`((?:tests/[a-z/]*)?test_[a-z_]+\.py)`", PAGE)):
        assert (ROOT / name).exists() or (ROOT / "tests" / name).exists(), name
    for name in set(re.findall(r"`((?:orders|revkeen_admin|deploy|static)/[\w./@-]+\.[a-z]+)`", PAGE)):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("heading", sorted(set(re.findall(r"\| pass \| \*([^*]+)\*, above", PAGE)) - {"limits"}))
def test_a_document_that_is_named_stands_on_the_page(heading: str) -> None:
    assert f"\n## {heading}\n" in PAGE
