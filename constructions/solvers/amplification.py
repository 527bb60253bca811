"""Least amplification: among the subsets within tolerance one with the least sum of |w|.

    amplification(I) = fl( H + L ),   H, L: sums of the |w| of the two halves, added like the values

A smallest subset gives a first bound. Partial sums of |w| never shrink, also in float64, so entries of a half beyond
the bound are dropped while its sorted list grows; and a partner of the high sum A has a sum of |w| of at least
|target - A| - tolerance. No kernel here calls one of another file: numba's cache would not notice an edit there.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

ROUNDING_ALLOWANCE = 1e-12


@njit(nogil=True, cache=True)
def list_space(entries):
    """Two records of (sums, sums of |w|, masks, sizes), the list and the next one."""
    first = (np.empty(entries), np.empty(entries), np.empty(entries, np.uint32), np.empty(entries, np.uint8))
    return first, (np.empty(entries), np.empty(entries), np.empty(entries, np.uint32), np.empty(entries, np.uint8))


@njit(nogil=True, cache=True)
def bounded_list(variables, most, bound, space):
    """((sums, sums of |w|, masks, sizes), length): subsets of at most ``most`` variables, |w|-sum <= bound, by sum."""
    here, spare = space
    here[0][0], here[1][0], here[2][0], here[3][0] = 0.0, 0.0, 0, 0
    length = 1
    for k in range(len(variables) - 1, -1, -1):
        if variables[k] == 0.0:
            continue  # a subset with it only has the larger mask
        sums, weights, masks, sizes = here
        next_sums, next_weights, next_masks, next_sizes = spare
        i, j, end = 0, 0, 0
        while i < length or j < length:
            shifted = sums[j] + variables[k] if j < length else np.inf
            keep = True
            if i < length and sums[i] <= shifted:
                next_sums[end], next_weights[end] = sums[i], weights[i]
                next_masks[end], next_sizes[end] = masks[i], sizes[i]
                i += 1
            else:
                weight = weights[j] + abs(variables[k])
                keep = weight <= bound and sizes[j] < most
                if keep:
                    next_sums[end], next_weights[end] = shifted, weight
                    next_masks[end], next_sizes[end] = masks[j] | np.uint32(1) << np.uint32(k), sizes[j] + 1
                j += 1
            end += keep
        here, spare = spare, here
        length = end
    return here, length


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
def first_not_below(entry, sums, length, target, tolerance):
    """First index whose sum with ``entry`` is not below target - tolerance."""
    left, right = 0, length
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
    (highs, high_weights, high_masks, high_sizes), high_length = bounded_list(row[split:], most, best, high_space)
    (lows, low_weights, low_masks, low_sizes), low_length = bounded_list(row[:split], most, best, low_space)
    for i in range(high_length):
        entry, weight = highs[i], high_weights[i]
        allowance = ROUNDING_ALLOWANCE * (best + abs(target) + tolerance)
        if weight > best or weight + abs(target - entry) - tolerance > best + allowance:
            continue
        j = first_not_below(entry, lows, low_length, target, tolerance)
        while j < low_length and entry + lows[j] - target <= tolerance:
            total = weight + low_weights[j]
            candidate = np.uint64(high_masks[i]) << np.uint64(split) | np.uint64(low_masks[j])
            if (total < best or (total == best and candidate < mask)) and high_sizes[i] + low_sizes[j] <= most:
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
