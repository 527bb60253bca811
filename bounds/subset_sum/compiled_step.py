"""One step of the dynamic program in compiled float64, every bound rounded up.

The step function has the value row[k] on [grid[k], grid[k + 1]); row never increases. Every falling line above all its
points bounds the majorant, so the accuracy of the slope does not matter. Each term has three roundings, relative to
row + |rise|; 2^-50 times that is added. Compiled on first use: importing ``bounds`` does not import numba.
``plain_step`` does the same operations in NumPy.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_UNIT = 2.0**-50
_CERTAIN_HIT = 0.99
_MOST_BRIDGES = 64


@njit(cache=True)
def bridge_slope(grid, row, first, last, mean):  # type: ignore[no-untyped-def]
    """Return the slope of the chord over ``mean`` that no point of grid[first..last] is above (a candidate).

    From the outermost chord on, the point farthest above replaces the end on its side of ``mean``.
    """
    left, left_value, right, right_value, slope = grid[first], row[first], grid[last], row[last - 1], 0.0
    for _ in range(_MOST_BRIDGES):
        slope = (right_value - left_value) / (right - left)
        top, best = row[first] - slope * grid[first + 1], first
        for k in range(first + 1, last):
            height = row[k] - slope * grid[k + 1]
            if height > top:
                top, best = height, k
        if top <= max(left_value - slope * left, right_value - slope * right):
            break
        if grid[best + 1] < mean:
            left, left_value = grid[best + 1], row[best]
        else:
            right, right_value = grid[best + 1], row[best]
    return slope


@njit(cache=True)
def majorant(grid, row, first, last, mean):  # type: ignore[no-untyped-def]
    """Return an upper bound, at ``mean``, of the concave majorant of the step function on grid[first..last].

    Points: (grid[k + 1], row[k]), first <= k < last; (grid[first], row[first]) is below any falling line above them.
    """
    if mean <= grid[first]:
        return row[first]
    slope = min(0.0, bridge_slope(grid, row, first, last, mean))
    best = 0.0
    for k in range(first, last):
        rise = slope * (mean - grid[k + 1])
        best = max(best, row[k] + rise + _UNIT * (row[k] + abs(rise)))
    return best


@njit(cache=True)
def one_more_variable(grid, mean, hit, last, row):  # type: ignore[no-untyped-def]
    """Return the bounds for one more variable from the bounds ``row``, rounded up, at most 1 and nonincreasing."""
    result = np.empty_like(row)
    running = 1.0
    for i in range(row.size):
        miss = (1.0 - hit[i]) * (1.0 + _UNIT)
        bound = min(running, row[i], miss * row[i] * (1.0 + _UNIT), majorant(grid, row, i, last[i], mean[i]))
        if 0.0 < hit[i] < _CERTAIN_HIT:
            furthest = grid[last[i]]
            rest = (mean[i] - hit[i] * furthest - _UNIT * furthest) / miss * (1.0 - _UNIT)
            bound = min(bound, miss * majorant(grid, row, i, last[i], rest) * (1.0 + _UNIT))
        result[i] = running = bound
    return result
