"""The one entry to the solvers and the registry of their back ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from constructions.parallel import Progress
from constructions.solvers import cpu, reference, tensors
from constructions.solvers.problem import OBJECTIVES, BackEnd, Solutions, checked_problems
from constructions.solvers.values import subset_errors

BACK_ENDS: dict[str, BackEnd] = {
    "cpu": cpu.solve,
    "torch": tensors.solve_cpu,
    "cuda": tensors.solve_cuda,
    "reference": reference.solve,
}

Record = TypeVar("Record")


def solve_subset_sums(
    base_sets: ArrayLike,
    targets: ArrayLike,
    tolerance: ArrayLike,
    objective: str = "smallest",
    max_size: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Solutions:
    """Choose, for each problem, a subset of its variables whose sum approximates its target.

        error(I) = |fl(value(I) - target)| <= tolerance          (value: see the head of ``problem``)

    Args:
        base_sets: (P, m) finite numbers of magnitude <= 1e300, m <= 64.
        targets: (P,) finite numbers.
        tolerance: one finite number >= 0, or (P,) of them.
        objective: a name in ``OBJECTIVES``, whose ``rule`` states what is asked; ties go to the smallest mask.
        max_size: largest number of variables of a subset (default m); "fixed_size" uses exactly this many.
        device: "cpu" (numba, all threads), "torch" (torch on the CPU), "cuda" (the same code on a GPU) or
            "reference" (every subset looked at, the oracle).
        progress: called as progress(done, P) now and then.
    Returns:
        Solutions: the same masks, bit for bit, on every device and with any number of threads.
    Raises:
        ValueError: bad shape, number out of range, unknown name; more than 44 variables without a small max_size.

    >>> found = solve_subset_sums([[0.5, -0.25, 0.125]], [0.26], 0.02)
    >>> found.masks.tolist(), found.errors.round(3).tolist(), found.solved.tolist()
    ([3], [0.01], [True])
    """
    record = _lookup("objective", objective, OBJECTIVES)
    back_end = _lookup("device", device, BACK_ENDS)
    problems = checked_problems(base_sets, targets, tolerance, record, max_size)
    masks = back_end(problems, record, progress)
    errors = subset_errors(problems.base_sets, problems.targets, masks)
    return Solutions(masks, errors, np.bitwise_count(masks).astype(np.int64), errors <= problems.tolerances)


def check_names(objective: str, device: str) -> None:
    """Raise ValueError for an unknown objective or device, or a GPU that is not there, before there are problems."""
    _lookup("objective", objective, OBJECTIVES)
    _lookup("device", device, BACK_ENDS)
    if device == "cuda":
        tensors.check_gpu()


def _lookup(kind: str, name: str, registry: Mapping[str, Record]) -> Record:
    if name not in registry:
        raise ValueError(f"{kind}={name!r} is not known; choose one of {', '.join(registry)}")
    return registry[name]
