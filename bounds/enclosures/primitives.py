"""The elementary functions that enclosures know: each is an identifier plus a record of properties.

The general algorithms (interval evaluation, Taylor models) read only the record, so supporting a further function
means adding one record here. ``Logistic``, ``Softplus``, ``Tanh`` and ``Magnitude`` are internal stand-ins
for 1/(1+exp(-u)), log(1+exp(u)), tanh(u) and |u|: the same real functions with derivatives that do not cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from flint import arb, arb_series, ctx

from bounds.arithmetic import PRECISION
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval


class Logistic(sympy.Function):
    """1/(1+exp(-u)) as one symbol with a derivative that does not cancel."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Logistic(u) Logistic(-u)."""
        return Logistic(self.args[0]) * Logistic(-self.args[0])

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None


class Softplus(sympy.Function):
    """log(1+exp(u)) as one symbol."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Logistic(u)."""
        return Logistic(self.args[0])

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None


class Tanh(sympy.Function):
    """tanh(u) as one symbol with the derivative sech(u)^2 instead of 1 - tanh(u)^2."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """sech(u)^2."""
        return sympy.sech(self.args[0]) ** 2

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None


class Sign(sympy.Function):
    """sign(u) as one symbol whose derivative, away from the jump, is 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """0."""
        return sympy.S.Zero


class UnitStep(sympy.Function):
    """Heaviside(u) as one symbol whose derivative, away from the jump, is 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """0."""
        return sympy.S.Zero


class Magnitude(sympy.Function):
    """|u| as one symbol with the derivative sign(u), for real u."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """sign(u)."""
        return Sign(self.args[0])


@dataclass(frozen=True, slots=True)
class Primitive:
    """One elementary function of one real variable.

    ``image``     image of an interval (outward).
    ``series``    composition with an ``arb_series``; None: no Taylor coefficients on balls.
    """

    image: Callable[[Interval], Interval]
    series: Callable[[arb_series], arb_series] | None = None


def _monotone(
    ball: Callable[[arb], arb], at_lower: arb, at_upper: arb, lower: arb, upper: arb, rising: bool = True
) -> Callable[[Interval], Interval]:
    """Image map of a monotone function on [lower, upper] with the given limits at both ends, never beyond them.

    The whole line where x leaves the domain.
    """

    def at(end: arb) -> arb:
        if end == lower:
            return at_lower
        return at_upper if end == upper else ball(end)

    def image(x: Interval) -> Interval:
        if x.lo < lower or x.hi > upper:
            return iv.WHOLE
        return iv.intersect(monotone(at, x), reach)

    monotone = iv.increasing if rising else iv.decreasing
    reach = iv.hull(iv.from_ball(at_lower), iv.from_ball(at_upper))
    return image


def _even(rising: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    """Image map of an even function from its image map on [0, oo]."""
    return lambda x: rising(iv.absolute(x))


def _wave(shift: arb, ball: Callable[[arb], arb]) -> Callable[[Interval], Interval]:
    """Image map of a 2 pi periodic wave with maxima 1 at 2 pi (k + shift), minima -1 half a period later."""

    def image(x: Interval) -> Interval:
        whole = Interval(-iv.ONE, iv.ONE)
        period = 2 * arb.pi()
        if not (x.lo.is_finite() and x.hi.is_finite() and x.hi - x.lo < period):
            return whole
        ends = iv.hull(iv.from_ball(ball(x.lo)), iv.from_ball(ball(x.hi)))
        first, last = x.lo / period - shift, x.hi / period - shift
        top = iv.ONE if _holds_integer(first, last) else ends.hi
        bottom = -iv.ONE if _holds_integer(first - arb(0.5), last - arb(0.5)) else ends.lo
        return iv.intersect(whole, Interval(bottom, top))

    return image


def _holds_integer(first: arb, last: arb) -> bool:
    """Whether [first, last] may contain an integer."""
    return bool(first.lower().ceil().lower() <= last.upper())


def _from_exp(combine: Callable[[arb_series], arb_series]) -> Callable[[arb_series], arb_series]:
    return lambda s: combine(s.exp())


_INF, _NEG = iv.INFINITY, iv.MINUS_INFINITY
with ctx.workprec(PRECISION):
    _HALF_PI, _MINUS_HALF_PI = arb.pi() / 2, arb.pi() / -2


def _logistic(u: arb) -> arb:
    return 1 / (1 + (-u).exp())


def _softplus(u: arb) -> arb:
    return u.exp().log1p() if u < 0 else u + (-u).exp().log1p()


def _asinh_series(s: arb_series) -> arb_series:
    return (s + (s * s + 1).sqrt()).log()


_COSH = _even(_monotone(arb.cosh, arb(1), _INF, arb(0), _INF))
_SECH = _even(_monotone(arb.sech, arb(1), arb(0), arb(0), _INF, rising=False))


def _tan_image(x: Interval) -> Interval:
    """Image of tan where [lo, hi] holds no pole, the whole line otherwise."""
    if not (x.lo.is_finite() and x.hi.is_finite()):
        return iv.WHOLE
    first, last = x.lo / arb.pi() - arb(0.5), x.hi / arb.pi() - arb(0.5)
    return iv.WHOLE if _holds_integer(first, last) else iv.increasing(arb.tan, x)


_TANH = Primitive(_monotone(arb.tanh, arb(-1), arb(1), _NEG, _INF), _from_exp(lambda e: 1 - 2 * (e * e + 1).inv()))
PRIMITIVES: dict[Any, Primitive] = {
    sympy.exp: Primitive(_monotone(arb.exp, arb(0), _INF, _NEG, _INF), arb_series.exp),
    sympy.log: Primitive(_monotone(arb.log, _NEG, _INF, arb(0), _INF), arb_series.log),
    sympy.sin: Primitive(_wave(arb(0.25), arb.sin), arb_series.sin),
    sympy.cos: Primitive(_wave(arb(0), arb.cos), arb_series.cos),
    sympy.tan: Primitive(_tan_image, arb_series.tan),
    sympy.sinh: Primitive(_monotone(arb.sinh, _NEG, _INF, _NEG, _INF), _from_exp(lambda e: (e - e.inv()) / 2)),
    sympy.cosh: Primitive(_COSH, _from_exp(lambda e: (e + e.inv()) / 2)),
    sympy.sech: Primitive(_SECH, _from_exp(lambda e: 2 * (e + e.inv()).inv())),
    sympy.tanh: _TANH,
    Tanh: _TANH,
    sympy.atan: Primitive(_monotone(arb.atan, _MINUS_HALF_PI, _HALF_PI, _NEG, _INF), arb_series.atan),
    sympy.asin: Primitive(_monotone(arb.asin, _MINUS_HALF_PI, _HALF_PI, arb(-1), arb(1)), arb_series.asin),
    sympy.asinh: Primitive(_monotone(arb.asinh, _NEG, _INF, _NEG, _INF), _asinh_series),
    sympy.erf: Primitive(_monotone(arb.erf, arb(-1), arb(1), _NEG, _INF), arb_series.erf),
    sympy.erfc: Primitive(_monotone(arb.erfc, arb(2), arb(0), _NEG, _INF, rising=False), arb_series.erfc),
    Logistic: Primitive(_monotone(_logistic, arb(0), arb(1), _NEG, _INF), _from_exp(lambda e: 1 - (e + 1).inv())),
    Softplus: Primitive(_monotone(_softplus, arb(0), _INF, _NEG, _INF), _from_exp(lambda e: (e + 1).log())),
}


def primitive(function: Any) -> Primitive:
    """The record of a sympy function class; ValueError listing the known ones for any other."""
    try:
        return PRIMITIVES[function]
    except KeyError:
        known = sorted(record.__name__ for record in PRIMITIVES if record.__module__.startswith("sympy"))
        raise ValueError(
            f"no enclosure is known for the function {function.__name__}; write it with {', '.join(known)}, "
            "powers, Abs, Max, Min and Piecewise"
        ) from None
