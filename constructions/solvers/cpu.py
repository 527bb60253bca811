"""The numba back end: ranges of problems on all threads, each thread with its own work space."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from constructions.parallel import Progress, run_ranges
from constructions.solvers.halves import closest, sorted_classes, sorted_sums
from constructions.solvers.problem import Objective, Problems, half_entries, split_point

WORK_PER_RANGE = 1 << 22


def solve(problems: Problems, objective: Objective, progress: Progress | None = None) -> NDArray[np.uint64]:
    """Masks of all problems, found on all threads."""
    variables, size = problems.variables, problems.max_size
    masks = np.zeros(problems.count, np.uint64)
    entries = half_entries(variables - split_point(variables), max(size, 1))
    least = size if objective.exact_size else 0

    def task(start: int, stop: int) -> None:
        solve_range(problems.base_sets, problems.targets, problems.tolerances, least, size, split_point(variables),
                    entries, objective.name == "smallest", objective.minimises_error, start, stop, masks)  # fmt: skip

    run_ranges(task, problems.count, max(1, min(4096, WORK_PER_RANGE // entries)), progress)
    return masks


@njit(nogil=True, cache=True)
def work_space(entries):
    """Two pairs of (sums, masks): one holds the list, the other takes the next merge."""
    return (np.empty(entries), np.empty(entries, np.uint32), np.empty(entries), np.empty(entries, np.uint32))


@njit(nogil=True, cache=True)
def half_list(variables, bits, count, cap, space, offsets):
    """(sums, masks, offsets) of one half: in classes up to size ``cap``, or in one list where there is one class."""
    values, masks, spare_values, spare_masks = space
    if len(offsets) == 2:
        offsets[0], offsets[1] = 0, 1 << count
        values, masks = sorted_sums(variables, bits, count, values, masks, spare_values, spare_masks)
    else:
        values, masks = sorted_classes(variables, bits, count, cap, values, masks, spare_values, spare_masks, offsets)
    return values, masks, offsets


@njit(nogil=True, cache=True)
def solve_range(base_sets, targets, tolerances, least, most, split, entries, by_size, minimise, start, stop, masks):
    """Solve problems start..stop; see the objectives in ``problem``."""
    variables = base_sets.shape[1]
    whole = least == 0 and most >= variables and not by_size
    cap = max(1, min(most, variables - split))
    high_offsets = np.zeros(2 if whole else cap + 2, np.int64)
    low_offsets = np.zeros(2 if whole else cap + 2, np.int64)
    high_space, low_space = work_space(entries), work_space(entries)
    bits = np.uint32(1) << np.arange(32).astype(np.uint32)
    for row in range(start, stop):
        high = half_list(base_sets[row, split:], bits, variables - split, cap, high_space, high_offsets)
        low = half_list(base_sets[row, :split], bits, split, cap, low_space, low_offsets)
        target, tolerance = targets[row], tolerances[row]
        clip = 0.0 if minimise else tolerance
        found = (np.inf, np.uint32(0), np.uint32(0))
        if whole:
            found = closest(high, low, 0, 0, target, clip)
        elif by_size:
            for size in range(most + 1):
                found = closest(high, low, size, size, target, clip)
                if found[0] <= tolerance:
                    break
        else:
            found = closest(high, low, least, most, target, clip)
        if minimise or found[0] <= tolerance:
            masks[row] = (np.uint64(found[1]) << np.uint64(split)) | np.uint64(found[2])
