r"""A law given by its density as an expression: the uniform laws it contains, and what limits it.

From p alone, in ball arithmetic: int p on either side of 0, p >= 0, sup p, and e(t) = inf over |x| <= t of p(x). The
law contains U[-c, c] with weight 2 c e(c) for every c, all these c at once (``envelope``). Nothing is assumed about
symmetry or shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy
from flint import arb
from numpy.typing import NDArray

from bounds.arithmetic import ball, checked_positive, lower, upper, working_precision
from bounds.densities.envelope import contained_law, envelope, floor, widest_weight
from bounds.densities.integral import integral
from bounds.densities.mass import DensityError, Side, side
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval
from bounds.first_activation import in_x
from bounds.functions import x
from bounds.laws import LAWS, Law

_MASS_TOLERANCE = 1e-3
_PARTS = 64
_CELL_ACCURACY = arb(2) ** -40


@dataclass(frozen=True, slots=True)
class ContainedUniform:
    """X is drawn from U[-half_width, half_width] with probability ``weight``, from another law otherwise."""

    half_width: float
    weight: float


@dataclass(frozen=True, slots=True)
class DensityLaw:
    """A law with a density, made by :meth:`bounds.laws.Law.from_density`.

    ``name``        how statements call it.
    ``expression``  the density in ``bounds.x``, exact.
    ``partial``     the law's density is only known to be at least this.
    """

    name: str
    expression: sympy.Expr
    partial: bool = False

    @property
    def mass(self) -> tuple[float, float]:
        """Lower and upper bound of the integral of the expression over R."""
        total = iv.add(*(half.mass for half in _sides(self)))
        return lower(total.lo), upper(total.hi)

    @property
    def supremum(self) -> float:
        """An upper bound of the law's density; inf where there is none (``partial`` included)."""
        return _supremum(self)

    @property
    def contained(self) -> Law:
        """The symmetric part, falling in |x|, that the law contains, as a record of ``bounds.laws``; mass at most 1."""
        return _contained(self)

    def contained_uniform(self, half_width: float | None = None) -> ContainedUniform:
        """Return U[-c, c] and its weight 2 c inf over |x| <= c of p(x), rounded down, for c = ``half_width``.

        None: the c <= 4 with the largest weight on a grid. Raises ValueError unless c is positive and finite.

        >>> import sympy
        >>> laplace = Law.from_density(sympy.exp(-abs(x)) / 2, "laplace")
        >>> laplace.contained_uniform()
        ContainedUniform(half_width=1.0, weight=0.36787...)
        """
        if half_width is None:
            return ContainedUniform(*widest_weight(_heights(self)))
        return ContainedUniform(float(half_width), _weight(self, float(checked_positive("half_width", half_width))))

    def positive_parts(self, distance: float, count: int) -> NDArray[np.float64]:
        """Return lower bounds of P(X+ in ((j-1) g, j g]), g = distance/count, j = 0..count; j = 0 is P(X <= 0)."""
        return _positive_parts(self, distance, count)

    def mirrored(self) -> DensityLaw:
        """Return the law of -X."""
        return DensityLaw(self.name, self.expression.subs(x, -x), self.partial)


def density_law(expression: sympy.Expr, name: str, partial: bool) -> DensityLaw:
    """Return the law after every check; what they are is said in :meth:`bounds.laws.Law.from_density`."""
    law = DensityLaw(str(name), in_x(expression), bool(partial))
    least, most = law.mass
    call = f"Law.from_density({law.expression})"
    if least > 1 + _MASS_TOLERANCE or (most < 1 - _MASS_TOLERANCE and not law.partial):
        raise DensityError(
            f"{call} integrates to [{least:.6g}, {most:.6g}], not to 1; divide it by that"
            + ("" if least > 1 else ", or pass partial=True for a lower bound of a density")
        )
    if not law.partial and not (least >= 1 - 2 * _MASS_TOLERANCE and most <= 1 + 2 * _MASS_TOLERANCE):
        raise DensityError(f"{call}: its integral is only known to lie in [{least:.6g}, {most:.6g}]; simplify it")
    if _heights(law)[0] == 0:
        raise DensityError(
            f"{call} is not bounded away from 0 next to x = 0, so it contains no U[-c, c]; a subset sum needs small "
            "variables of both signs: take another law, or add some"
        )
    return law


def registered(law: str | DensityLaw) -> Law:
    """Return the record to compute with: the registered law of this name, or what a law with a density contains."""
    return law.contained if isinstance(law, DensityLaw) else LAWS[law]


def law_name(law: str | DensityLaw) -> str:
    """Return the name used in statements."""
    return law.name if isinstance(law, DensityLaw) else law


@lru_cache(maxsize=64)
def _sides(law: DensityLaw) -> tuple[Side, Side]:
    """What is proved for x > 0 and, of the mirrored density, for x < 0."""
    return side(law.expression, x), side(law.expression.subs(x, -x), x)


def _scale(law: DensityLaw) -> arb:
    """An upper bound of int p, at least 1: p/scale is below the density of the law meant, whatever int p is."""
    return iv.greatest([iv.ONE, iv.add(*(half.mass for half in _sides(law))).hi])


@lru_cache(maxsize=64)
@working_precision
def _heights(law: DensityLaw) -> tuple[float, ...]:
    return envelope(_sides(law), _scale(law))


@lru_cache(maxsize=64)
def _contained(law: DensityLaw) -> Law:
    return contained_law(law.name, _heights(law))


@lru_cache(maxsize=64)
@working_precision
def _supremum(law: DensityLaw) -> float:
    if law.partial:
        return float("inf")
    halves = _sides(law)
    total = iv.add(*(half.mass for half in halves)).lo * (1 - arb(2) ** -40)
    return upper(iv.greatest([half.supremum for half in halves]) / total)


@lru_cache(maxsize=4096)
@working_precision
def _weight(law: DensityLaw, half_width: float) -> float:
    """2 c times the least lower bound of p over cells of [0, c] on both sides, over the scale."""
    ends = [ball(half_width) * k / _PARTS for k in range(_PARTS + 1)]
    boxes = [Interval(a.lower(), b.upper()) for a, b in pairwise(ends)]
    least = iv.least([floor(half.parts, box) for half in _sides(law) for box in boxes])
    return max(0.0, lower(2 * ball(half_width) * least / _scale(law)))


@lru_cache(maxsize=64)
@working_precision
def _positive_parts(law: DensityLaw, distance: float, count: int) -> NDArray[np.float64]:
    right, left = _sides(law)
    ends = [ball(Fraction(distance) * j / count).mid() for j in range(count + 1)]
    masses = [_cell_mass(right, Interval(a, b)) for a, b in pairwise(ends)]
    scale = _scale(law)
    return np.array([max(0.0, lower(mass / scale)) for mass in (left.mass.lo, *masses)])


def _cell_mass(half: Side, box: Interval) -> arb:
    """A lower bound of the integral over a cell."""
    commons = [(part, common) for part in half.parts if (common := part.overlap(box)) is not None]
    total = arb(0)
    for part, common in commons:
        value = part.integral(common) if part.value(common).hi.is_finite() else integral(part, common, _CELL_ACCURACY)
        total += iv.greatest([value.lo, iv.ZERO])
    return total.lower()
