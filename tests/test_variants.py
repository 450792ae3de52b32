"""The short run leaves out members of a product, and no value of any of its parameters."""

import pytest

from tests.support.variants import in_short


@pytest.mark.parametrize("sizes", [(1,), (6,), (6, 1), (6, 4), (2, 7), (6, 6), (3, 2, 5)])
@pytest.mark.parametrize("shift", [0, 1, 20])
def test_each_value_of_each_parameter_is_in_it(sizes: tuple[int, ...], shift: int) -> None:
    short = in_short(*sizes, shift=shift)
    for axis, size in enumerate(sizes):
        assert {places[axis] for places in short} == set(range(size))


def test_it_is_as_long_as_its_longest_parameter() -> None:
    assert len(in_short(6, 4, shift=3)) == 6
    assert len(in_short(2, 7)) == 7


def test_the_shift_lets_the_first_meet_another() -> None:
    assert in_short(2, 3, shift=2) == {(0, 2), (1, 0), (0, 1)}
