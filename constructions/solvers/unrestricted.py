"""Sorted halves for subsets of any size: the fast way for the hard problems.

Only the sums are sorted, not the masks: a mask is found again at the end from its sum, by writing down the sums of its
half in the order of their masks. Both halves are doubled in one loop, four independent chains of comparisons.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from constructions.solvers.halves import NONE, closest, merge, sorted_sums, walk

FIRST_BLOCK = 3


@njit(nogil=True, cache=True)
def double(values, size, shift, out):
    """Merge a sorted list with its shifted copy, from both ends at once."""
    i, j, p, q = 0, 0, size - 1, size - 1
    top = 2 * size - 1
    for s in range(size):
        first, second = values[i], values[j] + shift
        take = first <= second
        out[s] = first if take else second
        i += take
        j += not take
        first, second = values[p], values[q] + shift
        take = first <= second
        out[top - s] = second if take else first
        q -= take
        p -= not take


@njit(nogil=True, cache=True)
def double_both(high, high_shift, high_out, low, low_shift, low_out, size):
    """``double`` for two lists of the same length in one loop."""
    i, j, p, q = 0, 0, size - 1, size - 1
    k, m, r, t = 0, 0, size - 1, size - 1
    top = 2 * size - 1
    for s in range(size):
        first, second = high[i], high[j] + high_shift
        take = first <= second
        high_out[s] = first if take else second
        i += take
        j += not take
        first, second = low[k], low[m] + low_shift
        take = first <= second
        low_out[s] = first if take else second
        k += take
        m += not take
        first, second = high[p], high[q] + high_shift
        take = first <= second
        high_out[top - s] = second if take else first
        q -= take
        p -= not take
        first, second = low[r], low[t] + low_shift
        take = first <= second
        low_out[top - s] = second if take else first
        t -= take
        r -= not take


@njit(nogil=True, cache=True)
def sorted_pair(row, split, high, high_spare, low, low_spare):
    """Sorted sums of both halves; returns (high, high spare, low, low spare) with the lists in the first of each."""
    high[0] = low[0] = 0.0
    size = 1
    for k in range(split):
        double_both(high, row[len(row) - 1 - k], high_spare, low, row[split - 1 - k], low_spare, size)
        high, high_spare, low, low_spare = high_spare, high, low_spare, low
        size *= 2
    if len(row) > 2 * split:
        double(high, size, row[split], high_spare)
        high, high_spare = high_spare, high
    return high, high_spare, low, low_spare


@njit(nogil=True, cache=True)
def natural_sums(variables, values, spare):
    """All sums of one half in the order of their masks; returns the buffer that holds them."""
    values[0] = 0.0
    size = 1
    for k in range(len(variables) - 1, -1, -1):
        for s in range(size):
            spare[2 * s] = values[s]
            spare[2 * s + 1] = values[s] + variables[k]
        values, spare = spare, values
        size *= 2
    return values


@njit(nogil=True, cache=True)
def find_mask(sums, count, entry, target, limit):
    """First mask whose sum with ``entry`` has an error of at most ``limit``."""
    for mask in range(count):
        if abs(entry + sums[mask] - target) <= limit:
            return np.uint32(mask)
    return NONE


@njit(nogil=True, cache=True)
def walk_values(high, high_count, low, low_count, target):
    """(least error, its high sum, whether another high sum has the same error); see ``walk``."""
    error, value, tied = np.inf, 0.0, False
    j = low_count - 1
    for k in range(high_count):
        entry = high[k]
        while j >= 0 and entry + low[j] > target:
            j -= 1
        near = np.inf
        if j >= 0:
            near = abs(entry + low[j] - target)
        if j + 1 < low_count:
            near = min(near, abs(entry + low[j + 1] - target))
        if near <= error:
            tied = near == error and (tied or entry != value)
            error, value = near, entry
    return error, value, tied


@njit(nogil=True, cache=True)
def best_of_all(row, split, bits, target, high_space, low_space):
    """(high mask, low mask) of the subset of least error; ties to the smallest mask."""
    high, high_spare, low, low_spare = sorted_pair(row, split, high_space[0], high_space[2], low_space[0], low_space[2])
    high_count, low_count = 1 << (len(row) - split), 1 << split
    error, value, tied = walk_values(high, high_count, low, low_count, target)
    if tied:
        high_list = sorted_sums(row[split:], bits, len(row) - split, high_space)
        low_list = sorted_sums(row[:split], bits, split, low_space)
        _, high_mask, low_mask = closest(high_list, low_list, 0, 0, target, 0.0)
        return high_mask, low_mask
    high = natural_sums(row[split:], high, high_spare)
    low = natural_sums(row[:split], low, low_spare)
    return find_mask(high, high_count, 0.0, value, 0.0), find_mask(low, low_count, value, target, error)


@njit(nogil=True, cache=True)
def first_within(row, split, bits, target, tolerance, high_space, low_space):
    """(found, high mask, low mask) of the smallest mask within tolerance.

    The low half is sorted once; the high masks come in ascending blocks, the first an eighth of all, each sorted.
    """
    low, low_spare, low_count = low_space[0], low_space[2], 1 << split
    low[0] = 0.0
    for k in range(split):
        double(low, 1 << k, row[split - 1 - k], low_spare)
        low, low_spare = low_spare, low
    length = len(row) - split
    start = max(0, length - FIRST_BLOCK)
    for block in range(start, length + 1):
        free = start if block == start else block - 1
        values, masks, spare_values, spare_masks = high_space
        values[0] = 0.0 if block == start else row[split + free]
        masks[0] = 0 if block == start else bits[free]
        for k in range(free):
            merge(values, masks, 0, 1 << k, 0, 1 << k, row[split + free - 1 - k], bits[free - 1 - k], spare_values,
                  spare_masks, 0)  # fmt: skip
            values, masks, spare_values, spare_masks = spare_values, spare_masks, values, masks
        error, high_mask, value = walk(values, masks, 0, 1 << free, low, 0, low_count, target, tolerance, np.inf, NONE,
                                       0.0)  # fmt: skip
        if error <= tolerance:
            low = natural_sums(row[:split], low, low_spare)
            return True, high_mask, find_mask(low, low_count, value, target, tolerance)
    return False, NONE, NONE
