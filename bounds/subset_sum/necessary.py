r"""What no choice of subsets can beat: upper bounds on success, and the sizes below which success is impossible.

For one target z given in advance, m variables, tolerance eps:

    first moment   P(success) <= 1{|z| <= eps} + sum_{k >= 1} C(m, k) P(|S_k - z| <= eps)
    reach          P(success) <= P(sum of the variables of z's sign >= |z| - eps) for |z| > eps

For all |z| <= 1 at once, in addition:

    counting       2^m >= 1/eps
    both ends      P(success) <= P(reach of z = 1) P(reach of z = -1): the two reaches are oppositely monotone in every
                   variable (Harris)

For a law that is given by its density, P(|S_k - z| <= eps) <= 2 eps sup p, and reach looks at both ends.

The endpoint event m >= log2(1/delta) is the part of reach where no variable has z's sign.
Proofs: ``docs/subset-sums.md``, section 5. Source: theory 2.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial

from bounds.densities.law import DensityLaw
from bounds.laws import LAWS
from bounds.subset_sum import irwin_hall, lattice
from bounds.subset_sum.queries import Query, check_law, check_open_unit, check_size, check_target

_MOST_VARIABLES = 512


def float_up(value: Fraction) -> float:
    """Return the smallest float64 that is at least ``value``."""
    nearest = float(value)
    return nearest if nearest >= value else math.nextafter(nearest, math.inf)


@dataclass(frozen=True, slots=True)
class Sums:
    """The three probabilities the bounds need, as safe floats: two upper bounds and one lower bound.

    ``near(k, z, eps)``           >= P(|S_k - z| <= eps).
    ``near_on_average(k, eps)``   >= the same for z ~ U[-1, 1].
    ``out_of_reach(m, x)``        <= P(positive parts of m variables sum to less than x).
    """

    near: Callable[[int, float, float], float]
    near_on_average: Callable[[int, float], float]
    out_of_reach: Callable[[int, float], float]


def _lattice_sums(law: str) -> Sums:
    """Return the sums of a law on a lattice."""
    return Sums(
        near=lambda k, z, eps: lattice.near(law, k, z, eps),
        near_on_average=lambda k, eps: lattice.near_on_average(law, k, eps),
        out_of_reach=lambda m, x: lattice.out_of_reach(law, m, x),
    )


SUMS: dict[str, Sums] = {name: _lattice_sums(name) for name in LAWS} | {
    "uniform": Sums(
        near=lambda k, z, eps: float_up(irwin_hall.near(k, Fraction(z), Fraction(eps))),
        near_on_average=lambda k, eps: float_up(irwin_hall.near_on_average(k, Fraction(eps))),
        out_of_reach=lambda m, x: -float_up(-irwin_hall.out_of_reach(m, Fraction(x))),
    )
}


@lru_cache(maxsize=256)
def sums(law: str | DensityLaw) -> Sums:
    """Return the sums of a registered law, or what the density alone says of them: a sum's density is at most sup p."""
    if not isinstance(law, DensityLaw):
        return SUMS[law]
    highest = law.supremum
    return Sums(
        near=lambda k, z, eps: _most_in(2 * Fraction(eps), highest),
        near_on_average=lambda k, eps: min(eps, _most_in(2 * Fraction(eps), highest)),
        out_of_reach=lambda m, x: lattice.out_of_reach(law, m, x),
    )


def _most_in(length: Fraction, highest: float) -> float:
    """Return an upper bound of the probability of an interval under a density of at most ``highest``."""
    return 1.0 if highest == math.inf else min(1.0, float_up(length * Fraction(highest)))


def _facing(law: str | DensityLaw, target: float) -> str | DensityLaw:
    """Return the law seen from the target's side: mirrored for z < 0 unless it is symmetric."""
    return law.mirrored() if isinstance(law, DensityLaw) and target < 0 else law


@lru_cache(maxsize=65536)
def chance_near(law: str | DensityLaw, k: int, target: float | None, tolerance: float) -> float:
    """Return the upper bound of P(|S_k - z| <= tolerance); ``target`` None: on average over z ~ U[-1, 1]."""
    of = sums(law)
    return of.near_on_average(k, tolerance) if target is None else of.near(k, target, tolerance)


def first_moment(size: int, tolerance: float, law: str | DensityLaw, target: float | None) -> float:
    """Return the first-moment upper bound of the success probability, rounded up, at most 1."""
    total = Fraction(tolerance) if target is None else Fraction(abs(target) <= tolerance)
    for k in range(1, size + 1):
        total += math.comb(size, k) * Fraction(chance_near(law, k, target, tolerance))
        if total >= 1:
            return 1.0
    return float_up(total)


@lru_cache(maxsize=65536)
def reach(size: int, tolerance: float, law: str | DensityLaw, target: float) -> float:
    """Return the reach upper bound of the success probability for one target, rounded up."""
    distance = Fraction(abs(target)) - Fraction(tolerance)
    if distance <= 0:
        return 1.0
    missed = sums(_facing(law, target)).out_of_reach(size, -float_up(-distance))
    return float_up(1 - Fraction(missed))


def success_upper_bound(
    size: int, tolerance: float, law: str | DensityLaw = "uniform", target: float | None = None
) -> float:
    """Return an upper bound of the probability that some subset sum is within ``tolerance`` of the target.

    ``size``       number of variables, >= 0.
    ``tolerance``  in (0, 1).
    ``law``        a key of ``bounds.laws.LAWS``, or a ``Law.from_density(...)``.
    ``target``     z in [-1, 1]; None: the average over z ~ U[-1, 1].

    Returns the smaller of the first-moment bound and, for a single target, the reach bound; rounded up.
    Raises ValueError for bad arguments. Source: docs/subset-sums.md, section 5; theory 2.3.

    >>> round(success_upper_bound(10, 0.001), 3)
    0.579
    """
    check_size("success_upper_bound", size)
    check_open_unit("success_upper_bound", tolerance=tolerance)
    check_law("success_upper_bound", law)
    check_target("success_upper_bound", target)
    if target is None:
        return first_moment(size, float(tolerance), law, None)
    goal = float(target)
    return min(first_moment(size, float(tolerance), law, goal), reach(size, float(tolerance), law, goal))


def necessary_bound(query: Query) -> tuple[int, str]:
    """Return the largest of the lower bounds on the size for |z| <= window, and its name."""
    wanted = 1 - Fraction(query.failure_probability)
    sizes = {name: _first_size(bound, wanted) for name, bound in _bounds(query).items()}
    if query.quantifier == "all":
        sizes["counting"] = counting_size(query.tolerance, query.window)
    name = max(sizes, key=lambda key: sizes[key])
    return sizes[name], name


def counting_size(tolerance: float, window: float = 1.0) -> int:
    """Return the least m with 2^m >= w/tolerance: 2^m intervals of length 2 tolerance must cover [-w, w]."""
    return max(0, math.ceil(Fraction(window) / Fraction(tolerance)) - 1).bit_length()


def _bounds(query: Query) -> dict[str, Callable[[int], float]]:
    """Return the upper bounds on the success probability, as functions of the size, that serve a quantifier."""
    tolerance, law, end = query.tolerance, query.law, query.window
    found: dict[str, Callable[[int], float]] = {
        f"first moment, z = {end:g}": lambda size: first_moment(size, tolerance, law, end)
    }
    if end == 1.0:
        found["first moment, average z"] = lambda size: first_moment(size, tolerance, law, None)
    if query.quantifier == "all":
        return found | {"reach, both ends": lambda size: both_ends(size, tolerance, law, end)}
    for target in (end, -end) if isinstance(law, DensityLaw) else (end,):
        found[f"reach, z = {target:g}"] = partial(reach, tolerance=tolerance, law=law, target=target)
    return found


def both_ends(size: int, tolerance: float, law: str | DensityLaw, end: float = 1.0) -> float:
    """Return P(reach of z = end) P(reach of z = -end), rounded up."""
    return float_up(Fraction(reach(size, tolerance, law, end)) * Fraction(reach(size, tolerance, law, -end)))


def _first_size(bound: Callable[[int], float], wanted: Fraction) -> int:
    """Return the least size whose bound does not exclude the success probability ``wanted``; bounds grow with size."""
    return next((size for size in range(_MOST_VARIABLES) if Fraction(bound(size)) >= wanted), _MOST_VARIABLES)
