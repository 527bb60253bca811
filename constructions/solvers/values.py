"""The value and the error of given subsets: in float64 by the stated rule, and exactly, by separate code."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions.solvers.problem import split_point


def subset_values(base_sets: NDArray[np.float64], masks: NDArray[np.uint64]) -> NDArray[np.float64]:
    """value(I) of one subset per row, by the rule at the head of ``problem``; base_sets (P, m), masks (P,)."""
    count, variables = base_sets.shape
    split = split_point(variables)
    halves = np.zeros((2, count))
    for half, indices in enumerate((range(variables - 1, split - 1, -1), range(split - 1, -1, -1))):
        for index in indices:
            chosen = (masks >> np.uint64(index)) & np.uint64(1) != 0
            halves[half] += np.where(chosen, base_sets[:, index], 0.0)
    return np.asarray(halves[0] + halves[1])


def subset_errors(
    base_sets: NDArray[np.float64], targets: NDArray[np.float64], masks: NDArray[np.uint64]
) -> NDArray[np.float64]:
    """error(I) = |fl(value(I) - target)| of one subset per row."""
    return np.abs(subset_values(base_sets, masks) - targets)


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
