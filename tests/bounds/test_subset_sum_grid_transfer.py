"""The transfer from the continuous law to weights on a grid."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.subset_sum.grid_transfer import SPACINGS, grid_transfer
from constructions.philox import LAWS as PHILOX_LAWS


def midpoint(x: Fraction, spacing: Fraction) -> Fraction:
    """The grid value (2k+1) spacing - 1 of the cell that contains x in [-1, 1)."""
    k = (x + 1) // (2 * spacing)
    return (2 * k + 1) * spacing - 1


FACTOR = st.fractions(-1, 1, max_denominator=10**25).filter(lambda x: x < 1)


@pytest.mark.theorem
@pytest.mark.parametrize("grid", SPACINGS)
@given(variables=st.lists(st.tuples(FACTOR, FACTOR), min_size=1, max_size=6))
def test_a_subset_moves_by_at_most_the_transfer(grid: str, variables: list[tuple[Fraction, Fraction]]) -> None:
    """Section 6: |sum of products - sum of their grid values| <= m f spacing, exactly."""
    spacing = SPACINGS[grid]
    moved = sum(prod(pair) - prod(midpoint(x, spacing) for x in pair) for pair in variables)
    assert abs(moved) <= grid_transfer(len(variables), 2, grid)
    single = sum(pair[0] - midpoint(pair[0], spacing) for pair in variables)
    assert abs(single) <= grid_transfer(len(variables), 1, grid)


@pytest.mark.theorem
def test_wrong_variant_one_spacing_for_a_product() -> None:
    """A product of two factors moves by more than one spacing, so its factors must be counted."""
    spacing = SPACINGS["grid53"]
    x = Fraction(-1)
    moved = abs(x * x - midpoint(x, spacing) ** 2)
    assert grid_transfer(1, 1) < moved <= grid_transfer(1, 2)


def test_values_and_bad_arguments() -> None:
    assert grid_transfer(30) == Fraction(30, 2**53)
    assert grid_transfer(0, 2) == 0
    assert {name: 2 * spacing for name, spacing in SPACINGS.items()} == {
        name: Fraction(grid.spacing) for name, grid in PHILOX_LAWS.items()
    }
    for size in (-1, 2.5, float("nan")):
        with pytest.raises(ValueError, match=f"size={size} must be a whole number"):
            grid_transfer(size)
    with pytest.raises(ValueError, match=r"grid='grid32' is unknown; choose one of grid53, grid24"):
        grid_transfer(3, grid="grid32")
