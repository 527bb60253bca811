"""Random variables and their subset sums by plain enumeration: the measured side of every subset-sum check.

Nothing here is shared with ``bounds`` or with the solvers of ``constructions``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from empirical.binomial import clopper_pearson

FloatArray = NDArray[np.float64]
CONFIDENCE = 1 - 1e-7
"""Of every interval: among thousands of comparisons a false alarm stays below one in a thousand runs."""

DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], FloatArray]] = {
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "product": lambda rng, shape: rng.uniform(-1, 1, shape) * rng.uniform(-1, 1, shape),
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "normal_product": lambda rng, shape: rng.standard_normal(shape) * rng.standard_normal(shape),
}


def subset_sums(variables: FloatArray) -> FloatArray:
    """All subset sums of each row, (trials, 2^m)."""
    sums = np.zeros((variables.shape[0], 1))
    for column in variables.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    return sums


def served(variables: FloatArray, targets: FloatArray, tolerance: float) -> NDArray[np.bool_]:
    """Whether each row has a subset sum within ``tolerance`` of its target."""
    return np.asarray(np.min(np.abs(subset_sums(variables) - targets[:, None]), axis=1) <= tolerance)


def all_served(variables: FloatArray, tolerance: float) -> NDArray[np.bool_]:
    """Whether each row serves every |z| <= 1: gaps of at most twice the tolerance, both ends within it."""
    sums = np.sort(np.clip(subset_sums(variables), -1 - tolerance, 1 + tolerance), axis=1)
    gaps = np.diff(sums, axis=1).max(axis=1, initial=0.0)
    return np.asarray((gaps <= 2 * tolerance) & (sums[:, 0] <= -1 + tolerance) & (sums[:, -1] >= 1 - tolerance))


def limits(successes: NDArray[np.bool_]) -> tuple[float, float]:
    """Clopper-Pearson limits of the success probability."""
    return clopper_pearson(int(np.count_nonzero(successes)), successes.size, CONFIDENCE)
