r"""P(k variables are all positive and sum to within eps of z), from above: the first moment of one-sign subsets.

**Bounded density** p <= B: the volume {x >= 0, a <= sum x <= b} is (b^k - a^k)/k!, a = z - eps > 0, b = z + eps, so
the probability is at most B^k (b^k - a^k)/k!. For U, B = 1/2.
**Registered laws**: k - 1 positive variables on a lattice of spacing g, each moved by at most g/2, masses rounded up,
sums beyond reach dropped (positive variables never come back); the last one exactly, through
psi(u) = P(X > 0, |X - u| <= eps), largest at u = eps for a falling density.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from flint import arb
from numpy.typing import NDArray

from bounds.arithmetic import ball, upper, working_precision
from bounds.densities.law import DensityLaw
from bounds.laws import LAWS

_CELLS = 256
_UNIT = 2.0**-52


def near_positive(law: str | DensityLaw, count: int, target: float, tolerance: float) -> float:
    """Return an upper bound of P(X_1, ..., X_count > 0, |sum - target| <= tolerance), count >= 1."""
    if law == "uniform":
        return _by_volume(Fraction(1, 2), count, target, tolerance)
    if isinstance(law, DensityLaw):
        highest = law.supremum
        return 1.0 if highest == math.inf else _by_volume(Fraction(highest), count, target, tolerance)
    return _on_lattice(law, count, target, tolerance)


def _by_volume(highest: Fraction, count: int, target: float, tolerance: float) -> float:
    """B^k (b^k - a^k)/k!, rounded up."""
    low, high = Fraction(target) - Fraction(tolerance), Fraction(target) + Fraction(tolerance)
    exact = highest**count * (high**count - low**count) / math.factorial(count)
    nearest = float(min(exact, Fraction(1)))
    return min(1.0, math.nextafter(nearest, math.inf))


@lru_cache(maxsize=64)
@working_precision
def _cells(law: str, reach: float) -> NDArray[np.float64]:
    """Upper bounds of P(X > 0 in [(j - 1/2) g, (j + 1/2) g]), j = 0.._CELLS, g = reach/_CELLS."""
    mass, spacing = LAWS[law].mass, ball(reach) / _CELLS
    ends = [arb(0), *(mass((2 * j + 1) * spacing / 2) for j in range(_CELLS + 1))]
    return np.array([max(0.0, upper(b - a)) for a, b in pairwise(ends)])


@lru_cache(maxsize=1024)
def _masses(law: str, count: int, reach: float) -> NDArray[np.float64]:
    """Upper bounds of P(all positive, lattice sum = j g), j = 0..2 _CELLS: beyond reach by the roundings at most."""
    if count == 0:
        return np.eye(1, 2 * _CELLS + 1)[0]
    product = np.convolve(_masses(law, count - 1, reach), _cells(law, reach))[: 2 * _CELLS + 1]
    return product * (1 + (_CELLS + 4) * _UNIT)


@lru_cache(maxsize=65536)
@working_precision
def _on_lattice(law: str, count: int, target: float, tolerance: float) -> float:
    """Sum over lattice sums of the largest psi within the rounding of the sum, half a spacing for each variable."""
    reach = math.nextafter(target + tolerance, math.inf)
    if count - 1 > 2 * _CELLS:
        return 1.0
    masses, spacing, eps = _masses(law, count - 1, reach), ball(reach) / _CELLS, ball(tolerance)
    slack = spacing * (count - 1) / 2
    total = 0.0
    for j, mass in enumerate(masses):
        place = ball(target) - j * spacing
        if upper(place + slack + eps) < 0:
            break
        total += float(mass) * _last(law, place - slack, place + slack, eps)
    return min(1.0, total * (1 + (2 * _CELLS + 4) * _UNIT))


def _last(law: str, low: arb, high: arb, eps: arb) -> float:
    """An upper bound of psi(u) for u in [low, high]: at the place nearest to eps."""
    mass = LAWS[law].mass
    place = low.max(eps).min(high)
    above = mass((place + eps).max(arb(0)))
    return max(0.0, upper(above - mass((place - eps).max(arb(0)))))
