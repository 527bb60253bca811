"""Least amplification: among the subsets within tolerance one with the least sum of |w|.

    amplification(I) = fl( H + L ),   H, L: sums of the |w| of the two halves, added like the values

A smallest subset gives a first bound. Partial sums of |w| never shrink, also in float64, so entries of a half beyond
the bound are dropped while its sorted list grows; and a partner of the high sum A has a sum of |w| of at least
|target - A| - tolerance.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from constructions.solvers.halves import popcount

ROUNDING_ALLOWANCE = 1e-12


@njit(nogil=True, cache=True)
def list_space(entries):
    """Two records of (sums, sums of |w|, masks), the list and the next one."""
    first = (np.empty(entries), np.empty(entries), np.empty(entries, np.uint32))
    return first, (np.empty(entries), np.empty(entries), np.empty(entries, np.uint32))


@njit(nogil=True, cache=True)
def bounded_list(variables, most, bound, space):
    """((sums, sums of |w|, masks), length): subsets of at most ``most`` variables and |w|-sum <= bound, by sum."""
    here, spare = space
    here[0][0], here[1][0], here[2][0] = 0.0, 0.0, 0
    size = 1
    for k in range(len(variables) - 1, -1, -1):
        sums, weights, masks = here
        i, j, end = 0, 0, 0
        while i < size or j < size:
            shifted = sums[j] + variables[k] if j < size else np.inf
            if i < size and sums[i] <= shifted:
                spare[0][end], spare[1][end], spare[2][end] = sums[i], weights[i], masks[i]
                i += 1
                end += 1
                continue
            weight = weights[j] + abs(variables[k])
            if weight <= bound and popcount(masks[j]) < most:
                spare[0][end], spare[1][end], spare[2][end] = shifted, weight, masks[j] | np.uint32(1) << np.uint32(k)
                end += 1
            j += 1
        here, spare = spare, here
        size = end
    return here, size


@njit(nogil=True, cache=True)
def amplification(row, split, mask):
    """Sum of |w| of a subset by the stated rule."""
    high, low = 0.0, 0.0
    for k in range(len(row) - 1, split - 1, -1):
        if mask >> np.uint64(k) & np.uint64(1):
            high += abs(row[k])
    for k in range(split - 1, -1, -1):
        if mask >> np.uint64(k) & np.uint64(1):
            low += abs(row[k])
    return high + low


@njit(nogil=True, cache=True)
def first_not_below(entry, sums, size, target, tolerance):
    """First index whose sum with ``entry`` is not below target - tolerance."""
    left, right = 0, size
    while left < right:
        middle = (left + right) // 2
        if entry + sums[middle] - target < -tolerance:
            left = middle + 1
        else:
            right = middle
    return left


@njit(nogil=True, cache=True)
def least_amplification(row, split, most, target, tolerance, mask, high_space, low_space):
    """Mask of least amplification; ``mask`` is any subset within tolerance."""
    best = amplification(row, split, mask)
    (highs, high_weights, high_masks), high_size = bounded_list(row[split:], most, best, high_space)
    (lows, low_weights, low_masks), low_size = bounded_list(row[:split], most, best, low_space)
    for i in range(high_size):
        entry, weight = highs[i], high_weights[i]
        allowance = ROUNDING_ALLOWANCE * (best + abs(target) + tolerance)
        if weight > best or weight + abs(target - entry) - tolerance > best + allowance:
            continue
        j = first_not_below(entry, lows, low_size, target, tolerance)
        while j < low_size and entry + lows[j] - target <= tolerance:
            total = weight + low_weights[j]
            candidate = np.uint64(high_masks[i]) << np.uint64(split) | np.uint64(low_masks[j])
            if (total < best or (total == best and candidate < mask)) and popcount(candidate) <= most:
                best, mask = total, candidate
            j += 1
    return mask


@njit(nogil=True, cache=True)
def least_range(base_sets, targets, tolerances, split, most, entries, found, masks):
    """Replace each found mask by the one of least amplification."""
    high_space, low_space = list_space(entries), list_space(entries)
    for row in range(len(targets)):
        if found[row]:
            masks[row] = least_amplification(base_sets[row], split, most, targets[row], tolerances[row], masks[row],
                                             high_space, low_space)  # fmt: skip
