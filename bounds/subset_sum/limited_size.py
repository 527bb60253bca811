r"""Sufficient sizes for subsets of at most, or exactly, k of m variables (Theorem 11 and Corollary 12).

**Uniform variables**: ``block_choice``. **Other laws**: a law that contains U[-c, c] with weight p serves with those of
its m variables that are uniform, as long as P(Bin(m, p) < n) is small; if c < |z|, z is split over r groups with z/r,
eta/r, or one variable bridges the distance: |z - X| <= c, and what is left is a target for the others.
**Exactly k, k large**: k - k' *fillers* come first, one after the other: the next variable with the sign of what is
left of z and |X| <= 1. What is left stays in [-1, 1] and does not depend on the variables still to come, which serve it
with exactly k'. **At most k**: at most k' <= k, and any subset of m <= k variables.
**All targets**: a net of ceil(2 w/eta) targets, each served within eta/2 with delta over their number.

Proofs: ``docs/subset-sums.md``. Source: ours (Natale et al. 2024 for the question).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from bounds.arithmetic import ball, certainly_at_most, lower, upper, working_precision
from bounds.densities.law import DensityLaw, registered
from bounds.subset_sum.block_choice import MOST_CHOSEN, least_plan, start_share
from bounds.subset_sum.closed_form import half_widths, too_narrow
from bounds.subset_sum.queries import Query
from bounds.subset_sum.thinning import least_trials

_MOST_GROUPS = 4
_BRIDGES = 8
_DOWN = 1 - 2.0**-50
_NEVER = 2.0**-60


def at_most_size(query: Query, unrestricted: Callable[[Query], int]) -> int:
    """Return m such that subsets of at most k suffice; ``unrestricted`` gives the size for any subset."""
    whole = unrestricted(query)
    most = _subset_size(query)
    if whole <= most:
        return whole
    sizes = (_at_target(on_net(query), chosen, True) for chosen in range(1, min(most, MOST_CHOSEN) + 1))
    return _least(query, sizes)


def exactly_size(query: Query) -> int:
    """Return m such that subsets of exactly k suffice."""
    chosen = _subset_size(query)
    fixed = on_net(query)
    return _least(query, (_with_fillers(fixed, chosen, few) for few in range(1, min(chosen, MOST_CHOSEN) + 1)))


def on_net(query: Query) -> Query:
    """Return the question for one target given in advance whose answer serves all targets, or the question itself."""
    if query.quantifier == "fixed":
        return query
    targets = math.ceil(2 * Fraction(query.window) / Fraction(query.tolerance))
    share = query.failure_probability / targets * _DOWN
    return replace(query, quantifier="fixed", tolerance=query.tolerance / 2, failure_probability=share)


def _subset_size(query: Query) -> int:
    """Return k, which the entry point has checked."""
    if query.subsets.size is None:
        raise ValueError("subset_size is missing; give the number of variables of a subset")
    return query.subsets.size


def _least(query: Query, sizes: Iterator[int | None]) -> int:
    """Return the least of the sizes found; ValueError when there is none."""
    found = [size for size in sizes if size is not None]
    if not found:
        raise too_narrow(query)
    return min(found)


def _with_fillers(query: Query, chosen: int, few: int) -> int | None:
    """Exactly ``few`` by blocks after ``chosen - few`` fillers, which get a quarter of the failure probability."""
    fillers = chosen - few
    if fillers == 0:
        return _at_target(query, few, False)
    share = query.failure_probability / 4
    rest = replace(query, window=1.0, failure_probability=query.failure_probability * 0.75 * _DOWN)
    served = _at_target(rest, few, False)
    return None if served is None else served + least_trials(fillers, _one_sided_mass(query.law), share)


@lru_cache(maxsize=64)
@working_precision
def _one_sided_mass(law: str | DensityLaw) -> float:
    """Return a lower bound of P(0 < X <= 1) and of P(-1 <= X < 0)."""
    return max(_NEVER, lower(registered(law).mass(ball(1))))


@lru_cache(maxsize=65536)
def _at_target(query: Query, chosen: int, keep: bool) -> int | None:
    """Return the least size for one target over groups, bridges and contained uniforms; None where none is found."""
    if chosen == 1:
        return by_one(query, query.window)
    sizes = [_in_groups(query, chosen, keep, groups) for groups in range(1, min(_MOST_GROUPS, chosen) + 1)]
    sizes += [_bridged(query, chosen, keep, query.window * k / _BRIDGES) for k in range(1, _BRIDGES)]
    return min((size for size in sizes if size is not None), default=None)


def _bridged(query: Query, chosen: int, keep: bool, half_width: float) -> int | None:
    """One variable within c of z, then the remainder, |z - X| <= c, as a target given in advance, by the others."""
    chance = _within(query.law, query.window, half_width)
    rest = replace(query, window=half_width, failure_probability=query.failure_probability * 0.75 * _DOWN)
    served = _in_groups(rest, chosen - 1, keep, 1) if chance > _NEVER else None
    return None if served is None else served + least_trials(1, chance, query.failure_probability / 4)


@lru_cache(maxsize=4096)
@working_precision
def _within(law: str | DensityLaw, target: float, distance: float) -> float:
    """Return a lower bound of P(|X - z| <= distance) for |z| <= target, where distance <= target: least at its end."""
    mass, end = registered(law).mass, ball(target)
    return lower(mass(end + ball(distance)) - mass(end - ball(distance)))


@working_precision
def by_one(query: Query, high: float) -> int | None:
    """One variable within the tolerance of |z| <= high: the density falls, so |z| = high is the worst."""
    mass, end, eta = registered(query.law).mass, ball(high), ball(query.tolerance)
    below = mass(end - eta) if certainly_at_most(eta, end) else -mass(eta - end)
    chance = lower(mass(end + eta) - below)
    if chance <= _NEVER:
        return None
    return math.ceil(upper(ball(query.failure_probability).log() / (1 - ball(chance)).log())) if chance < 1 else 1


def _in_groups(query: Query, chosen: int, keep: bool, groups: int) -> int | None:
    """r groups of variables, each for z/r within eta/r, with the contained U[-c, c], c >= window/r, of most weight."""
    widths = half_widths(query.law, _up(Fraction(query.window) / groups))
    if not widths:
        return None
    half_width, weight = max(widths, key=lambda pair: (pair[1], -pair[0]))
    certain = weight == 1.0
    share = query.failure_probability / (groups if certain else 2 * groups) * _DOWN
    tolerance = query.tolerance / (groups * half_width) * _DOWN
    window = min(1.0, _up(Fraction(query.window) / groups / Fraction(half_width)))
    start = start_share(min(tolerance, 1.0), window)
    counts = [chosen // groups + (group < chosen % groups) for group in range(groups)]
    plans = [least_plan(start, share, count, keep) for count in counts]
    usable = sum(plan.size for plan in plans if plan is not None)
    if None in plans:
        return None
    return usable if certain else least_trials(usable, weight, query.failure_probability / 2)


def _up(value: Fraction) -> float:
    """The least float64 that is at least ``value``."""
    nearest = float(value)
    return nearest if nearest >= value else math.nextafter(nearest, math.inf)
