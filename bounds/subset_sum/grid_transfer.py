r"""From the continuous law to weights on a grid.

Source weights are G = (2k+1) 2^-b - 1 with k uniform in {0, ..., 2^b - 1}, b = 53 ("grid53") or 24 ("grid24"). Divide
[-1, 1) into the 2^b cells [2k 2^-b - 1, (2k+2) 2^-b - 1); let X ~ U[-1, 1] and G the midpoint of X's cell. Then G has
the grid's law and |X - G| <= 2^-b. For products of f independent factors
|prod X_i - prod G_i| <= sum_i |X_i - G_i| <= f 2^-b, because all factors are at most 1 in absolute value (replace one
factor at a time). A subset of at most m variables therefore moves by at most m f 2^-b: what the continuous law reaches
within eps, the grid reaches within eps + m f 2^-b, with at least the same probability.
"""

from __future__ import annotations

from fractions import Fraction

from bounds.subset_sum.queries import check_choice, check_size

SPACINGS = {"grid53": Fraction(1, 2**53), "grid24": Fraction(1, 2**24)}


def grid_transfer(size: int, factors: int = 1, grid: str = "grid53") -> Fraction:
    """Return by how much a sum of at most ``size`` variables moves when the continuous law is replaced by the grid's.

    ``size * factors * 2^-53`` (2^-24 for "grid24"); subtract it from the tolerance asked of the continuous law.

    Assumptions: X is a product of ``factors`` independent U[-1, 1]; sums are exact, not evaluated in floats.
    ``size``, ``factors`` >= 0. Returns an exact Fraction. Raises ValueError for negative numbers or an unknown grid.
    Source: docs/subset-sums.md, section 6.

    >>> grid_transfer(40, factors=2) == Fraction(80, 2**53)
    True
    """
    check_size("grid_transfer", size)
    check_size("grid_transfer", factors)
    check_choice("grid_transfer", "grid", grid, SPACINGS)
    return size * factors * SPACINGS[grid]
