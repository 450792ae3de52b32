"""The catalog of mutants fits the code, and what does not fit is noticed. `make mutants` runs them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mutants import MUTANTS
from mutants.catalog import Edit, Mutant
from mutants.check import troubles
from mutants.edits import apply
from scripts.stack import ROOT

CODE = '''"""A module."""

KINDS = [
    "one",
    "two",
]


class Till:
    @property
    def due(self) -> int:
        if self.paid:
            return 0
        return self.total


def pay(till: Till) -> int:
    if till.due == 0:
        return 0
    return till.due


def give_back(till: Till) -> int:
    return till.due
'''
MUTANT = Mutant(
    name="paid-twice",
    defense="What is paid is not due.",
    target="shop.till:Till.due",
    old="""
        if self.paid:
            return 0
    """,
    new="",
    red="tests/test_till.py::test_paid_is_paid",
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A tree with one module and one test."""
    for name, text in (("shop/till.py", CODE), ("tests/test_till.py", "def test_paid_is_paid():\n    assert True\n")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_mutant_fits_the_code() -> None:
    assert troubles(MUTANTS, ROOT) == []


def test_a_mutant_changes_its_place_and_nothing_else(shop: Path) -> None:
    assert troubles([MUTANT], shop) == []
    apply(MUTANT, shop)
    assert (shop / "shop/till.py").read_text() == CODE.replace("        if self.paid:\n            return 0\n", "")


@pytest.mark.parametrize(
    ("target", "old", "new", "before", "after"),
    [
        ("shop.till:KINDS", '"one",', "", '    "one",\n', ""),
        ("shop.till:pay", "till.due == 0", "False", "if till.due == 0:", "if False:"),
        ("shop.till", "return self.total", "pass\npass", "return self.total", "pass\n        pass"),
        ("shop/till.py", "A module", "Another", "A module", "Another"),
    ],
    ids=["a line of a name", "a part of a line", "two lines for one", "a file"],
)
def test_an_edit_is_made_where_it_says(shop: Path, target: str, old: str, new: str, before: str, after: str) -> None:
    apply(replace(MUTANT, target=target, old=old, new=new), shop)
    assert (shop / "shop/till.py").read_text() == CODE.replace(before, after)


def test_several_edits_are_each_looked_for_in_the_code_as_it_was(shop: Path) -> None:
    moved = replace(MUTANT, target="shop.till:pay", old="if till.due == 0:", new="if till.due:")
    apply(replace(moved, also=(Edit("shop.till:pay", "return till.due", "return 0 or till.due"),)), shop)
    pay = "    if till.due:\n        return 0\n    return 0 or till.due\n\n\ndef give_back"
    assert pay in (shop / "shop/till.py").read_text()


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"old": "if self.lent:"}, "stands 0 times in shop.till:Till.due"),
        ({"target": "shop.till", "old": "return till.due"}, "stands 2 times in shop.till,"),
        ({"target": "shop.till:pay", "old": "return 0\n    return 1"}, "stands 0 times in shop.till:pay"),
        ({"target": "shop.till:lend"}, "There is no shop.till:lend"),
        ({"target": "shop.purse:pay"}, "There is no file for shop.purse:pay"),
        ({"new": MUTANT.old}, "changes nothing"),
        ({"new": "if:"}, "is no Python any more"),
        ({"red": ()}, "names no test"),
        ({"red": "tests/test_till.py::test_another"}, "There is no test tests/test_till.py::test_another"),
        ({"red": ("tests/test_purse.py::test_paid_is_paid",)}, "There is no test tests/test_purse.py"),
    ],
)
def test_what_does_not_fit_is_said_with_its_name(shop: Path, changed: dict[str, str], trouble: str) -> None:
    [said] = troubles([replace(MUTANT, **changed)], shop)
    assert said.startswith("paid-twice: ")
    assert trouble in said


def test_a_name_is_one_mutants(shop: Path) -> None:
    assert troubles([MUTANT, replace(MUTANT, defense="Another.")], shop) == ["paid-twice: 2 mutants have this name."]
