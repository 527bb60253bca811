"""The value and the error of given subsets: in float64 by the stated rule, and exactly, by separate code."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from constructions.parallel import run_ranges
from constructions.solvers.problem import split_point

ROWS_PER_RANGE = 8192


@njit(nogil=True, cache=True)
def _errors(base_sets, targets, masks, split, start, stop, out):  # type: ignore[no-untyped-def]
    for row in range(start, stop):
        high, low = 0.0, 0.0
        for index in range(base_sets.shape[1] - 1, split - 1, -1):
            if masks[row] >> np.uint64(index) & np.uint64(1):
                high += base_sets[row, index]
        for index in range(split - 1, -1, -1):
            if masks[row] >> np.uint64(index) & np.uint64(1):
                low += base_sets[row, index]
        out[row] = abs(high + low - targets[row])


def subset_errors(
    base_sets: NDArray[np.float64], targets: NDArray[np.float64], masks: NDArray[np.uint64]
) -> NDArray[np.float64]:
    """error(I) = |fl(value(I) - target)| of one subset per row, by the rule at the head of ``problem``."""
    errors = np.empty(len(targets))
    split = split_point(base_sets.shape[1])
    run_ranges(lambda start, stop: _errors(base_sets, targets, masks, split, start, stop, errors), len(targets),
               ROWS_PER_RANGE)  # fmt: skip
    return errors


def exact_errors(base_sets: ArrayLike, targets: ArrayLike, masks: ArrayLike) -> list[Fraction]:
    """|sum of the chosen variables - target| of each problem as an exact fraction.

    Args:
        base_sets: (P, m) numbers; targets: (P,); masks: (P,) integers, bit k selects variable k.
    Returns:
        P fractions; float64 values count as the dyadic rationals they are.

    >>> exact_errors([[0.5, 0.25]], [0.75], [3])
    [Fraction(0, 1)]
    """
    rows = np.asarray(base_sets, np.float64)
    goals = np.asarray(targets, np.float64)
    chosen = np.asarray(masks, np.uint64)
    if rows.ndim != 2 or goals.shape != (len(rows),) or chosen.shape != (len(rows),):
        raise ValueError(
            f"base_sets {rows.shape}, targets {goals.shape} and masks {chosen.shape} must be (P, m), (P,) and (P,)"
        )
    width = rows.shape[1]
    outside = [int(mask) for mask in chosen if int(mask) >> width]
    if outside:
        raise ValueError(f"mask {outside[0]:#x} selects variables beyond the {width} there are; check the base set")
    return [_exact_error(row, float(z), int(mask)) for row, z, mask in zip(rows, goals, chosen, strict=True)]


def _exact_error(variables: NDArray[np.float64], target: float, mask: int) -> Fraction:
    chosen = (Fraction(float(w)) for k, w in enumerate(variables) if mask >> k & 1)
    return abs(sum(chosen, -Fraction(target)))
