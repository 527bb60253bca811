"""Sorted halves by size (Horowitz and Sahni 1974): the sums of each half in order, walks along pairs of lists.

The sums of a half are kept in classes by subset size (class c: the subsets of c variables). Each list is built by
merging lists with shifted ones, one variable at a time from the highest index down, so its entries are the float64
sums of the stated rule; rounding keeps the order. The question answered for a range of subset sizes is always

    which subset has the least max(error, clip), ties to the smallest mask?

clip = 0 asks for the least error; clip = tolerance asks for the smallest mask within tolerance.
No kernel here calls one of another file: numba's cache would not notice an edit there.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

NONE = np.uint32(0xFFFFFFFF)


@njit(nogil=True, cache=True)
def merge(values, masks, a, a_count, b, b_count, shift, bit, out_values, out_masks, out):
    """Merge the list at ``a`` with the list at ``b``, the latter shifted and marked with ``bit``, into ``out``.

    From both ends at once: two independent chains without bounds checks as long as the shorter list lasts.
    """
    steps = min(a_count, b_count)
    i, j, p, q = a, b, a + a_count - 1, b + b_count - 1
    top = out + a_count + b_count - 1
    for s in range(steps):
        first, second = values[i], values[j] + shift
        take = first <= second
        out_values[out + s] = first if take else second
        out_masks[out + s] = masks[i] if take else masks[j] | bit
        i += take
        j += not take
        first, second = values[p], values[q] + shift
        take = first <= second
        out_values[top - s] = second if take else first
        out_masks[top - s] = masks[q] | bit if take else masks[p]
        q -= take
        p -= not take
    for s in range(out + steps, top - steps + 1):
        if j > q or (i <= p and values[i] <= values[j] + shift):
            out_values[s], out_masks[s] = values[i], masks[i]
            i += 1
        else:
            out_values[s], out_masks[s] = values[j] + shift, masks[j] | bit
            j += 1


@njit(nogil=True, cache=True)
def sorted_classes(variables, bits, count, cap, space):
    """Sums of at most ``cap`` variables, sorted within each size: (sums, masks, offsets of the classes)."""
    values, masks, spare_values, spare_masks = space
    offsets = np.empty(cap + 2, np.int64)
    values[0], masks[0] = 0.0, 0
    offsets[:] = 1
    offsets[0] = 0
    for used in range(count):
        k = count - 1 - used
        end = 0
        below, below_end = 0, 0
        for c in range(min(cap, used + 1) + 1):
            here, here_end = offsets[c], offsets[c + 1]
            if c > used:
                here = here_end
            merge(values, masks, here, here_end - here, below, below_end - below, variables[k], bits[k],
                  spare_values, spare_masks, end)  # fmt: skip
            offsets[c] = end
            end += here_end - here + below_end - below
            below, below_end = here, here_end
        offsets[min(cap, used + 1) + 1 :] = end
        values, spare_values = spare_values, values
        masks, spare_masks = spare_masks, masks
    return values, masks, offsets


@njit(nogil=True, cache=True)
def work_space(entries):
    """Two pairs of (sums, masks): one holds the list, the other takes the next merge."""
    return (np.empty(entries), np.empty(entries, np.uint32), np.empty(entries), np.empty(entries, np.uint32))


@njit(nogil=True, cache=True)
def walk(high_values, high_masks, i, i_end, low_values, j_start, j_end, target, clip, error, mask, value):
    """Improve (error, mask, value): least max(error, clip) over all pairs, ties to the smallest high mask.

    Every high entry meets the last low entry with sum <= target and the first with sum > target: none can be nearer.
    """
    j = j_end - 1
    for k in range(i, i_end):
        entry = high_values[k]
        while j >= j_start and entry + low_values[j] > target:
            j -= 1
        near = np.inf
        if j >= j_start:
            near = abs(entry + low_values[j] - target)
        if j + 1 < j_end:
            near = min(near, abs(entry + low_values[j + 1] - target))
        near = max(near, clip)
        if near < error or (near == error and high_masks[k] < mask):
            error, mask, value = near, high_masks[k], entry
    return error, mask, value


@njit(nogil=True, cache=True)
def partner(entry, low_values, low_masks, j_start, j_end, target, clip, error, mask):
    """Smallest low mask among the entries whose max(error, clip) with this high entry is at most ``error``."""
    left, right = j_start, j_end
    while left < right:
        middle = (left + right) // 2
        if entry + low_values[middle] > target:
            right = middle
        else:
            left = middle + 1
    j = left - 1
    while j >= j_start and max(abs(entry + low_values[j] - target), clip) <= error:
        mask = min(mask, low_masks[j])
        j -= 1
    j = left
    while j < j_end and max(abs(entry + low_values[j] - target), clip) <= error:
        mask = min(mask, low_masks[j])
        j += 1
    return mask


@njit(nogil=True, cache=True)
def popcount(mask):
    """Number of set bits of a 64-bit mask."""
    mask = np.uint64(mask)
    mask = mask - ((mask >> np.uint64(1)) & np.uint64(0x5555555555555555))
    mask = (mask & np.uint64(0x3333333333333333)) + ((mask >> np.uint64(2)) & np.uint64(0x3333333333333333))
    mask = (mask + (mask >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((mask * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)
def closest(high, low, smallest, largest, target, clip):
    """Best pair of halves of ``smallest`` to ``largest`` variables together; high, low: (values, masks, offsets).

    Returns (max(error, clip), high mask, low mask); error inf when there is no such subset.
    """
    high_values, high_masks, high_offsets = high
    low_values, low_masks, low_offsets = low
    classes = len(high_offsets) - 1
    error, mask, value = np.inf, NONE, 0.0
    for a in range(min(classes - 1, largest) + 1):
        for b in range(max(smallest - a, 0), min(classes - 1, largest - a) + 1):
            error, mask, value = walk(high_values, high_masks, high_offsets[a], high_offsets[a + 1], low_values,
                                      low_offsets[b], low_offsets[b + 1], target, clip, error, mask, value)  # fmt: skip
    low_mask = NONE
    if error < np.inf:
        a = popcount(mask)
        for b in range(max(smallest - a, 0), min(classes - 1, largest - a) + 1):
            low_mask = partner(value, low_values, low_masks, low_offsets[b], low_offsets[b + 1], target, clip, error,
                               low_mask)  # fmt: skip
    return error, mask, low_mask


@njit(nogil=True, cache=True)
def collect(row, start, stop, sign, variables, bits):
    """Copy the variables start..stop of the given sign (0: all) with their bits; returns their number."""
    count = 0
    for k in range(start, stop):
        if sign == 0.0 or row[k] * sign > 0.0:
            variables[count] = row[k]
            bits[count] = np.uint32(1) << np.uint32(k - start)
            count += 1
    return count


@njit(nogil=True, cache=True)
def joined(high_mask, low_mask, split):
    """Mask of the whole base set from the masks of its halves."""
    return (np.uint64(high_mask) << np.uint64(split)) | np.uint64(low_mask)


@njit(nogil=True, cache=True)
def nearest_range(base_sets, targets, tolerances, least, most, split, entries, minimise, masks):
    """Least error (``minimise``) or smallest mask within tolerance, among subsets of least..most variables."""
    variables = base_sets.shape[1]
    cap = max(1, min(most, variables - split))
    high_space, low_space = work_space(entries), work_space(entries)
    bits = np.uint32(1) << np.arange(32).astype(np.uint32)
    for row in range(len(targets)):
        high = sorted_classes(base_sets[row, split:], bits, variables - split, cap, high_space)
        low = sorted_classes(base_sets[row, :split], bits, split, cap, low_space)
        clip = 0.0 if minimise else tolerances[row]
        error, high_mask, low_mask = closest(high, low, least, most, targets[row], clip)
        if minimise or error <= tolerances[row]:
            masks[row] = joined(high_mask, low_mask, split)


@njit(nogil=True, cache=True)
def by_size_range(base_sets, targets, tolerances, split, first, most, entries, one_sign, found, masks):
    """Smallest subset of first..most variables within tolerance, for the problems not yet found."""
    high_space, low_space = work_space(entries), work_space(entries)
    for row in range(len(targets)):
        if not found[row]:
            sign = np.sign(targets[row]) if one_sign else 0.0
            found[row], masks[row] = smallest_by_halves(base_sets[row], split, sign, first, most, targets[row],
                                                        tolerances[row], high_space, low_space)  # fmt: skip


@njit(nogil=True, cache=True)
def smallest_by_halves(row, split, sign, first, most, target, tolerance, high_space, low_space):
    """(found, mask) of the smallest subset of first..most variables within tolerance; lists grow with the size."""
    values, bits = np.empty((2, len(row) + 1)), np.empty((2, len(row) + 1), np.uint32)
    high_count = collect(row, split, len(row), sign, values[0], bits[0])
    low_count = collect(row, 0, split, sign, values[1], bits[1])
    longest = max(high_count, low_count)
    cap = -1
    for size in range(first, min(most, high_count + low_count) + 1):
        if cap < min(size, longest):
            cap = max(1, min(size + size // 3, most, longest))
            high = sorted_classes(values[0], bits[0], high_count, cap, high_space)
            low = sorted_classes(values[1], bits[1], low_count, cap, low_space)
        error, high_mask, low_mask = closest(high, low, size, size, target, tolerance)
        if error <= tolerance:
            return True, joined(high_mask, low_mask, split)
    return False, np.uint64(0)
