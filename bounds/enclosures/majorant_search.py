"""Proposals for power majorants: which K and radius to try. Only ``majorant.proved`` decides what is kept.

Where the supremum of |e|/t^p is its limit at 0, K is that limit, an exact sympy number; otherwise K is a rational
slightly above the supremum on the radius. A side whose best K holds on a short radius only gets wider majorants too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy
from flint import arb

from bounds.arithmetic import ball, exact_fraction, upper, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.residual import Residual
from bounds.majorant import ExactMajorant, limit_is_supremum, model_of, proved, ratio_beside_zero

_SLACK = Fraction(10001, 10000)
_NEAR_LIMIT = Fraction(5, 4)
_WIDENING = 4
_MOST = 8
_FINITE_RADII = tuple(sympy.Rational(2) ** -k for k in range(-3, 13))
_FARTHEST_SAMPLE = 64.0
_SAMPLES = 240


@working_precision
def power_majorants(residual: Residual) -> tuple[ExactMajorant, ...]:
    """The certified majorants of one side, from the sharpest to the widest; empty when no power bounds e near 0.

    The first has the smallest K: the limit of |e|/t^p if that can be proved, else at most 5/4 of it where possible, on
    the largest radius tried. Wider ones follow until one covers errors up to 1.

    >>> x = sympy.Symbol("x", real=True)
    >>> side = Residual(sympy.sin(x), x, 1, sympy.S.Zero, sympy.S.One)
    >>> [(m.coefficient, str(m.exponent), m.radius) for m in power_majorants(side)]
    [(1/6, '3', oo)]
    """
    if residual.vanishes:
        return (ExactMajorant(sympy.S.Zero, Fraction(2), residual.reach),)
    if residual.leading_term is None or residual.model is None:
        return ()
    search = _Search(residual)
    found: list[ExactMajorant] = []
    following = search.sharpest()
    while following is not None and len(found) < _MOST:
        found.append(following)
        following = None if _covers_one(following) else search.wider(following)
    return tuple(found)


def _covers_one(majorant: ExactMajorant) -> bool:
    """Whether the majorant is useful for every error up to 1."""
    if majorant.radius == sympy.oo:
        return True
    reach = iv.power_ball(ball(majorant.radius).lower(), majorant.exponent)
    return bool(ball(majorant.coefficient) * reach >= 1)


@dataclass(frozen=True)
class _Search:
    """The search for majorants of one side whose error has a leading term c t^p."""

    residual: Residual

    @property
    def exponent(self) -> Fraction:
        assert self.residual.leading_term is not None
        return self.residual.leading_term[0]

    @property
    def limit(self) -> sympy.Expr:
        """lim |e|/t^p."""
        assert self.residual.leading_term is not None
        return sympy.Abs(self.residual.leading_term[1])

    def sharpest(self) -> ExactMajorant | None:
        """The majorant with the smallest coefficient."""
        if limit_is_supremum(self.residual):
            for radius in self._radii():
                if proved(self.residual, self.limit, self.exponent, radius):
                    return ExactMajorant(self.limit, self.exponent, radius)
        caps = [ball(_NEAR_LIMIT) * ball(self.limit), ball(self.limit) * 64, iv.INFINITY]
        return next((m for cap in caps if (m := self._widest_below(cap, sympy.S.Zero)) is not None), None)

    def wider(self, inner: ExactMajorant) -> ExactMajorant | None:
        """The widest majorant on a larger radius with a coefficient at most 4 (or 64) times as large."""
        sizes = (ball(inner.coefficient) * _WIDENING, ball(inner.coefficient) * _WIDENING**3)
        return next((m for cap in sizes if (m := self._widest_below(cap, inner.radius)) is not None), None)

    def _radii(self) -> Iterator[sympy.Expr]:
        """Radii to try, largest first: infinity, where the branch ends, powers of two."""
        yield sympy.oo
        yield from sorted({*_FINITE_RADII, self.residual.reach} - {sympy.oo}, reverse=True)

    def _widest_below(self, cap: arb, inner: sympy.Expr) -> ExactMajorant | None:
        for radius in self._radii():
            coefficient = self._estimate(radius) if radius > inner else None
            if coefficient is None or not ball(coefficient) <= cap:
                continue
            if proved(self.residual, coefficient, self.exponent, radius):
                return ExactMajorant(coefficient, self.exponent, radius)
        return None

    @cached_property
    def _samples(self) -> list[tuple[float, float]]:
        """(t, |e|/t^p) beyond the Taylor model."""
        start = float(model_of(self.residual).radius)
        growth = (_FARTHEST_SAMPLE / start) ** (1 / _SAMPLES)
        points = [arb(start * growth**k) for k in range(_SAMPLES + 1)]
        return [(float(t), self._ratio(t)) for t in points]

    def _ratio(self, t: arb) -> float:
        return upper(iv.magnitude(self.residual.at(t)) / iv.power_ball(t, self.exponent))

    def _estimate(self, radius: sympy.Expr) -> sympy.Rational | None:
        """A rational about 1e-4 above sup |e|/t^p on (0, radius], from model and samples; not yet a proof."""
        end = ball(radius).lower()
        near = iv.least([model_of(self.residual).radius, end])
        found = upper(ratio_beside_zero(self.residual, self.exponent, near))
        found = max([found, *(ratio for t, ratio in self._samples if t <= float(end))])
        if end.is_finite() and near < end:
            found = max(found, self._ratio(end))
        return _rounded_up(found) if math.isfinite(found) and found > 0 else None


def _rounded_up(value: float) -> sympy.Rational:
    """The least 5-digit decimal above value * (1 + 1e-4)."""
    scale = Fraction(10) ** (4 - math.floor(math.log10(value)))
    fraction = Fraction(math.ceil(exact_fraction(value) * _SLACK * scale)) / scale
    return sympy.Rational(fraction.numerator, fraction.denominator)
