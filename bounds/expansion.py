"""Assumption 2.3 (Burkholz, NeurIPS 2022) derived from an expression: slopes, intercept, certified power majorants.

phihat(x) = m_plus x + d for x >= 0 and m_minus x + d for x < 0 with d = phi(0) and the one-sided derivatives of phi
at 0. The first sentence of the assumption as printed holds for every continuous phi with any slopes (shrink the
neighbourhood); only g(0+) = 0 forces the slopes to be the one-sided derivatives, which is why they are derived as
such.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from bounds.arithmetic import ball, working_precision
from bounds.enclosures.majorant_search import power_majorants
from bounds.enclosures.one_sided import ORDERS, T, branch_beside_zero, exponential_form, one_sided_limit
from bounds.enclosures.pieces import discontinuities
from bounds.enclosures.power_series import NoPowerExpansion, PowerSeries, expand, is_zero
from bounds.enclosures.residual import Residual
from bounds.majorant import ExactMajorant

REMEDY = (
    "use it above the first layer (any continuous function is allowed there) and choose another first_activation, "
    'for example "identity" or "relu"'
)


class AssumptionError(ValueError):
    """The function cannot be the first activation: a condition of Assumption 2.3 fails; the message names it.

    >>> from bounds.first_activation import Activation
    >>> try:
    ...     Activation.from_expression(sympy.Abs(sympy.Symbol("x", real=True)), name="abs")
    ... except AssumptionError as error:
    ...     print(str(error).partition(":")[0])
    abs violates Assumption 2.3 (m = m_plus + m_minus != 0)
    """


@dataclass(frozen=True, slots=True)
class Expansion:
    """phihat and its certified distance from phi: slopes, intercept and the two one-sided errors.

    ``left_majorants`` and ``right_majorants`` go from the sharpest to the widest; empty where no power of |x| bounds
    the error.
    """

    m_plus: sympy.Expr
    m_minus: sympy.Expr
    intercept: sympy.Expr
    left: Residual
    right: Residual
    left_majorants: tuple[ExactMajorant, ...]
    right_majorants: tuple[ExactMajorant, ...]


def expand_activation(expression: sympy.Expr, symbol: sympy.Symbol, name: str) -> Expansion:
    """Derive and certify the data of Assumption 2.3.

    Raises: AssumptionError naming the violated condition, its value and a remedy.

    >>> x = sympy.Symbol("x", real=True)
    >>> found = expand_activation(sympy.exp(x), x, "exp")
    >>> found.m_plus, found.m_minus, found.intercept
    (1, 1, 1)
    """
    intercept = value_at_zero(expression, symbol, name)
    slopes = {direction: _slope(expression, symbol, direction, intercept, name) for direction in (-1, 1)}
    _check_sum(slopes[1], slopes[-1], name)
    _check_continuity(expression, symbol, name)
    left, right = (Residual(expression, symbol, side, intercept, slopes[side]) for side in (-1, 1))
    return Expansion(slopes[1], slopes[-1], intercept, left, right, power_majorants(left), power_majorants(right))


def refuse(name: str, condition: str, found: str) -> AssumptionError:
    """The error for a violated condition of Assumption 2.3."""
    return AssumptionError(f"{name} violates Assumption 2.3 ({condition}): {found}; {REMEDY}")


def value_at_zero(expression: sympy.Expr, symbol: sympy.Symbol, name: str) -> sympy.Expr:
    """phi(0), by continuity where the expression itself is undefined at 0 (as sin(x)/x is).

    >>> x = sympy.Symbol("x", real=True)
    >>> value_at_zero(sympy.sin(x) / x, x, "sinc")
    1
    """
    value = expression.subs(symbol, 0)
    if is_real_number(value):
        return value
    limit, _ = _limit_and_slope(expression, symbol, 1, None)
    if not is_real_number(limit):
        raise refuse(name, "phi is continuous and real near 0", f"phi(0) = {value}, phi(0+) = {limit}")
    return limit


def is_real_number(value: sympy.Expr) -> bool:
    """Whether a sympy expression is a finite real number.

    >>> is_real_number(sympy.sqrt(2)), is_real_number(sympy.oo)
    (True, False)
    """
    return bool(value.is_number and not value.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.I))


def _slope(
    expression: sympy.Expr, symbol: sympy.Symbol, direction: int, intercept: sympy.Expr, name: str
) -> sympy.Expr:
    """The one-sided derivative at 0: m_plus for direction 1, m_minus for direction -1."""
    side = "+" if direction > 0 else "-"
    limit, slope = _limit_and_slope(expression, symbol, direction, intercept)
    if limit is sympy.nan:
        raise refuse(name, "phi is continuous and real near 0", f"no real limit phi(0{side}) was found")
    if not is_real_number(limit) or not is_zero(limit - intercept):
        raise refuse(name, "phi is continuous at 0", f"phi(0{side}) = {limit} but phi(0) = {intercept}")
    if slope is sympy.nan:
        raise refuse(name, "phi has one-sided slopes at 0", f"(phi(x) - phi(0))/x has no limit at 0{side}")
    slope = sympy.Integer(direction) * slope
    if not is_real_number(slope):
        raise refuse(name, "phi has finite one-sided slopes at 0", f"(phi(x) - phi(0))/x tends to {slope} at 0{side}")
    return slope


def _limit_and_slope(
    expression: sympy.Expr, symbol: sympy.Symbol, direction: int, intercept: sympy.Expr | None
) -> tuple[sympy.Expr, sympy.Expr]:
    """phi(0 +- 0) and d/dt phi(+-t) at t = 0+: from the power expansion, by sympy's limits where there is none."""
    try:
        branch = real_branch(expression, symbol, direction)
        return _read(_series_beyond_one(exponential_form(branch)))
    except NoPowerExpansion:
        branch = expression.subs(symbol, direction * T)
    except NotReal:
        return sympy.nan, sympy.nan
    start = one_sided_limit(branch)
    if not is_real_number(start):
        return start, sympy.nan
    return start, one_sided_limit((branch - (start if intercept is None else intercept)) / T)


class NotReal(ValueError):
    """The expression takes complex values beside 0."""


def real_branch(expression: sympy.Expr, symbol: sympy.Symbol, direction: int) -> sympy.Expr:
    """The branch beside 0; NotReal when a root of a negative number is left in it, as in sqrt(-t).

    >>> x = sympy.Symbol("x", real=True)
    >>> real_branch(sympy.Max(0, x), x, -1)
    0
    """
    branch = branch_beside_zero(expression, symbol, direction).expression
    roots = [power for power in branch.atoms(sympy.Pow) if power.base.is_negative and not power.exp.is_integer]
    if roots or branch.has(sympy.I):
        raise NotReal(f"{branch} is not real")
    return branch


def _series_beyond_one(branch: sympy.Expr) -> PowerSeries:
    """The expansion of a branch to an order above 1 (its terms up to t^1 are then complete)."""
    for order in ORDERS:
        series = expand(branch, T, order)[branch]
        if series.order > 1:
            return series
    raise NoPowerExpansion(f"{branch} loses more than {ORDERS[-1]} orders to cancellation")


def _read(series: PowerSeries) -> tuple[sympy.Expr, sympy.Expr]:
    """Limit and slope at 0+ of an expansion; infinite where a smaller power stands in front."""
    terms = dict(series.terms)
    steep = [(k, c) for k, c in series.terms if k < 1 and k != 0]
    if steep and steep[0][0] < 0:
        return sympy.oo * sympy.sign(steep[0][1]), sympy.nan
    slope = sympy.oo * sympy.sign(steep[0][1]) if steep else terms.get(Fraction(1), sympy.S.Zero)
    return terms.get(Fraction(0), sympy.S.Zero), slope


@working_precision
def _check_sum(m_plus: sympy.Expr, m_minus: sympy.Expr, name: str) -> None:
    """m = m_plus + m_minus != 0, certainly."""
    total = m_plus + m_minus
    if is_zero(total):
        why = "phi has no linear part at 0" if is_zero(m_plus) else "the slopes on both sides of 0 cancel"
        raise refuse(name, "m = m_plus + m_minus != 0", f"m_plus = {m_plus}, m_minus = {m_minus}, so m = 0: {why}")
    if ball(total).contains(0):
        raise refuse(name, "m = m_plus + m_minus != 0", f"m = {total} cannot be told from 0")


def _check_continuity(expression: sympy.Expr, symbol: sympy.Symbol, name: str) -> None:
    jumps = discontinuities(expression, symbol)
    if jumps:
        raise refuse(name, "phi is continuous", f"phi jumps at x = {', '.join(map(str, jumps))}")
