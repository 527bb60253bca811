r"""Necessary sizes for restricted subsets: at most k, exactly k, one sign. Upper bounds on success that grow with m.

    at most k    sum_{1 <= j <= k} C(m, j) P(|S_j - z| <= eps)            counting: sum_{j <= k} C(m, j) >= w/eps
    exactly k    C(m, k) P(|S_k - z| <= eps)                              counting: C(m, k) >= w/eps
    one sign     sum_j C(m, j) P(|S_j - z| <= eps, all of z's sign)
                 P(some variable of z's sign is at most |z| + eps) = 1 - (1 - F(|z| + eps))^m

and reach in every case. Each is for one |z| > eps given in advance; "all targets" is at least as hard.
Source: docs/subset-sums.md, section 9; ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial

from bounds.arithmetic import ball, upper, working_precision
from bounds.densities.law import DensityLaw
from bounds.laws import LAWS
from bounds.subset_sum.necessary import chance_near, float_up, reach
from bounds.subset_sum.positive_sums import near_positive
from bounds.subset_sum.queries import Query

_MOST = 1 << 40
_LARGEST = 512

SuccessBound = Callable[[int], float]


def at_most_bounds(query: Query) -> dict[str, SuccessBound]:
    """Bounds for subsets of at most k."""
    return _limited_bounds(query, lambda k: range(1, k + 1), with_empty=1)


def exactly_bounds(query: Query) -> dict[str, SuccessBound]:
    """Bounds for subsets of exactly k."""
    return _limited_bounds(query, lambda k: range(k, k + 1), with_empty=0)


def one_sign_bounds(query: Query) -> dict[str, SuccessBound]:
    """Bounds at the largest target and at the smallest one above the tolerance."""
    eps, law = query.tolerance, query.law
    targets = {max(query.subsets.smallest, math.nextafter(eps, 1.0)), query.window}
    found: dict[str, SuccessBound] = {}
    for z in sorted(target for target in targets if target > eps):
        found[f"first moment, z = {z:.6g}"] = partial(
            _sum, counts=range(1, _LARGEST), chance=near_positive, law=law, target=z, eps=eps
        )
        found[f"smallest variable, z = {z:.6g}"] = partial(_some_small, law=law, target=z, eps=eps)
        found[f"reach, z = {z:.6g}"] = partial(_reach, eps=eps, law=law, target=z)
    return found


def _limited_bounds(query: Query, counts: Callable[[int], range], with_empty: int) -> dict[str, SuccessBound]:
    """First moment over the given subset sizes and reach at the largest target; counting for all targets."""
    eps, law, z, allowed = query.tolerance, query.law, query.window, counts(query.subsets.size or 0)
    found: dict[str, SuccessBound] = {}
    if z > eps or not with_empty:
        found[f"first moment, z = {z:g}"] = partial(
            _sum, counts=allowed, chance=chance_near, law=law, target=z, eps=eps
        )
    if z > eps:
        found[f"reach, z = {z:g}"] = partial(_reach, eps=eps, law=law, target=z)
    if query.quantifier == "all":
        needed = Fraction(z) / Fraction(eps)
        found["counting"] = lambda m: float(with_empty + sum(math.comb(m, j) for j in allowed if j <= m) >= needed)
    return found


def _sum(
    size: int,
    counts: range,
    chance: Callable[[str | DensityLaw, int, float, float], float],
    law: str | DensityLaw,
    target: float,
    eps: float,
) -> float:
    """sum over j of C(m, j) chance(j), rounded up, at most 1."""
    total = Fraction(0)
    for j in counts:
        if j > size:
            break
        total += math.comb(size, j) * Fraction(chance(law, j, target, eps))
        if total >= 1:
            return 1.0
    else:
        if counts.stop == _LARGEST:
            return 1.0
    return float_up(total)


def _reach(size: int, eps: float, law: str | DensityLaw, target: float) -> float:
    """The reach bound while the number of variables is moderate; beyond that nothing is claimed."""
    return reach(size, eps, law, target) if size <= _LARGEST else 1.0


@working_precision
def _some_small(size: int, law: str | DensityLaw, target: float, eps: float) -> float:
    """P(some of ``size`` variables lies in (0, |z| + eps]), rounded up."""
    return min(1.0, upper(1 - (1 - ball(_small(law, target, eps))) ** size))


@lru_cache(maxsize=4096)
@working_precision
def _small(law: str | DensityLaw, target: float, eps: float) -> float:
    """An upper bound of P(0 < X <= |z| + eps)."""
    end = ball(target) + ball(eps)
    if isinstance(law, DensityLaw):
        return min(1.0, upper(ball(law.supremum) * end)) if law.supremum < math.inf else 1.0
    return min(1.0, max(0.0, upper(LAWS[law].mass(end))))


def least_size(bounds: dict[str, SuccessBound], wanted: Fraction) -> tuple[int, str]:
    """Return the least size that no bound excludes, and the bound that excludes the one below; bounds never fall."""
    sizes = {name: _first(bound, wanted) for name, bound in bounds.items()}
    name = max(sizes, key=lambda key: sizes[key], default="none")
    return (sizes[name], name) if sizes else (0, name)


def _first(bound: SuccessBound, wanted: Fraction) -> int:
    """The least size with bound >= wanted, by doubling and bisection."""
    if bound(0) >= wanted:
        return 0
    low, high = 0, 1
    while bound(high) < wanted:
        low, high = high, 2 * high
        if high > _MOST:
            return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bound(middle) < wanted else (low, middle)
    return high
