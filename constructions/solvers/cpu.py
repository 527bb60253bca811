"""The numba back end: ranges of problems on all threads, each range with its own work space."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from constructions.parallel import Progress, RangeTask, run_ranges
from constructions.solvers.amplification import least_range
from constructions.solvers.enumeration import (
    LARGEST_NATURAL,
    last_size,
    level_table,
    natural_table,
    solve_by_all,
    solve_by_levels,
)
from constructions.solvers.halves import closest, sorted_classes, work_space
from constructions.solvers.problem import Objective, Problems, half_entries, longest_half, split_point
from constructions.solvers.unrestricted import best_of_all, first_within

PROBLEMS_PER_RANGE = 4096
WORK_PER_RANGE = 1 << 22
FEWEST_BY_SIZE = 64


def solve(problems: Problems, objective: Objective, progress: Progress | None = None) -> NDArray[np.uint64]:
    """Masks of all problems, found on all threads."""
    masks = np.zeros(problems.count, np.uint64)
    entries = half_entries(longest_half(problems, objective), max(problems.max_size, 1))
    by_size = objective.minimises_size or objective.minimises_amplification
    make_task, fewest = (_smallest_task, FEWEST_BY_SIZE) if by_size else (_nearest_task, 1)
    task = make_task(problems, objective, entries, masks)
    run_ranges(task, problems.count, max(fewest, min(PROBLEMS_PER_RANGE, WORK_PER_RANGE // entries)), progress)
    return masks


def _nearest_task(problems: Problems, objective: Objective, entries: int, masks: NDArray[np.uint64]) -> RangeTask:
    size, split = problems.max_size, split_point(problems.variables)
    least = size if objective.exact_size else 0

    def task_of_any_size(start: int, stop: int) -> None:
        unrestricted_range(problems.base_sets, problems.targets, problems.tolerances, split, entries,
                           objective.minimises_error, start, stop, masks)  # fmt: skip

    def task(start: int, stop: int) -> None:
        nearest_range(problems.base_sets, problems.targets, problems.tolerances, least, size, split, entries,
                      objective.minimises_error, start, stop, masks)  # fmt: skip

    return task_of_any_size if least == 0 and size == problems.variables else task


def _smallest_task(problems: Problems, objective: Objective, entries: int, masks: NDArray[np.uint64]) -> RangeTask:
    """Enumeration up to a size where it stops to pay, sorted halves by size for the problems it leaves unsolved.

    The smallest subset is also where the search for the least amplification starts.
    """
    variables, size, split = problems.variables, problems.max_size, split_point(problems.variables)
    enumerate_range, last = _enumeration(variables, size, split)

    def task(start: int, stop: int) -> None:
        sets, targets = problems.base_sets[start:stop], problems.targets[start:stop]
        limits = problems.tolerances[start:stop]
        found = np.zeros(stop - start, np.bool_)
        candidates = np.where(sets * np.sign(targets)[:, None] > 0, sets, np.inf) if objective.one_sign else sets
        enumerate_range(candidates, targets, limits, masks[start:stop], found)
        if last < size and not found.all():
            by_size_range(sets, targets, limits, split, last + 1, size, entries, objective.one_sign, found,
                          masks[start:stop])  # fmt: skip
        if objective.minimises_amplification:
            least_range(sets, targets, limits, split, size, entries, found, masks[start:stop])

    return task


def _enumeration(variables: int, size: int, split: int) -> tuple[Callable[..., None], int]:
    """The enumeration that suits the number of variables, and the largest size that it settles."""
    lengths = (variables - split, split)
    if variables <= LARGEST_NATURAL:
        high_table, low_table = (natural_table(length) for length in lengths)
        sizes = np.bitwise_count(high_table[0]).astype(np.int64)
        return lambda sets, targets, limits, masks, found: solve_by_all(
            sets, targets, limits, split, size, high_table, low_table, sizes, masks, found
        ), size
    last = last_size(variables, size)
    high_levels, low_levels = (level_table(length, last) for length in lengths)
    return lambda sets, targets, limits, masks, found: solve_by_levels(
        sets, targets, limits, split, last, high_levels, low_levels, masks, found
    ), last


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
def unrestricted_range(base_sets, targets, tolerances, split, entries, minimise, start, stop, masks):
    """Least error (``minimise``) or smallest mask within tolerance, among all subsets."""
    high_space, low_space = work_space(entries), work_space(entries)
    bits = np.uint32(1) << np.arange(32).astype(np.uint32)
    for row in range(start, stop):
        if minimise:
            high_mask, low_mask = best_of_all(base_sets[row], split, bits, targets[row], high_space, low_space)
            masks[row] = joined(high_mask, low_mask, split)
        else:
            found, high_mask, low_mask = first_within(base_sets[row], split, bits, targets[row], tolerances[row],
                                                      high_space, low_space)  # fmt: skip
            if found:
                masks[row] = joined(high_mask, low_mask, split)


@njit(nogil=True, cache=True)
def nearest_range(base_sets, targets, tolerances, least, most, split, entries, minimise, start, stop, masks):
    """Least error (``minimise``) or smallest mask within tolerance, among subsets of least..most variables."""
    variables = base_sets.shape[1]
    cap = max(1, min(most, variables - split))
    high_space, low_space = work_space(entries), work_space(entries)
    bits = np.uint32(1) << np.arange(32).astype(np.uint32)
    for row in range(start, stop):
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
