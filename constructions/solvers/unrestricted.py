"""Sorted halves for subsets of any size: the fast way for the hard problems.

Only the sums are sorted, not the masks: a mask is found again at the end from its sum, by writing down the sums of its
half in the order of their masks. Both halves are doubled in one loop, four independent chains of comparisons.
No kernel here calls one of another file: numba's cache would not notice an edit there.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

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
def sorted_list(variables, start, values, spare):
    """Sorted sums of one half, each added to ``start``; returns the buffer that holds them and the other one."""
    values[0] = start
    for k in range(len(variables)):
        double(values, 1 << k, variables[len(variables) - 1 - k], spare)
        values, spare = spare, values
    return values, spare


@njit(nogil=True, cache=True)
def natural_list(variables, start, values, spare):
    """The same sums in the order of their masks."""
    values[0] = start
    size = 1
    for k in range(len(variables) - 1, -1, -1):
        for s in range(size):
            spare[2 * s] = values[s]
            spare[2 * s + 1] = values[s] + variables[k]
        values, spare = spare, values
        size *= 2
    return values


@njit(nogil=True, cache=True)
def walk(high, high_count, low, low_count, target, clip):
    """(least max(error, clip), a high sum that attains it, whether a different high sum attains it too).

    Every high sum meets the last low sum with total <= target and the first with total > target: none can be nearer.
    """
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
        near = max(near, clip)
        if near <= error:
            tied = near == error and (tied or entry != value)
            error, value = near, entry
    return error, value, tied


@njit(nogil=True, cache=True)
def has_partner(entry, low, low_count, target, limit):
    """Whether a sorted low sum completes ``entry`` with an error of at most ``limit``."""
    left, right = 0, low_count
    while left < right:
        middle = (left + right) // 2
        if entry + low[middle] > target:
            right = middle
        else:
            left = middle + 1
    if left > 0 and abs(entry + low[left - 1] - target) <= limit:
        return True
    return left < low_count and abs(entry + low[left] - target) <= limit


@njit(nogil=True, cache=True)
def first_masks(high, value, tied, variables, low, low_spare, target, limit):
    """(high mask, low mask) of the first pair with an error of at most ``limit``, which must exist.

    ``high`` holds high sums in the order of their masks, ``low`` the sorted low sums; ``value`` is the only high sum
    that has a partner, unless ``tied``.
    """
    low_count = 1 << len(variables)
    high_mask = 0
    while (tied and not has_partner(high[high_mask], low, low_count, target, limit)) or (
        not tied and high[high_mask] != value
    ):
        high_mask += 1
    entry = high[high_mask]
    low = natural_list(variables, 0.0, low, low_spare)
    low_mask = 0
    while abs(entry + low[low_mask] - target) > limit:
        low_mask += 1
    return high_mask, low_mask


@njit(nogil=True, cache=True)
def best_of_all(row, split, target, high, high_spare, low, low_spare):
    """(high mask, low mask) of the subset of least error; ties to the smallest mask."""
    high, high_spare, low, low_spare = sorted_pair(row, split, high, high_spare, low, low_spare)
    error, value, tied = walk(high, 1 << (len(row) - split), low, 1 << split, target, 0.0)
    high = natural_list(row[split:], 0.0, high, high_spare)
    return first_masks(high, value, tied, row[:split], low, low_spare, target, error)


@njit(nogil=True, cache=True)
def first_within(row, split, target, tolerance, high, high_spare, low, low_spare):
    """(high mask, low mask) of the smallest mask within tolerance; (0, 0) if there is none.

    The low half is sorted once; the high masks come in ascending blocks, the first an eighth of all, each sorted.
    """
    low, low_spare = sorted_list(row[:split], 0.0, low, low_spare)
    length = len(row) - split
    first = max(0, length - FIRST_BLOCK)
    for block in range(first, length + 1):
        free = first if block == first else block - 1
        start = 0.0 if block == first else row[split + free]
        variables = row[split : split + free]
        sums, spare = sorted_list(variables, start, high, high_spare)
        error, value, tied = walk(sums, 1 << free, low, 1 << split, target, tolerance)
        if error <= tolerance:
            sums = natural_list(variables, start, sums, spare)
            high_mask, low_mask = first_masks(sums, value, tied, row[:split], low, low_spare, target, tolerance)
            return high_mask + (0 if block == first else 1 << free), low_mask
    return 0, 0


@njit(nogil=True, cache=True)
def unrestricted_range(base_sets, targets, tolerances, split, minimise, masks):
    """Least error (``minimise``) or smallest mask within tolerance, among all subsets of each problem."""
    entries = 1 << (base_sets.shape[1] - split)
    high, high_spare, low, low_spare = np.empty(entries), np.empty(entries), np.empty(entries), np.empty(entries)
    for row in range(len(targets)):
        if minimise:
            high_mask, low_mask = best_of_all(base_sets[row], split, targets[row], high, high_spare, low, low_spare)
        else:
            high_mask, low_mask = first_within(base_sets[row], split, targets[row], tolerances[row], high, high_spare,
                                               low, low_spare)  # fmt: skip
        masks[row] = np.uint64(high_mask) << np.uint64(split) | np.uint64(low_mask)
