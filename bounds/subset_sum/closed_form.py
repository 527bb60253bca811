r"""Base-set sizes in closed form: Theorem R and its corollaries, with every constant explicit.

**Theorem R.** X_1..X_m i.i.d. U[-1, 1]. With probability at least 1 - 8 (3/4)^m / eta^2 every z in [-1, 1] is within
eta of a subset sum.
**Contained uniform.** If the law contains U[-a, a] with weight p, the same holds for all |z| <= a with failure at most
``8 (1 - p/4)^m (a/eta)^2``.
**One target.** The window of Theorem R may be centred at z/2: a target fixed in advance needs only |z| <= 2 a - eta.
**Blocks.** r disjoint blocks serve z/r each with tolerance eta/r and failure probability delta/r.

Proofs: ``docs/subset-sums.md``. Source: ours, with constants, for B22 Cor. A.2 (after Lueker 1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb

from bounds.arithmetic import ball, lower, upper, working_precision
from bounds.densities.law import DensityLaw, law_name, registered
from bounds.laws import Law
from bounds.subset_sum.queries import Query

_LARGEST_BLOCKS = 8
_GRID = 64
_WIDEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedForm:
    """A size in closed form: ``size`` variables in ``blocks`` equal blocks, each using U[-half_width, half_width]."""

    size: int
    half_width: float
    blocks: int


@working_precision
def contained_uniform_size(
    tolerance: float | Fraction,
    failure_probability: float | Fraction,
    weight: float | Fraction | arb,
    half_width: float | Fraction | arb,
) -> int:
    r"""Return the least m that the contained-uniform form of Theorem R proves.

    ``8 (1 - weight/4)^m (half_width/tolerance)^2 <= failure_probability``

    Assumptions: i.i.d. variables that are U[-half_width, half_width] with probability ``weight``; then all targets
    |z| <= half_width are served at once. ``tolerance``, ``half_width`` > 0; the other two in (0, 1].

    Returns m, for which the inequality is proved in ball arithmetic; for m - 1 it is not.
    Raises ValueError outside these ranges. Source: docs/subset-sums.md, Corollary 2.

    >>> contained_uniform_size(0.01, 0.01, 1, 1)
    56
    """
    _check(tolerance, failure_probability, weight, half_width)
    log_rate = (1 - ball(weight) / 4).log()
    log_start = (8 * (ball(half_width) / ball(tolerance)) ** 2 / ball(failure_probability)).log()
    size = max(0, math.floor(lower(-log_start / log_rate)))
    while not _proved(log_start, log_rate, size):
        size += 1
    return size


@working_precision
def failure_bound(size: int, tolerance: float, weight: float | arb, half_width: float | arb) -> arb:
    """Return the ball 8 (1 - weight/4)^size (half_width/tolerance)^2, the bound of the contained-uniform form."""
    return 8 * (1 - ball(weight) / 4) ** size * (ball(half_width) / ball(tolerance)) ** 2


def _proved(log_start: arb, log_rate: arb, size: int) -> bool:
    """Whether log_start + size * log_rate <= 0 is certain."""
    return upper(log_start + size * log_rate) <= 0


def _check(
    tolerance: float | Fraction,
    failure_probability: float | Fraction,
    weight: float | Fraction | arb,
    half_width: float | Fraction | arb,
) -> None:
    """Raise ValueError naming the argument that is out of range."""
    for name, value, largest in (
        ("tolerance", tolerance, math.inf),
        ("failure_probability", failure_probability, 1.0),
        ("weight", weight, 1.0),
        ("half_width", half_width, math.inf),
    ):
        enclosure = ball(value)
        if not (enclosure.is_finite() and lower(enclosure) > 0 and lower(enclosure) <= largest):
            raise ValueError(
                f"contained_uniform_size: {name}={value} must satisfy 0 < {name} <= {largest}; check its units"
            )


def closed_form(query: Query) -> ClosedForm:
    """Return the least size in closed form, over the contained uniform's half-width c and the number r of blocks.

    A block needs c >= window/r ("all") or 2 c >= (window + tolerance)/r ("fixed").
    Raises ValueError when the law contains no such uniform.

    >>> closed_form(Query(0.01, 0.01, "uniform", "all", 1.0)).size
    56
    """
    found = find_closed_form(query)
    if found is None:
        raise too_narrow(query)
    return found


def too_narrow(query: Query) -> ValueError:
    """Return the error that says that a law has too little mass near 0 for targets this large."""
    least = _narrowest(query, _LARGEST_BLOCKS)
    return ValueError(
        f"sufficient_size: law {law_name(query.law)!r} contains no U[-c, c] with c >= {least} "
        f"for targets up to {query.window!r}; scale the variables up, or ask for a smaller window"
    )


@lru_cache(maxsize=4096)
@working_precision
def find_closed_form(query: Query) -> ClosedForm | None:
    """Return what :func:`closed_form` returns, None where that raises."""
    record = registered(query.law)
    plans = [
        (_estimate(query, blocks, weight, half_width), blocks, half_width)
        for blocks in range(1, _LARGEST_BLOCKS + 1)
        for half_width, weight in half_widths(query.law, _narrowest(query, blocks))
    ]
    if not plans:
        return None
    _, blocks, half_width = min(plans)
    weight = record.weight(ball(half_width))
    tolerance, failure_probability = Fraction(query.tolerance) / blocks, Fraction(query.failure_probability) / blocks
    size = contained_uniform_size(tolerance, failure_probability, weight, half_width)
    return ClosedForm(size=blocks * size, half_width=half_width, blocks=blocks)


def _narrowest(query: Query, blocks: int) -> float:
    """Return the least half-width for one block, rounded up: window/r ("all") or (window + tolerance)/(2 r)."""
    window, tolerance = Fraction(query.window), Fraction(query.tolerance)
    exact = (window if query.quantifier == "all" else (window + tolerance) / 2) / blocks
    nearest = float(exact)
    return nearest if nearest >= exact else math.nextafter(nearest, math.inf)


def half_widths(law: str | DensityLaw, narrowest: float) -> list[tuple[float, float]]:
    """Return (c, weight of U[-c, c]) for half-widths worth trying: the narrowest allowed and a fixed grid above it."""
    wider = [pair for pair in _weight_grid(law) if pair[0] > narrowest]
    weight = _weight(registered(law), narrowest)
    return [(narrowest, weight), *wider] if weight > 0 else wider


@lru_cache(maxsize=16)
def _weight_grid(law: str | DensityLaw) -> list[tuple[float, float]]:
    """Return (c, weight) on a grid of half-widths, without those of weight zero."""
    widths = [k / _GRID for k in range(1, _WIDEST * _GRID + 1)]
    pairs = [(width, _weight(registered(law), width)) for width in widths]
    return [pair for pair in pairs if pair[1] > 0]


def _weight(law: Law, half_width: float) -> float:
    """Return the weight of U[-c, c] as a float, rounded down."""
    return max(0.0, lower(law.weight(ball(half_width))))


def _estimate(query: Query, blocks: int, weight: float, half_width: float) -> float:
    """Return the size in float64, good enough to choose half-width and blocks; the size is certified afterwards."""
    start = 8 * (half_width * blocks / query.tolerance) ** 2 * blocks / query.failure_probability
    return blocks * math.log(start) / -math.log1p(-weight / 4)
