"""Activations that may stand in the first layer: Assumption 2.3 derived and certified for one expression.

Source: Burkholz, NeurIPS 2022, Assumption 2.3 and Lemma 2.4. Deviations: the slopes are the one-sided derivatives and
d = phi(0) (see ``expansion``); majorants, radii and certificates are proofs of this package, not the paper's
constants.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sympy

from bounds.arithmetic import ball, checked_positive, lower, upper, working_precision
from bounds.certificate import Certificate, certify, checked_radius, supremum_bound
from bounds.enclosures.ball_evaluation import enclose
from bounds.enclosures.residual import Residual
from bounds.expansion import Expansion, expand_activation
from bounds.functions import ScalarFunction, x
from bounds.majorant import ExactMajorant, Majorant
from bounds.minimax import Minimax, minimax
from bounds.radius import closed_form, closed_form_radius, exact_radius, gap_function, gap_inverse

if TYPE_CHECKING:
    from bounds.derivation.records import Derivation

RADIUS_KINDS = ("closed_form", "exact", "minimax")


@dataclass(frozen=True)
class Activation:
    """A function phi with phi(x) = m_plus x + d (x >= 0) or m_minus x + d (x < 0) near 0 up to a certified error.

    ``m_plus``, ``m_minus``, ``d`` are exact sympy numbers with m_plus + m_minus != 0; ``a`` and ``g`` are sympy
    expressions in ``bounds.eps``, ``g_inverse`` is one in ``bounds.y``.

    >>> act = Activation.from_expression(sympy.tanh(x), name="tanh")
    >>> act.m_plus, act.m_minus, act.d, act.lipschitz, act.a
    (1, 1, 0, 1, 3**(1/3)*eps**(1/3))
    """

    function: ScalarFunction
    expansion: Expansion = field(repr=False, compare=False)

    @staticmethod
    def from_expression(expression: sympy.Expr, name: str = "mine") -> Activation:
        """Derive everything from a sympy expression in one real symbol (Piecewise, Abs, Max, Min allowed).

        Floats inside the expression are read as the decimals they print as.
        Raises: AssumptionError naming the condition of Assumption 2.3 that fails; ValueError for other input.

        >>> act = Activation.from_expression(sympy.exp(x) - 1 + sympy.Max(0, x), name="mine")
        >>> act.m_plus, act.m_minus, act.d
        (2, 1, 0)
        """
        return _derive(in_x(expression), str(name))

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.name

    @property
    def expression(self) -> sympy.Expr:
        """The sympy expression in ``bounds.x``, with exact parameters."""
        return self.function.expression

    @property
    def m_plus(self) -> sympy.Expr:
        """Right slope: lim (phi(x) - phi(0))/x for x -> 0+."""
        return self.expansion.m_plus

    @property
    def m_minus(self) -> sympy.Expr:
        """Left slope: lim (phi(x) - phi(0))/x for x -> 0-."""
        return self.expansion.m_minus

    @property
    def d(self) -> sympy.Expr:
        """Intercept phi(0)."""
        return self.expansion.intercept

    @property
    def lipschitz(self) -> sympy.Expr:
        """T = sup |phi'| over R (see ``ScalarFunction.lipschitz``)."""
        return self.function.lipschitz

    @property
    def a(self) -> sympy.Expr:
        """Closed-form radius a(eps); oo when phihat = phi. ValueError when there is no power majorant.

        >>> from bounds.named import activation
        >>> activation("sigmoid").a
        2*6**(1/3)*eps**(1/3)
        """
        return closed_form(self._exact_majorants())

    @property
    def g(self) -> sympy.Expr:
        """g(eps) = eps/a(eps), increasing with g(0+) = 0; 0 when phihat = phi.

        >>> from bounds.named import activation
        >>> activation("softsign").g
        sqrt(eps)
        """
        return gap_function(self._exact_majorants())

    @property
    def g_inverse(self) -> sympy.Expr:
        """g^-1(y), the largest eps with g(eps) <= y; oo when phihat = phi.

        >>> from bounds.named import activation
        >>> activation("tanh").g_inverse
        sqrt(3)*y**(3/2)
        """
        return gap_inverse(self._exact_majorants())

    @property
    def has_closed_form(self) -> bool:
        """Whether a power majorant was proved on both sides, so that ``a``, ``g`` and ``g_inverse`` exist.

        >>> from bounds.named import activation
        >>> activation("gelu").has_closed_form
        True
        """
        return bool(self.expansion.left_majorants and self.expansion.right_majorants)

    def derivation(self) -> Derivation:
        """How all of this follows from the expression, step by step; print it, or take its ``latex()``.

        Returns the steps with statement, LaTeX, method, source and status. The numbers of every proof are found again.

        >>> from bounds.named import activation
        >>> print(activation("relu").derivation().step("m is not 0").statement)
        m = m_plus + m_minus = 1
        m != 0
        """
        from bounds.derivation.derive import derive  # lazily: a query for numbers needs no printers

        return derive(self)

    @property
    def slopes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((lower, upper) of m_plus, (lower, upper) of m_minus) in float64, rounded outward.

        >>> from bounds.named import activation
        >>> activation("leaky_relu").slopes[0]
        (1.0, 1.0)
        """
        return _enclosed(self.m_plus), _enclosed(self.m_minus)

    @property
    def majorants(self) -> tuple[Majorant, Majorant]:
        """(left, right): |phi(x) - phihat(x)| <= coefficient |x|^exponent for |x| <= radius on that side, proved.

        The sharpest one per side; ``a`` uses wider ones too where the sharpest holds on a short radius only.

        >>> from bounds.named import activation
        >>> activation("softsign").majorants[0]
        Majorant(coefficient=1.0, exponent=Fraction(2, 1), radius=inf)
        """
        left, right = self._exact_majorants()
        return left[0].rounded(), right[0].rounded()

    def radius(self, tolerance: Any, kind: str = "closed_form") -> float:
        """A radius a with sup over |x| <= a of |phi - phihat| <= tolerance, in float64 rounded down; inf when exact.

        ``closed_form``: the value of ``a``. ``exact``: the largest such radius. ``minimax``: the largest found with the
        best slopes for this tolerance instead of ``m_plus``, ``m_minus`` (see :meth:`best_slopes`).
        Raises: ValueError for another kind, a tolerance that is not positive, or a missing closed form.

        >>> from bounds.named import activation
        >>> round(activation("tanh").radius(1e-3), 6)
        0.144225
        """
        if kind == "closed_form":
            return closed_form_radius(self._exact_majorants(), tolerance)
        if kind == "exact":
            crossing = exact_radius(self._sides, tolerance)
            # where balls cannot tell the crossing from what lies below it, the closed form, proved as well, is larger
            closed = closed_form_radius(self._exact_majorants(), tolerance) if self.has_closed_form else 0.0
            return max(crossing, closed)
        if kind == "minimax":
            return self.best_slopes(tolerance).radius
        raise ValueError(f"radius(kind={kind!r}) is unknown; use one of {', '.join(RADIUS_KINDS)}")

    def best_slopes(self, tolerance: Any) -> Minimax:
        """The slopes that make the interval for this tolerance as large as the search finds, with the proved radius.

        >>> from bounds.named import activation
        >>> best = activation("tanh").best_slopes(1e-3)
        >>> best.m_plus < 1, best.radius > 1.58 * activation("tanh").radius(1e-3)
        (True, True)
        """
        return minimax(self._sides, tolerance)

    def certify(self, tolerance: Any, radius: float | None = None) -> Certificate:
        """Prove or refute sup over |x| <= radius of |phi(x) - phihat(x)| <= tolerance in ball arithmetic.

        ``radius`` defaults to the closed form. The verdict covers every real x of the interval.

        >>> from bounds.named import activation
        >>> str(activation("sigmoid").certify(1e-6).verdict)
        'proved'
        """
        checked_positive("tolerance", tolerance)
        return certify(self._sides, tolerance, self.radius(tolerance) if radius is None else checked_radius(radius))

    def remainder_bound(self, radius: float) -> float:
        """Upper bound in float64 of sup over |x| <= radius of |phi(x) - phihat(x)|; 0 when phihat = phi.

        >>> from bounds.named import activation
        >>> 1e-3 <= activation("tanh").remainder_bound(0.145) < 1.02e-3
        True
        """
        end = ball(checked_radius(radius))
        return max(supremum_bound(side, end) for side in self._sides)

    @property
    def _sides(self) -> tuple[Residual, Residual]:
        return self.expansion.left, self.expansion.right

    def _exact_majorants(self) -> tuple[tuple[ExactMajorant, ...], tuple[ExactMajorant, ...]]:
        if not self.has_closed_form:
            raise ValueError(
                f"{self.name} has no closed form: no power K |x|^p, p > 1, was proved to bound |phi - phihat| near 0; "
                f'use radius(tolerance, kind="exact")'
            )
        return self.expansion.left_majorants, self.expansion.right_majorants


@lru_cache(maxsize=256)
def _derive(expression: sympy.Expr, name: str) -> Activation:
    return Activation(ScalarFunction(name, expression), expand_activation(expression, x, name))


@working_precision
def _enclosed(number: sympy.Expr) -> tuple[float, float]:
    return lower(ball(number)), upper(ball(number))


def in_x(expression: Any) -> sympy.Expr:
    """The expression in ``bounds.x`` with exact numbers; ValueError when it is no real function of one variable.

    >>> in_x(sympy.sec(sympy.Symbol("u")) * 0.1)
    1/(10*cos(x))
    """
    if isinstance(expression, (int, float)):
        expression = sympy.sympify(expression)
    if not isinstance(expression, sympy.Expr):
        raise ValueError(f"expression={expression!r} must be a sympy expression; build it with sympy and bounds.x")
    symbols = sorted(expression.free_symbols, key=str)
    if len(symbols) > 1:
        raise ValueError(f"{expression} has {len(symbols)} symbols {symbols}; give all but one a value")
    if symbols and (symbols[0].is_positive or symbols[0].is_negative or symbols[0].is_real is False):
        raise ValueError(f"the symbol {symbols[0]} is restricted to part of the line; use bounds.x or real=True")
    result = expression.xreplace({number: _decimal(number) for number in expression.atoms(sympy.Float)})
    result = result.subs({symbol: x for symbol in symbols})
    for head, elementary in _ELEMENTARY.items():
        result = result.replace(head, elementary)
    enclose(result, x)
    return result


_ELEMENTARY: dict[Any, Callable[[sympy.Expr], sympy.Expr]] = {
    sympy.coth: lambda u: 1 / sympy.tanh(u),
    sympy.csch: lambda u: 1 / sympy.sinh(u),
    sympy.cot: lambda u: sympy.cos(u) / sympy.sin(u),
    sympy.sec: lambda u: 1 / sympy.cos(u),
    sympy.csc: lambda u: 1 / sympy.sin(u),
    sympy.acos: lambda u: sympy.pi / 2 - sympy.asin(u),
    sympy.atanh: lambda u: sympy.log((1 + u) / (1 - u)) / 2,
    sympy.sinc: lambda u: sympy.sin(u) / u,
}


def _decimal(number: sympy.Float) -> sympy.Rational:
    """The rational that a Float prints as; ValueError for nan and infinity."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"the expression contains {number}; use finite numbers")
    return sympy.Rational(repr(value))
