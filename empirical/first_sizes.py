"""How many variables of one stream it takes until some subset sum is close to the target, by exhaustive search.

The first m variables of a trial succeed if and only if ``first_sizes`` gives at most m for it: one search per trial
answers every size. The search keeps the sorted subset sums of two halves and, with each new variable, looks for a pair
of a *new* sum of its half and a sum of the other half within the tolerance (two pointers): about 2^(m/2) steps, no
subset is left out. Lists are made only once the variables of the target's sign reach it.
Sums are float64; their rounding (below m 2^-52) is not accounted for, as nothing here is certified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

from bounds.arithmetic import is_finite_real
from bounds.laws import LAWS
from constructions.parallel import run_ranges
from constructions.philox import uniform

MOST_VARIABLES = 44
STREAM = 0x5EED5E75
VARIABLES, TARGETS = 0, 1
_BATCH = 1 << 13
_RANGE = 1 << 8
_FIRST_DRAW = 16
_ROUNDING = 1e-9


def _normals(uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard normal variables from U[-1, 1] by inversion."""
    return np.asarray(ndtri((uniforms + 1) / 2))


@dataclass(frozen=True, slots=True)
class Transform:
    """How a variable comes from its pair of U[-1, 1] draws: from the first alone, or from both."""

    draws: int
    of: Callable[..., NDArray[np.float64]]


TRANSFORMS: dict[str, Transform] = {
    "uniform": Transform(1, lambda u: u),
    "product": Transform(2, lambda u, v: u * v),
    "normal": Transform(1, _normals),
    "normal_product": Transform(2, lambda u, v: _normals(u) * _normals(v)),
}


def variables(law: str, seed: int, first_trial: int, trials: int, size: int) -> NDArray[np.float64]:
    """Return the variables of some trials, (trials, size); each a function of (seed, trial, position) alone."""
    return _drawn(law, seed, np.arange(first_trial, first_trial + trials), size)


def _drawn(law: str, seed: int, trials: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return the variables of the listed trials, (trials, size)."""
    transform, pairs = TRANSFORMS[law], 2 * np.arange(size)
    draws = (uniform(seed, VARIABLES, trials[:, None], pairs + i, stream=STREAM) for i in range(transform.draws))
    return np.ascontiguousarray(transform.of(*draws))


def targets(target: float | None, seed: int, first_trial: int, trials: int) -> NDArray[np.float64]:
    """Return the target of some trials: the same for all, or z ~ U[-1, 1] drawn for each where ``target`` is None."""
    if target is not None:
        return np.full(trials, float(target))
    return uniform(seed, TARGETS, np.arange(first_trial, first_trial + trials), 0, stream=STREAM)


def first_sizes(
    law: str, tolerance: float, trials: int, seed: int, target: float | None = 1.0, max_size: int = 36
) -> NDArray[np.int64]:
    """Return for each trial the least m such that its first m variables have a subset sum within ``tolerance``.

    ``max_size`` + 1 where none of the first ``max_size`` variables help. ``law`` is a key of ``bounds.laws.LAWS``;
    ``target`` None draws z ~ U[-1, 1] for each trial. The same for any number of threads.
    Raises ValueError for an unknown law, a size above 44 or no trials.

    >>> first_sizes("uniform", 0.5, 3, seed=0, target=0.25).tolist()
    [0, 0, 0]
    """
    if law not in LAWS:
        raise ValueError(f"first_sizes: law={law!r} is unknown; choose one of {', '.join(sorted(LAWS))}")
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in (max_size, trials))
    finite = is_finite_real(tolerance) and (target is None or is_finite_real(target))
    if not (whole and finite and 0 <= max_size <= MOST_VARIABLES and trials >= 1 and tolerance > 0):
        raise ValueError(
            f"first_sizes: max_size={max_size!r}, trials={trials!r}, tolerance={tolerance!r}, target={target!r} must "
            f"satisfy 0 <= max_size <= {MOST_VARIABLES}, trials >= 1 (both whole), tolerance > 0 and a finite target; "
            "ask for less"
        )
    result = np.empty(trials, dtype=np.int64)
    for start in range(0, trials, _BATCH):
        rows = np.arange(start, min(start + _BATCH, trials))
        goals = targets(target, seed, start, rows.size)
        first = min(max_size, _FIRST_DRAW)
        found = _searched(_drawn(law, seed, rows, first), goals, tolerance)
        unserved = np.flatnonzero(found > first)
        if first < max_size:
            found[unserved] = _searched(_drawn(law, seed, rows[unserved], max_size), goals[unserved], tolerance)
        result[rows] = found
    return result


def _searched(batch: NDArray[np.float64], goals: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Return the least number of leading variables that serve, for each row; one more than there are where none do."""
    found = np.empty(goals.size, dtype=np.int64)
    run_ranges(partial(_search, batch, goals, tolerance, found), goals.size, _RANGE)
    return found


@njit(nogil=True, cache=True)
def _search(batch, goals, tolerance, found, start, stop):  # type: ignore[no-untyped-def]
    """Fill found[start:stop]."""
    size = batch.shape[1]
    room = 1 << ((size + 1) // 2)
    halves, spare = np.empty((2, room)), np.empty(room)
    for trial in range(start, stop):
        found[trial] = _first_size(batch[trial], goals[trial], tolerance, halves, spare)


@njit(nogil=True, cache=True)
def _first_size(row, target, tolerance, halves, spare):  # type: ignore[no-untyped-def]
    """Return the least number of leading variables with a subset sum within the tolerance of the target."""
    if abs(target) <= tolerance:
        return 0
    halves[:, 0] = 0.0
    counts = np.ones(2, np.int64)
    listed, reach = 0, 0.0
    for position in range(row.size):
        reach += max(0.0, row[position] * np.sign(target))
        if reach < abs(target) - tolerance - _ROUNDING:
            continue
        while listed < position:
            own = listed & 1
            _extend(halves[own], counts[own], row[listed], spare)
            counts[own] *= 2
            listed += 1
        own, other = position & 1, 1 - (position & 1)
        if _meet(halves[own], counts[own], row[position], halves[other], counts[other], target, tolerance):
            return position + 1
    return row.size + 1


@njit(nogil=True, cache=True)
def _meet(sums, count, shift, others, other_count, target, tolerance):  # type: ignore[no-untyped-def]
    """Whether some sums[i] + shift + others[j] is within the tolerance of the target; both lists ascending."""
    j = other_count - 1
    for i in range(count):
        wanted = target - (sums[i] + shift)
        while j >= 0 and others[j] - wanted > tolerance:
            j -= 1
        if j < 0:
            return False
        if wanted - others[j] <= tolerance:
            return True
    return False


@njit(nogil=True, cache=True)
def _extend(sums, count, shift, spare):  # type: ignore[no-untyped-def]
    """Replace the ascending sums[:count] by the ascending list of them and of them plus shift."""
    spare[:count] = sums[:count]
    i, j = 0, 0
    for k in range(2 * count):
        if j == count or (i < count and spare[i] <= spare[j] + shift):
            sums[k] = spare[i]
            i += 1
        else:
            sums[k] = spare[j] + shift
            j += 1
