"""Enumeration by size, smallest subsets first: the fast way for easy problems.

The sums of each half are kept in levels (level c: the subsets of c variables) in ascending order of their masks, so the
subsets of size k are the products of level a of the high half and level k - a of the low half. A level is filled only
when a size needs it; each entry is its parent (the subset without its lowest variable) plus that variable. Levels are
padded with infinity to whole vector registers. For small base sets all 2^m sums are looked at in one go instead.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numba import njit
from numpy.typing import NDArray

from constructions.solvers.problem import half_entries

LARGEST_NATURAL = 12
LANES = 8
HALF_ENTRY_COST = 40

Table = tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]


def last_size(variables: int, max_size: int) -> int:
    """Largest size for which looking at all subsets costs no more than sorting the halves."""
    longer = variables - variables // 2
    size = 0
    while size < max_size and comb(variables, size + 1) <= HALF_ENTRY_COST * half_entries(longer, size + 1):
        size += 1
    return size


@lru_cache(maxsize=256)
def level_table(count: int, top: int) -> Table:
    """(masks, lowest variables, parents, starts, ends) of the subsets of at most ``top`` of ``count`` variables."""
    levels = [(np.zeros(1, np.uint64), np.full(1, count, np.uint32), np.zeros(1, np.uint32))]
    starts, ends = [0], [1]
    for _ in range(min(top, count)):
        above, above_lowest, _ = levels[-1]
        origin = np.repeat(np.arange(len(above)), above_lowest)
        first = np.cumsum(above_lowest) - above_lowest
        variables = (np.arange(len(origin)) - np.repeat(first, above_lowest)).astype(np.uint32)
        own = above[origin] | (np.uint64(1) << variables.astype(np.uint64))
        levels.append((own, variables, (origin + starts[-1]).astype(np.uint32)))
        starts.append(-(-ends[-1] // LANES) * LANES)
        ends.append(starts[-1] + len(own))
    starts.append(-(-ends[-1] // LANES) * LANES)
    masks, lowest = np.zeros(starts[-1], np.uint64), np.zeros(starts[-1], np.uint32)
    parents = np.zeros(starts[-1], np.uint32)
    for level, start, end in zip(levels, starts, ends, strict=False):
        masks[start:end], lowest[start:end], parents[start:end] = level
    return masks, lowest, parents, np.array(starts, np.int64), np.array(ends, np.int64)


@lru_cache(maxsize=256)
def natural_table(count: int) -> Table:
    """The same record for all 2^count subsets in the order of their masks, as one level."""
    masks = np.arange(1 << count, dtype=np.uint64)
    lowest = np.bitwise_count((masks & (~masks + np.uint64(1))) - np.uint64(1)).astype(np.uint32)
    parents = (masks & (masks - np.uint64(1))).astype(np.uint32)
    return masks, lowest, parents, np.array([0], np.int64), np.array([1 << count], np.int64)


@njit(nogil=True, cache=True)
def fill(variables, parents, lowest, start, end, sums):
    """Sums of the entries start..end from those of their parents."""
    level, parent, low = sums[start:end], parents[start:end], lowest[start:end]
    for k in range(level.size):
        level[k] = sums[parent[k]] + variables[low[k]]


@njit(nogil=True, cache=True)
def count_hits(entry, sums, start, end, target, tolerance):
    """Number of partners of ``entry`` within tolerance; one branch-free vector loop."""
    hits = 0
    level = sums[start:end]
    for k in range(level.size):
        hits += abs((entry + level[k]) - target) <= tolerance
    return hits


@njit(nogil=True, cache=True)
def first_pair(high, i, i_end, low, j, j_end, target, tolerance):
    """First pair within tolerance in the order (high, low), by plain loops; (-1, -1) when there is none."""
    for a in range(i, i_end):
        for b in range(j, j_end):
            if abs((high[a] + low[b]) - target) <= tolerance:
                return a, b
    return -1, -1


@njit(nogil=True, cache=True)
def first_of_product(high, i, i_end, i_padded, low, j, j_end, j_padded, target, tolerance):
    """First pair within tolerance of two levels; the longer level is the inner, vectorised one."""
    if i_end - i <= j_end - j:
        for a in range(i, i_end):
            if count_hits(high[a], low, j, j_padded, target, tolerance):
                return first_pair(high, a, a + 1, low, j, j_end, target, tolerance)
        return -1, -1
    hits = 0
    for b in range(j, j_end):
        hits += count_hits(low[b], high, i, i_padded, target, tolerance)
    if hits:
        return first_pair(high, i, i_end, low, j, j_end, target, tolerance)
    return -1, -1


@njit(nogil=True, cache=True)
def solve_by_levels(base_sets, targets, tolerances, split, last, high_table, low_table, masks, found):
    """Smallest subset of at most ``last`` variables within tolerance of each problem; ties to the smallest mask."""
    high_masks, high_lowest, high_parents, high_starts, high_ends = high_table
    low_masks, low_lowest, low_parents, low_starts, low_ends = low_table
    high, low = np.full(len(high_masks), np.inf), np.full(len(low_masks), np.inf)
    high[0] = low[0] = 0.0
    for row in range(len(targets)):
        target, tolerance = targets[row], tolerances[row]
        solved, mask = abs(target) <= tolerance, np.uint64(0)
        for size in range(1, last + 1):
            if solved:
                break
            if size < len(low_ends):
                fill(base_sets[row, :split], low_parents, low_lowest, low_starts[size], low_ends[size], low)
                if count_hits(0.0, low, low_starts[size], low_starts[size + 1], target, tolerance):
                    _, j = first_pair(high, 0, 1, low, low_starts[size], low_ends[size], target, tolerance)
                    solved, mask = True, low_masks[j]
                    break
            if size < len(high_ends):
                fill(base_sets[row, split:], high_parents, high_lowest, high_starts[size], high_ends[size], high)
            for a in range(max(1, size - len(low_ends) + 1), min(size, len(high_ends) - 1) + 1):
                b, end = size - a, high_ends[a]
                while solved and end > high_starts[a] and high_masks[end - 1] > mask >> np.uint64(split):
                    end -= 1
                i, j = first_of_product(high, high_starts[a], end, high_starts[a + 1], low, low_starts[b],
                                        low_ends[b], low_starts[b + 1], target, tolerance)  # fmt: skip
                if i >= 0:
                    # A pair found in a later class has a smaller high mask: the others were cut off above.
                    solved, mask = True, (high_masks[i] << np.uint64(split)) | low_masks[j]
        masks[row], found[row] = mask, solved


@njit(nogil=True, cache=True)
def solve_by_all(base_sets, targets, tolerances, split, most, high_table, low_table, sizes, masks, found):
    """The same answer from all 2^m sums in the order of their masks, for small base sets."""
    high, low = np.zeros(len(high_table[0])), np.zeros(len(low_table[0]))
    for row in range(len(targets)):
        target, tolerance = targets[row], tolerances[row]
        fill(base_sets[row, :split], low_table[2], low_table[1], 1, len(low), low)
        fill(base_sets[row, split:], high_table[2], high_table[1], 1, len(high), high)
        best, mask = most + 1, 0
        for a in range(len(high)):
            if count_hits(high[a], low, 0, len(low), target, tolerance):
                for b in range(len(low)):
                    size = sizes[a] + sizes[b]
                    if size < best and abs((high[a] + low[b]) - target) <= tolerance:
                        best, mask = size, (a << split) | b
        masks[row], found[row] = mask, best <= most
