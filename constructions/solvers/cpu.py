"""The numba back end: ranges of problems on all threads, each range with its own work space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
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
from constructions.solvers.halves import by_size_range, nearest_range
from constructions.solvers.problem import Objective, Problems, half_entries, longest_half, split_point
from constructions.solvers.unrestricted import unrestricted_range

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

    any_size = least == 0 and size == problems.variables

    def task(start: int, stop: int) -> None:
        part, own = problems.part(start, stop), masks[start:stop]
        if any_size:
            unrestricted_range(*part, split, objective.minimises_error, own)
        else:
            nearest_range(*part, least, size, split, entries, objective.minimises_error, own)

    return task


def _smallest_task(problems: Problems, objective: Objective, entries: int, masks: NDArray[np.uint64]) -> RangeTask:
    """Enumeration up to a size where it stops to pay, sorted halves by size for the problems it leaves unsolved.

    The smallest subset is also where the search for the least amplification starts.
    """
    variables, size, split = problems.variables, problems.max_size, split_point(problems.variables)
    enumerate_range, last = _enumeration(variables, size, split)

    def task(start: int, stop: int) -> None:
        sets, targets, limits = problems.part(start, stop)
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
