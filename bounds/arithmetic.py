"""Balls, outward rounding and three-valued comparison: the only place where a ball becomes a float or a truth value.

A *ball* is a python-flint ``arb``: a midpoint and a radius that together contain the real number meant.
Everything rigorous in this package is computed at :data:`PRECISION` bits inside :func:`working_precision`.
"""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, ParamSpec, TypeVar

import sympy
from flint import arb, ctx, fmpq

PRECISION = 128

_P = ParamSpec("_P")
_R = TypeVar("_R")


def working_precision(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run ``function`` at :data:`PRECISION` bits, whatever the caller's precision is.

    >>> from flint import ctx
    >>> working_precision(lambda: ctx.prec)() == PRECISION
    True
    """

    @functools.wraps(function)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if ctx.prec == PRECISION:
            return function(*args, **kwargs)
        with ctx.workprec(PRECISION):
            return function(*args, **kwargs)

    return wrapped


def exact_fraction(value: Any) -> Fraction:
    """The rational number that an int, float, Fraction, decimal string or sympy Rational denotes exactly.

    >>> exact_fraction("0.1"), exact_fraction(0.1) == Fraction(1, 10)
    (Fraction(1, 10), False)
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, sympy.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, (int, str, numbers.Rational, Decimal)):
        return Fraction(value)
    return Fraction(float(value))


def ball(value: Any) -> arb:
    """Smallest ball at the current precision around a number.

    Exact for ints and floats (a float is the dyadic number it stores); decimal strings and fractions are
    rounded outward once, so ``ball("0.1")`` contains 1/10 and ``ball(0.1)`` is the float nearest to it.

    Args: an int, float (infinities allowed), Fraction, decimal string, sympy number or ball.
    Raises: ValueError for nan and for sympy expressions that are not real numbers.

    >>> bool(ball("0.1").contains(ball(Fraction(1, 10)).mid())), ball(0.5) == ball(Fraction(1, 2))
    (True, True)
    """
    if isinstance(value, arb):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("ball(nan): nan is not a real number; pass a number")
        return arb(value)
    if isinstance(value, sympy.Basic) and not isinstance(value, sympy.Rational):
        from bounds.enclosures.ball_evaluation import constant_ball  # lazily: evaluation is built on this module

        return constant_ball(value)
    fraction = exact_fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def lower(value: arb) -> float:
    """Largest float64 that is certainly at most every number of the ball (-inf when nothing is known).

    >>> lower(ball("0.1")) < Fraction(1, 10) < upper(ball("0.1"))
    True
    """
    if value.is_nan():
        return -math.inf
    bound = value.lower()
    nearest = float(bound)
    return (nearest if arb(nearest) <= bound else math.nextafter(nearest, -math.inf)) + 0.0


def upper(value: arb) -> float:
    """Smallest float64 that is certainly at least every number of the ball (inf when nothing is known).

    >>> Fraction(upper(ball(Fraction(1, 3)))) >= Fraction(1, 3)
    True
    """
    if value.is_nan():
        return math.inf
    bound = value.upper()
    nearest = float(bound)
    return (nearest if arb(nearest) >= bound else math.nextafter(nearest, math.inf)) + 0.0


def certainly_less(a: Any, b: Any) -> bool | None:
    """True when every number of ``a`` is below every number of ``b``, False when none is, None when undecided.

    >>> certainly_less(1, 2), certainly_less(2, 1), certainly_less(ball(1).union(ball(3)), 2)
    (True, False, None)
    """
    left, right = ball(a), ball(b)
    if left < right:
        return True
    return False if left >= right else None


def certainly_at_most(a: Any, b: Any) -> bool | None:
    """True when every number of ``a`` is at most every number of ``b``, False when none is, None when undecided.

    >>> certainly_at_most(1, 1), certainly_at_most(2, 1)
    (True, False)
    """
    greater = certainly_less(b, a)
    return None if greater is None else not greater


def is_finite_real(value: Any) -> bool:
    """Whether ``value`` is one finite real number: no text, no truth value, no array, no nan.

    >>> is_finite_real(0.5), is_finite_real("0.5"), is_finite_real(float("nan")), is_finite_real(True)
    (True, False, False, False)
    """
    try:
        return not isinstance(value, bool) and math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def checked_positive(name: str, value: Any) -> Any:
    """``value`` when it is a finite positive real number; ValueError naming ``name`` otherwise.

    >>> checked_positive("tolerance", 1e-3)
    0.001
    """
    if not (is_finite_real(value) and value > 0):
        raise ValueError(f"{name}={value!r} must be a finite number above 0, for example {name}=1e-3")
    return value


def checked_interval(lower_end: Any, upper_end: Any) -> tuple[float, float]:
    """Both ends as floats when finite and ordered; ValueError otherwise.

    >>> checked_interval(-1, 2)
    (-1.0, 2.0)
    """
    low, high = float(lower_end), float(upper_end)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"interval [{low}, {high}] must have finite ends; bound the domain first")
    if low > high:
        raise ValueError(f"interval [{low}, {high}] is empty: lower must be at most upper; swap the ends")
    return low, high
