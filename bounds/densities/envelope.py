r"""The symmetric falling law that every density contains: a step function below it, with exact integrals.

For a density p let e(t) = inf over |x| <= t of p(x). On cells [t_i, t_{i+1}) put s = lower bound of e(t_{i+1}), divided
by what p may hold more than 1. Then s <= p, s is symmetric and nonincreasing on (0, oo), and it is a mixture of uniform
laws U[-t_i, t_i]. Lemmas 5 and 6 are about integrals of the density against non-negative functions, so they hold with s
in place of p, however X behaves otherwise (Corollary 9 of ``docs/subset-sums.md``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
from flint import arb

from bounds.arithmetic import ball, lower, working_precision
from bounds.densities.integral import Part
from bounds.densities.mass import Side
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval
from bounds.laws import Law

_WIDEST = 4
_FINEST = 2.0**-24
_STEP = 2.0**-7
_SHARE = 16


@lru_cache(maxsize=1)
def cells() -> tuple[float, ...]:
    """Return the ends of the cells, from 0 to 4: steps of 1/128, and of at most t/16 for smaller t."""
    fine = [_STEP * _SHARE]
    while fine[-1] > _FINEST:
        fine.append(fine[-1] * _SHARE / (_SHARE + 1))
    steps = round((_WIDEST - _STEP * _SHARE) / _STEP)
    coarse = [_STEP * (_SHARE + k) for k in range(1, steps + 1)]
    return (0.0, *reversed(fine), *coarse)


@working_precision
def envelope(sides: Sequence[Side], scale: arb) -> tuple[float, ...]:
    """Return lower bounds of inf over |x| <= t_{i+1} of p(x)/scale for each cell, never below 0."""
    lowest = [_cell_floor(sides, ball(a), ball(b)) for a, b in pairwise(cells())]
    return tuple(accumulate((max(0.0, lower(value / scale)) for value in lowest), min))


def _cell_floor(sides: Sequence[Side], low: arb, high: arb) -> arb:
    """A lower bound of p(x) for low <= |x| <= high."""
    return iv.least([floor(side.parts, Interval(low, high)) for side in sides])


def floor(parts: Sequence[Part], box: Interval) -> arb:
    """A lower bound of a density on a box; 0 where it has no piece."""
    found = [part.lowest(common) for part in parts if (common := part.overlap(box)) is not None]
    return iv.least(found) if found else iv.ZERO


@dataclass(frozen=True, slots=True)
class StepDensity:
    """The step function s on the cells, with its integral F and the integral G of that, as functions of a ball t >= 0.

    F and G never decrease, so a ball is answered from its two ends; s never increases.
    """

    ends: tuple[float, ...]
    values: tuple[arb, ...]
    masses: tuple[arb, ...]
    integrals: tuple[arb, ...]

    @staticmethod
    @working_precision
    def of(heights: Sequence[float]) -> StepDensity:
        """Build from the value on each cell of :func:`cells`."""
        ends, masses, integrals = cells(), [arb(0)], [arb(0)]
        for (a, b), height in zip(pairwise(ends), heights, strict=True):
            length = ball(b) - ball(a)
            integrals.append(integrals[-1] + length * masses[-1] + length * length * ball(height) / 2)
            masses.append(masses[-1] + length * ball(height))
        return StepDensity(ends, (*map(ball, heights), arb(0)), tuple(masses), tuple(integrals))

    def density(self, t: arb) -> arb:
        """s at the upper end of t, a lower bound."""
        return self.values[self._cell(t.upper())]

    def mass(self, t: arb) -> arb:
        """F(t) = int_0^t s."""
        return self._between(t, self._mass_at)

    def mass_integral(self, t: arb) -> arb:
        """G(t) = int_0^t F."""
        return self._between(t, self._integral_at)

    def _between(self, t: arb, at: Callable[[arb], arb]) -> arb:
        return at(t) if t.rad() == 0 else at(t.lower()).union(at(t.upper()))

    def _cell(self, t: arb) -> int:
        """The cell of an exact t; the last one (of value 0) from 4 on."""
        return min(max(0, bisect_right(self.ends, lower(t)) - 1), len(self.ends) - 1)

    def _mass_at(self, t: arb) -> arb:
        cell = self._cell(t)
        return self.masses[cell] + (t - ball(self.ends[cell])) * self.values[cell]

    def _integral_at(self, t: arb) -> arb:
        cell = self._cell(t)
        rest = t - ball(self.ends[cell])
        return self.integrals[cell] + rest * self.masses[cell] + rest * rest * self.values[cell] / 2


def contained_law(name: str, heights: Sequence[float]) -> Law:
    """Return the record of the symmetric falling part with the given heights; its total mass may be below 1."""
    step = StepDensity.of(heights)
    return Law(
        name=name, symbol=name, factors=0, density=step.density, mass=step.mass, mass_integral=step.mass_integral
    )


def widest_weight(heights: Sequence[float]) -> tuple[float, float]:
    """Return (c, q) with the largest q = 2 c s(c) over the ends c of the cells; U[-c, c] is contained with weight q."""
    ends = np.array(cells()[1:])
    best = int(np.argmax(ends * np.array(heights)))
    return float(ends[best]), lower(2 * ball(float(ends[best])) * ball(heights[best]))
