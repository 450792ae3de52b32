"""The matrix of faults has no hole, and docs/reliability.md shows it as the tests have it."""

import chaos.__main__
from tests.support import matrix
from tests.support.matrix import ALL, FAULTS, Fault, holes, summary, table


def test_every_cell_has_a_test_that_exists_and_the_document_says_which() -> None:
    checked = matrix.check()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_takes_too_long_for_a_test_is_a_part_of_make_chaos() -> None:
    parts = {fault.chaos for fault in FAULTS.values() if fault.chaos}
    assert parts <= set(chaos.__main__.PARTS)


def test_a_cell_without_a_test_is_a_hole() -> None:
    whole = {(number, letter): {"a test": 1} for number, fault in FAULTS.items() for letter in fault.letters}
    assert holes(whole) == []
    del whole[12, "P"]
    assert holes(whole) == [(12, "P")]
    assert "**hole**" in table(whole)


def test_the_summary_says_what_failed_and_what_did_not_run() -> None:
    ran = {(1, letter) for letter in ALL}
    assert summary(ran, {(1, "P")})[1].startswith(" 1 CU!NFRDO   2 ········")


def test_the_list_of_faults_is_whole() -> None:
    assert [*FAULTS] == [*range(1, 44), 46]
    assert all(set(fault.letters) <= set(ALL) for fault in FAULTS.values() if isinstance(fault, Fault))
