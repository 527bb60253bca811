"""What a subset-sum problem is: the value of a subset, the objectives and their rules, validated input, the answer.

Value of a subset, the same for every objective, size and back end: with the split h = m div 2,

    value(I) = fl( H + L ),   H = the members of I at h, ..., m-1,   L = its members at 0, ..., h-1,

each half added in float64 from its highest index to its lowest, starting from 0; error(I) = |fl(value(I) - target)|.
The rules are statements about these numbers, so each has exactly one answer and a back end is free in how it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions.parallel import Progress

LARGEST_BASE_SET = 64
LARGEST_HALF = 1 << 22
LARGEST_VALUE = 1e300


@dataclass(frozen=True)
class Solutions:
    """One subset per problem: bit k of a mask selects variable k.

    An unsolved problem (no subset within tolerance) has ``solved`` False. The objectives that minimise the error still
    return their least-error subset for it; the others return the empty mask and the error of the empty subset.
    """

    masks: NDArray[np.uint64]
    errors: NDArray[np.float64]
    sizes: NDArray[np.int64]
    solved: NDArray[np.bool_]


@dataclass(frozen=True)
class Objective:
    """What is asked of a subset; ties always go to the smallest mask as an integer."""

    name: str
    rule: str
    minimises_error: bool = False
    minimises_size: bool = False
    minimises_amplification: bool = False
    exact_size: bool = False
    one_sign: bool = False


OBJECTIVES = {
    objective.name: objective
    for objective in (
        Objective("smallest", "fewest variables among the subsets with error <= tolerance", minimises_size=True),
        Objective("best", "least error", minimises_error=True),
        Objective("within", "smallest mask among the subsets with error <= tolerance"),
        Objective("fixed_size", "least error among the subsets of exactly max_size variables", True, exact_size=True),
        Objective(
            "least_amplification",
            "least sum of |w|, added like the value, among the subsets with error <= tolerance",
            minimises_amplification=True,
        ),
        Objective(
            "one_sign",
            "as smallest, among the subsets of variables with the strict sign of the target (target 0: none)",
            minimises_size=True,
            one_sign=True,
        ),
    )
}


@dataclass(frozen=True)
class Problems:
    """Validated input of a back end: (P, m) variables, P targets, P tolerances, the largest subset size allowed."""

    base_sets: NDArray[np.float64]
    targets: NDArray[np.float64]
    tolerances: NDArray[np.float64]
    max_size: int

    @property
    def count(self) -> int:
        """Number of problems, P."""
        return len(self.targets)

    @property
    def variables(self) -> int:
        """Number of variables per problem, m."""
        return int(self.base_sets.shape[1])

    def part(self, start: int, stop: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Views of the variables, targets and tolerances of some problems."""
        return self.base_sets[start:stop], self.targets[start:stop], self.tolerances[start:stop]


BackEnd = Callable[[Problems, Objective, Progress | None], NDArray[np.uint64]]


def split_point(variables: int) -> int:
    """First index of the high half, m div 2: the one place that defines the halves of a base set."""
    return variables // 2


def half_entries(length: int, max_size: int) -> int:
    """Number of subsets of at most ``max_size`` out of ``length`` variables."""
    return sum(comb(length, size) for size in range(min(length, max_size) + 1))


def checked_problems(
    base_sets: ArrayLike, targets: ArrayLike, tolerance: ArrayLike, objective: Objective, max_size: int | None
) -> Problems:
    """Validate the arguments of ``solve_subset_sums``; every ValueError quotes value, constraint and remedy."""
    sets = np.ascontiguousarray(_numbers("base_sets", base_sets))
    goals = np.ascontiguousarray(_numbers("targets", targets))
    if sets.ndim != 2 or goals.ndim != 1 or len(sets) != len(goals):
        raise ValueError(
            f"base_sets has shape {sets.shape} and targets {goals.shape}; they must be (P, m) and (P,): "
            "give one row of variables and one target per problem"
        )
    limits = _numbers("tolerance", tolerance)
    if limits.ndim > 1 or (limits.ndim == 1 and limits.shape != goals.shape):
        raise ValueError(
            f"tolerance has shape {limits.shape} and must be one number or ({len(goals)},): one per problem"
        )
    if limits.size and limits.min() < 0:
        raise ValueError(f"tolerance reaches down to {limits.min()} and must be >= 0; give an absolute error")
    size = _checked_size(sets.shape[1], objective, max_size)
    problems = Problems(sets, goals, np.ascontiguousarray(np.broadcast_to(limits, goals.shape)), size)
    entries = half_entries(longest_half(problems, objective), size)
    if entries > LARGEST_HALF:
        raise ValueError(
            f"{problems.variables} variables with max_size={max_size} need {entries} sums per half, more than "
            f"{LARGEST_HALF}; solve on a prefix of at most 44 variables or give a smaller max_size"
        )
    return problems


def longest_half(problems: Problems, objective: Objective) -> int:
    """Largest number of variables that a half of a problem can use."""
    split = split_point(problems.variables)
    if not objective.one_sign or not problems.count:
        return problems.variables - split
    eligible = problems.base_sets * np.sign(problems.targets)[:, None] > 0
    return int(max(eligible[:, :split].sum(1).max(), eligible[:, split:].sum(1).max()))


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" and array.size:
        raise ValueError(f"{name} has dtype {array.dtype} and must hold real numbers; convert it to float64")
    array = array.astype(np.float64, copy=False)
    if array.size and not (array.max() <= LARGEST_VALUE and array.min() >= -LARGEST_VALUE):
        where = tuple(int(i) for i in np.argwhere(~(np.abs(array) <= LARGEST_VALUE))[0])
        raise ValueError(
            f"{name}{list(where) if where else ''} is {array[where]} and must be finite and at most "
            f"{LARGEST_VALUE:g} in magnitude; scale the problem"
        )
    return array


def _checked_size(variables: int, objective: Objective, max_size: int | None) -> int:
    if variables > LARGEST_BASE_SET:
        raise ValueError(
            f"base_sets has {variables} variables and a mask holds {LARGEST_BASE_SET}; solve on a prefix of them"
        )
    if max_size is None and objective.exact_size:
        raise ValueError(f"max_size=None, but objective={objective.name!r} needs the number of variables: give it")
    size = variables if max_size is None else max_size
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 0:
        raise ValueError(f"max_size={max_size!r} must be an integer >= 0: the largest number of variables in a subset")
    if objective.exact_size and size > variables:
        raise ValueError(f"max_size={size} variables cannot be chosen out of {variables}; give max_size <= {variables}")
    return min(int(size), variables)
