r"""What one more variable does to the set of reachable targets, in ball arithmetic.

A is a finite union of intervals in a window W of length ell = 2 w around any centre, every point of A within h of a
subset sum of the variables so far, v = |A|/ell. One more variable X, symmetric with a density nonincreasing on (0, oo),
replaces A by A' = A u ((A + X) n W). With F(t) = P(0 <= X <= t) and G(t) = int_0^t F:

**Growth** (rearrangement). E|A'| - |A| is least when A is an interval at an end of W:
    ``E[v' | A] >= v + (G(ell) - G(ell - a) - G(a))/ell,  a = ell v``; and v' <= min(2 v, 1) always.
**Hit**. A target at distance tau from the window's centre is within h of a new subset sum unless z - X lies outside A:
    ``P(z - X in A) >= F(w + tau) + F(w - tau) - F(r) - F(g - r),  g = ell (1 - v), r = min(g/2, w - tau)``.

Proofs: ``docs/subset-sums.md``, Lemmas 5 and 6. Source: ours (theory 2.1-2.2); for U and w = 1 the growth is v(1-v)/2,
step (i) of Theorem R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb
from numpy.typing import NDArray

from bounds.arithmetic import ball, lower, working_precision
from bounds.densities.law import DensityLaw, registered
from bounds.laws import Law


@dataclass(frozen=True, slots=True)
class Geometry:
    """A window and where 0 and the target may lie in it, as distances from its centre.

    ``half_width``     w > 0.
    ``target_offset``  tau in [0, w]: the target is at most that far from the centre.
    ``origin_offset``  in [0, w]: so is 0. Both together cover every |z| <= target_offset + origin_offset.
    """

    half_width: float
    target_offset: float
    origin_offset: float

    def __post_init__(self) -> None:
        if not all(0 <= offset <= self.half_width > 0 for offset in (self.target_offset, self.origin_offset)):
            raise ValueError(f"{self} is impossible: offsets must lie in [0, half_width]; enlarge the window")

    @working_precision
    def start(self, tolerance: float) -> float:
        """Return the share of the window within ``tolerance`` of 0, rounded down: the measure of A_0 over 2 w."""
        reach = ball(tolerance)
        inside = reach + reach.min(ball(self.half_width) - ball(self.origin_offset))
        return min(1.0, lower(inside / (2 * ball(self.half_width))))


@dataclass(frozen=True, slots=True)
class Steps:
    """One step from each node, all numbers rounded to the safe side.

    ``nodes``  shares v of the window, ascending, the last one 1.
    ``mean``   lower bounds of E[v'].
    ``hit``    lower bounds of the probability that the next variable serves the target.
    ``last``   index of the first node >= min(2 v, 1).
    """

    nodes: NDArray[np.float64]
    mean: NDArray[np.float64]
    hit: NDArray[np.float64]
    last: NDArray[np.int64]


def nodes(per_doubling: int, doublings: int, upper_steps: int) -> NDArray[np.float64]:
    """Return ascending shares v of the window: down from and up from 1/2 in steps of K = ``per_doubling`` per halving.

    2^-(1 + j/K), j <= doublings K, closed under doubling without rounding; 1 - 2^-(1 + j/K), 1 <= j <= upper_steps; 1.
    """
    below = _halvings(per_doubling, doublings * per_doubling + 1)[::-1]
    above = 1.0 - _halvings(per_doubling, upper_steps + 1)[1:]
    return np.concatenate([below, above, [1.0]])


def _halvings(per_doubling: int, count: int) -> NDArray[np.float64]:
    """Return 2^-(1 + j/per_doubling) for j = 0..count - 1, the mantissas rounded once and then scaled exactly."""
    index = np.arange(count)
    mantissas = 2.0 ** (-np.arange(per_doubling) / per_doubling)
    return np.ldexp(mantissas[index % per_doubling], -1 - index // per_doubling)


@working_precision
def steps(
    law: str | DensityLaw, geometry: Geometry, grid: NDArray[np.float64], with_hits: bool, weight: float = 1.0
) -> Steps:
    """Return one step from each node of ``grid`` for a law and a geometry; without hits, ``hit`` is zero.

    ``weight``  the variables follow the law with this probability and are anything else otherwise.
    """
    record = registered(law)
    window = 2 * ball(geometry.half_width)
    shares = [ball(float(share)) for share in grid]
    mean = np.array([lower(share + weight * _growth(record, window, share)) for share in shares])
    hit = np.array([_hit(record, geometry, share, weight) if with_hits else 0.0 for share in shares])
    last = np.searchsorted(grid, np.minimum(2 * grid, 1.0), side="left")
    return Steps(nodes=grid, mean=np.maximum(mean, grid), hit=hit, last=last.astype(np.int64))


def _growth(law: Law, window: arb, share: arb) -> arb:
    """Return (G(ell) - G(ell - a) - G(a))/ell, a = ell v."""
    length = window * share
    integral = law.mass_integral
    return (integral(window) - integral((window - length).max(arb(0))) - integral(length)) / window


def _hit(law: Law, geometry: Geometry, share: arb, weight: float) -> float:
    """Return the lower bound of P(z - X in A), times ``weight``, rounded down."""
    half_width, offset = ball(geometry.half_width), ball(geometry.target_offset)
    gap = 2 * half_width * (1 - share)
    near = (gap / 2).min(half_width - offset)
    mass = law.mass
    missed = mass(near) + mass(gap - near)
    return max(0.0, lower(weight * (mass(half_width + offset) + mass(half_width - offset) - missed)))
