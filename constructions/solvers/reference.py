"""Every subset looked at, one rule at a time: the oracle of the other back ends. Plain numpy, 2^m sums per problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constructions.parallel import Progress
from constructions.solvers.problem import Objective, Problems, split_point

LARGEST_REFERENCE = 22


def solve(problems: Problems, objective: Objective, progress: Progress | None = None) -> NDArray[np.uint64]:
    """Masks by exhaustive search; m <= 22."""
    if problems.variables > LARGEST_REFERENCE:
        raise ValueError(
            f"device='reference' looks at every subset and takes at most {LARGEST_REFERENCE} variables, "
            f"not {problems.variables}; use device='cpu'"
        )
    masks = np.zeros(problems.count, np.uint64)
    for row in range(problems.count):
        masks[row] = _solve_one(problems, row, objective)
        if progress is not None:
            progress(row + 1, problems.count)
    return masks


def all_values(variables: NDArray[np.float64]) -> NDArray[np.float64]:
    """value(I) of all 2^m subsets, indexed by mask."""
    split = split_point(len(variables))
    low, high = _half_values(variables[:split]), _half_values(variables[split:])
    return np.asarray(high[:, None] + low[None, :]).ravel()


def _half_values(variables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of all subsets of one half, each added from its highest index to its lowest."""
    sums = np.zeros(1)
    for value in variables[::-1]:
        sums = np.stack([sums, sums + value], axis=-1).ravel()
    return sums


def _solve_one(problems: Problems, row: int, objective: Objective) -> int:
    variables, target, tolerance = problems.base_sets[row], problems.targets[row], problems.tolerances[row]
    errors = np.abs(all_values(variables) - target)
    masks = np.arange(len(errors))
    sizes = np.bitwise_count(masks)
    allowed = sizes == problems.max_size if objective.exact_size else sizes <= problems.max_size
    if not objective.minimises_error:
        allowed &= errors <= tolerance
    if objective.one_sign:
        wrong_sign = variables * np.sign(target) <= 0
        allowed &= masks & int(wrong_sign @ (1 << np.arange(len(variables)))) == 0
    if not allowed.any():
        return 0
    return int(masks[allowed][np.argmin(_key(objective, variables, errors, sizes)[allowed])])


def _key(
    objective: Objective, variables: NDArray[np.float64], errors: NDArray[np.float64], sizes: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """What the objective makes as small as possible; the first minimum is the smallest mask."""
    if objective.minimises_error:
        return errors
    if objective.minimises_amplification:
        return all_values(np.abs(variables))
    return sizes.astype(np.float64) if objective.minimises_size else np.zeros_like(errors)
