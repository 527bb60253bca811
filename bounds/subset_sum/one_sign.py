r"""Sufficient sizes for subsets of one sign: every variable chosen has the sign of z (Theorem 13).

Let |z| in (eta, 1], s = 2 |z|/k. A variable of z's sign with |X| <= s is s/2 + (s/2) U with U ~ U[-1, 1], so exactly k
of them, one per block, sum to |z| + (s/2) S: the target is met within eta when S, a sum of exactly k uniform variables,
is within eta k/|z| of 0. That is ``block_choice`` with target 0; a variable is usable with the weight s p(s) with which
the law contains U[0, s]. k = 1: one variable within eta of z, with probability F(|z| + eta) - F(|z| - eta).

No base set is logarithmic for all |z| <= 1: near |z| = eta one variable must fall into (0, 2 eta).
Proof: ``docs/subset-sums.md``. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from bounds.arithmetic import ball, lower, working_precision
from bounds.densities.law import DensityLaw, registered
from bounds.subset_sum.block_choice import least_plan, start_share
from bounds.subset_sum.closed_form import too_narrow
from bounds.subset_sum.limited_size import by_one, on_net
from bounds.subset_sum.queries import Query
from bounds.subset_sum.thinning import enough_trials, least_trials

_MOST_CHOSEN = 12
_PER_DOUBLING = 8
_DOWN = 1 - 2.0**-50


def one_sign_size(query: Query) -> int:
    """Return m such that subsets of one sign suffice for every smallest <= |z| <= window."""
    fixed = on_net(query)
    least = max(query.subsets.smallest, fixed.tolerance)
    size = 0
    for low, high in _cells(least, query.window):
        size = max(size, _cell_size(fixed, low, high, size))
    return size


def _cell_size(query: Query, low: float, high: float, known: int) -> int:
    """Return a size for low <= |z| <= high: ``known`` where that is enough, the least one found otherwise."""
    direct = by_one(query, high)
    if direct is not None and direct <= known:
        return known
    share = query.failure_probability / 2
    plans = sorted(_usable(query, low, high), key=lambda plan: plan[0] / plan[1])
    if known and any(enough_trials(known, count, weight, share) for count, weight in plans):
        return known
    best = math.inf if direct is None else direct
    for count, weight in plans:
        if count / weight < best:
            best = min(best, least_trials(count, weight, share))
    if best == math.inf:
        raise too_narrow(query)
    return int(best)


def _cells(least: float, window: float) -> list[tuple[float, float]]:
    """Return cells that cover [least, window], from small to large; one point where both are equal."""
    if least >= window:
        return [(window, window)] if least == window else []
    ends = [window]
    while ends[-1] > least:
        ends.append(max(least, window * 2.0 ** (-len(ends) / _PER_DOUBLING)))
    return [(low, high) for high, low in pairwise(ends)][::-1]


def _usable(query: Query, low: float, high: float) -> Iterator[tuple[int, float]]:
    """For k = 2, 3, ...: how many usable variables exactly k of which serve |z| in [low, high], and their weight."""
    for chosen in range(2, _MOST_CHOSEN + 1):
        weight = _one_sided_weight(query.law, low, high, chosen)
        tolerance = min(1.0, query.tolerance * chosen / high * _DOWN)
        plan = least_plan(start_share(tolerance, 0.0), query.failure_probability / 2, chosen, keep=False)
        if plan is not None and weight > 0:
            yield plan.size, weight


@working_precision
def _one_sided_weight(law: str | DensityLaw, low: float, high: float, chosen: int) -> float:
    """Return a lower bound of the weight s p(s) of U[0, s], s = 2 |z|/k, for |z| in [low, high]."""
    return lower(2 * ball(low) / chosen * registered(law).density(2 * ball(high) / chosen))
