"""Randomly composed activation-like expressions, and their data computed by numerics that share no code with bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
import sympy

x = sympy.Symbol("x", real=True)
DIGITS = 60

UNARY: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (
    sympy.tanh,
    sympy.sin,
    sympy.atan,
    sympy.exp,
    sympy.erf,
    lambda u: u / (1 + sympy.exp(-u)),
    lambda u: sympy.log(1 + sympy.exp(u)),
    lambda u: u / sympy.sqrt(1 + u**2),
    lambda u: sympy.tanh(u) * sympy.cos(u),
)


def rational(rng: np.random.Generator, low: float, high: float) -> sympy.Rational:
    """A rational with denominator 12 in [low, high], not 0."""
    value = int(rng.integers(round(12 * low), round(12 * high) + 1))
    return sympy.Rational(value or 12, 12)


def smooth(rng: np.random.Generator, depth: int) -> sympy.Expr:
    """A smooth composition of elementary functions of x."""
    if depth == 0:
        return rational(rng, -2, 2) * x
    inner = smooth(rng, depth - 1)
    kind = int(rng.integers(0, 5))
    if kind == 0:
        return inner + rational(rng, -1, 1) * inner**2 / 2 + rational(rng, -1, 1) * inner**3 / 3
    if kind == 1:
        return inner * (1 + rational(rng, -1, 1) * smooth(rng, depth - 1))
    if kind == 2:
        return rational(rng, -2, 2) * inner + rational(rng, -1, 1) * sympy.tanh(smooth(rng, depth - 1))
    return UNARY[int(rng.integers(0, len(UNARY)))](inner)


def expression(rng: np.random.Generator) -> sympy.Expr:
    """A continuous expression: smooth, or two smooth halves glued at 0, scaled and shifted; slopes may differ."""
    depth = int(rng.integers(1, 3))
    right = smooth(rng, depth)
    style = int(rng.integers(0, 4))
    if style == 0:
        left = smooth(rng, depth)
        body: sympy.Expr = sympy.Piecewise((right - right.subs(x, 0), x >= 0), (left - left.subs(x, 0), True))
    elif style == 1:
        body = right + rational(rng, -1, 1) * sympy.Abs(x)
    elif style == 2:
        body = right + rational(rng, -1, 1) * sympy.Max(0, x) * sympy.exp(-x)
    else:
        body = right
    return rational(rng, 0.5, 2) * body + rational(rng, -1, 1)


@dataclass(frozen=True)
class Numeric:
    """phi as a 60-digit function with its one-sided slopes and intercept by one-sided differences."""

    phi: Callable[[mpmath.mpf], mpmath.mpf]
    m_plus: mpmath.mpf
    m_minus: mpmath.mpf
    intercept: mpmath.mpf

    def error(self, t: float) -> mpmath.mpf:
        """|phi(t) - phihat(t)|."""
        with mpmath.workdps(DIGITS):
            point = mpmath.mpf(t)
            slope = self.m_plus if point >= 0 else self.m_minus
            return abs(self.phi(point) - slope * point - self.intercept)


def numeric(phi_expression: sympy.Expr) -> Numeric:
    """Slopes from two-point differences at h = 1e-25 with one Richardson step (error about h^2)."""
    phi = sympy.lambdify(x, phi_expression, "mpmath")
    with mpmath.workdps(DIGITS):
        zero, h = mpmath.mpf(0), mpmath.mpf(10) ** -22
        start = phi(zero)

        def slope(sign: int) -> mpmath.mpf:
            coarse, fine = ((phi(sign * k * h) - start) / (sign * k * h) for k in (2, 1))
            return 2 * fine - coarse

        return Numeric(phi, slope(1), slope(-1), start)
