r"""Sums of k independent variables of any registered law, on a lattice, every mass rounded to the safe side.

All masses are non-negative, so a float64 convolution of n terms is within a factor 1 +- n 2^-52 of the exact one; each
step is widened by it. ``out_of_reach`` rounds the variables up to a lattice (the sum can only grow): a lower bound.
``near`` rounds k - 1 variables to the nearest lattice point, off by at most g/2 each, and integrates the last one
exactly: an upper bound.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from flint import arb
from numpy.typing import NDArray

from bounds.arithmetic import ball, lower, upper, working_precision
from bounds.densities.law import DensityLaw
from bounds.laws import LAWS

_CELLS = 512
_PER_UNIT = 256
_RANGE = 8
_UNIT = 2.0**-52


@lru_cache(maxsize=256)
@working_precision
def _positive_parts(law: str | DensityLaw, distance: float) -> NDArray[np.float64]:
    """Return lower bounds of P(X+ in ((j-1) g, j g]), g = distance/512, j = 0..512; j = 0 is P(X <= 0)."""
    if isinstance(law, DensityLaw):
        return law.positive_parts(distance, _CELLS)
    cumulated = [LAWS[law].mass(ball(distance) * j / _CELLS) for j in range(_CELLS + 1)]
    return np.array([0.5] + [max(0.0, lower(b - a)) for a, b in pairwise(cumulated)])


@lru_cache(maxsize=4096)
def _reach_masses(law: str | DensityLaw, distance: float, size: int) -> NDArray[np.float64]:
    """Return lower bounds of P(lattice sum of ``size`` positive parts = j g), j = 0..512."""
    if size == 0:
        return np.eye(1, _CELLS + 1)[0]
    product = np.convolve(_reach_masses(law, distance, size - 1), _positive_parts(law, distance))[: _CELLS + 1]
    return product * (1 - (_CELLS + 4) * _UNIT)


def out_of_reach(law: str | DensityLaw, size: int, distance: float) -> float:
    """Return a lower bound of P(the positive ones among ``size`` variables sum to less than ``distance`` > 0)."""
    for smaller in range(0, size, 200):
        _reach_masses(law, distance, smaller)
    return float(np.sum(_reach_masses(law, distance, size)) * (1 - (_CELLS + 4) * _UNIT))


@lru_cache(maxsize=16)
@working_precision
def _cells(law: str) -> NDArray[np.float64]:
    """Return upper bounds of P(X in [(j - 1/2) g, (j + 1/2) g]) for |j| <= 8/g, g = 1/256."""
    mass, half_cell, radius = LAWS[law].mass, arb(1) / (2 * _PER_UNIT), _RANGE * _PER_UNIT
    outer = [mass((2 * j + 1) * half_cell) for j in range(radius)] + [mass(arb(_RANGE))]
    half = np.array([upper(2 * outer[0])] + [max(0.0, upper(b - a)) for a, b in pairwise(outer)])
    return np.concatenate([half[:0:-1], half])


@lru_cache(maxsize=1024)
def _sum_masses(law: str, count: int) -> tuple[NDArray[np.float64], float]:
    """Return upper bounds of P(lattice sum of ``count`` variables = j g), |j g| <= 8, and of P(it ever left that)."""
    radius = _RANGE * _PER_UNIT
    if count == 0:
        return np.eye(1, 2 * radius + 1, radius)[0], 0.0
    masses, lost = _sum_masses(law, count - 1)
    cells = np.trim_zeros(_cells(law))
    full = np.convolve(masses, cells) * (1 + (cells.size + 4) * _UNIT)
    margin = (full.size - masses.size) // 2
    outside = full[:margin].sum() + full[full.size - margin :].sum() + _tail(law)
    return full[margin : full.size - margin], float((lost + outside) * (1 + full.size * _UNIT))


@lru_cache(maxsize=16)
@working_precision
def _tail(law: str) -> float:
    """Return an upper bound of P(|X| > 8)."""
    return max(0.0, upper(1 - 2 * LAWS[law].mass(arb(_RANGE))))


@lru_cache(maxsize=64)
@working_precision
def _last_variable(law: str, tolerance: float) -> NDArray[np.float64]:
    """Return upper bounds of psi(u) = P(|X - u| <= tolerance), nonincreasing in |u|, at u = i g/2 up to u = 8."""
    mass, eps = LAWS[law].mass, ball(tolerance)
    values = []
    for i in range(2 * _RANGE * _PER_UNIT + 1):
        u = arb(i) / (2 * _PER_UNIT)
        below = mass(eps - u) if i == 0 or upper(u - eps) <= 0 else -mass((u - eps).max(arb(0)))
        values.append(max(0.0, upper(mass((u + eps).min(arb(_RANGE))) + below)))
        if values[-1] == 0.0:
            break
    return np.array(values)


def near(law: str, count: int, target: float, tolerance: float) -> float:
    """Return an upper bound of P(|S_count - target| <= tolerance), count >= 1, |target| <= 1, tolerance < 1."""
    masses, lost = _sum_masses(law, count - 1)
    places = np.arange(-_RANGE * _PER_UNIT, _RANGE * _PER_UNIT + 1)
    half_cells = np.floor(np.abs(target * _PER_UNIT - places) * 2 - 1e-9).astype(np.int64) - (count - 1)
    psi = _last_variable(law, tolerance)
    index = np.clip(half_cells, 0, None)
    chance = np.where(index < psi.size, psi[np.minimum(index, psi.size - 1)], psi[-1])
    return float(min(1.0, (np.sum(masses * chance) + lost) * (1 + 2 * masses.size * _UNIT)))


def near_on_average(law: str, count: int, tolerance: float) -> float:
    """Return an upper bound of P(|S_count - z| <= tolerance), z ~ U[-1, 1], count >= 1.

    It is half the mean length of [S - tolerance, S + tolerance] n [-1, 1], at most tolerance P(|S| <= 1 + tolerance).
    """
    masses, lost = _sum_masses(law, count)
    places = np.arange(-_RANGE * _PER_UNIT, _RANGE * _PER_UNIT + 1)
    inside = np.abs(places) <= np.ceil((1 + tolerance) * _PER_UNIT + count / 2 + 1e-9)
    return float(min(1.0, tolerance * (np.sum(masses[inside]) + lost) * (1 + 2 * masses.size * _UNIT)))
