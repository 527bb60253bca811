"""The steps about phi next to 0: expression, continuity, slopes, intercept, m."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy

from bounds.arithmetic import ball, working_precision
from bounds.derivation.notation import latex_decimal, latex_of, rounded_down, rounded_up, text_of
from bounds.derivation.records import GIVEN, Formula, Name, Step, equation
from bounds.enclosures.one_sided import ORDERS, T, exponential_form
from bounds.enclosures.pieces import smooth_pieces
from bounds.enclosures.power_series import NoPowerExpansion, PowerSeries, expand, is_zero
from bounds.expansion import NotReal, is_real_number, real_branch
from bounds.functions import x

if TYPE_CHECKING:
    from bounds.first_activation import Activation

PHI = Name("phi(x)", r"\varphi(x)")
D = Name("d", "d")
_BEFORE, _AT, _AFTER = (Name(f"phi({end})", rf"\varphi({end})") for end in ("0-", "0", "0+"))
M = Name("m", "m")
ASSUMPTION = "B22 Assumption 2.3; docs/activations.md, From an expression to slopes"
_BY_SERIES = "the exact power series of phi in t = |x| on this side, one recursion over the expression"
_BY_LIMIT = "sympy's limit, since phi has no expansion in powers of |x| on this side"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of 0: its direction, its sign in a name, and the names of its slope and of phi there."""

    direction: int
    sign: str
    slope: Name
    phi: Name


RIGHT = Side(1, "+", Name("m_plus", "m_+"), Name("phi(t)", r"\varphi(t)"))
LEFT = Side(-1, "-", Name("m_minus", "m_-"), Name("phi(-t)", r"\varphi(-t)"))


def expression_step(activation: Activation) -> Iterator[Step]:
    """phi and its kinks."""
    pieces = smooth_pieces(activation.expression, x)
    kinks = [piece.lower for piece in pieces or () if piece.lower != -sympy.oo]
    where = ", ".join(map(text_of, kinks))
    yield Step(
        title="Expression",
        formulas=(equation(PHI, activation.expression),),
        method="definition" + (f"; the branches meet at x = {where}" if kinks else ""),
        source="the expression given",
        status=GIVEN,
    )


def continuity_step(activation: Activation) -> Iterator[Step]:
    """phi(0-) = phi(0) = phi(0+), and no jump elsewhere."""
    pieces = smooth_pieces(activation.expression, x)
    elsewhere = "; value and one-sided limits agree wherever two branches meet"
    if pieces is None:
        elsewhere = "; elsewhere the places where branches meet are not roots of polynomials and were not examined"
    yield Step(
        title="Continuity at 0",
        formulas=(equation(_BEFORE, _AT, _AFTER, activation.d),),
        method=f"{_value_at_zero(activation)}, and the terms of order t^0 in the next two steps{elsewhere}",
        source=ASSUMPTION,
    )


def _value_at_zero(activation: Activation) -> str:
    if is_real_number(activation.expression.subs(x, 0)):
        return "substitution at 0"
    return "the limit at 0, where the expression itself is undefined"


def slope_steps(activation: Activation) -> Iterator[Step]:
    """The one-sided slopes as limits."""
    for side, slope in ((RIGHT, activation.m_plus), (LEFT, activation.m_minus)):
        series = expansion_beside_zero(activation, side)
        formulas: tuple[Formula, ...] = (_limit(side, slope),)
        if series is not None:
            _check(activation, side, series, slope)
            formulas = (_expansion(side, series), *formulas)
        yield Step(
            title=f"Slope at 0{side.sign}",
            formulas=formulas,
            method=_BY_LIMIT if series is None else _BY_SERIES,
            source=ASSUMPTION,
        )


def intercept_step(activation: Activation) -> Iterator[Step]:
    """d = phi(0) and the approximation it belongs to."""
    line = Name("phihat(x)", r"\hat\varphi(x)")
    cases = sympy.Piecewise(
        (activation.m_plus * x + activation.d, x >= 0), (activation.m_minus * x + activation.d, True)
    )
    yield Step(
        title="Intercept",
        formulas=(equation(D, Name("phi(0)", r"\varphi(0)"), activation.d), equation(line, cases)),
        method="substitution; g(0+) = 0 asks for exactly these slopes and this d, every other choice leaves g(0+) > 0",
        source=ASSUMPTION,
    )


@working_precision
def sum_step(activation: Activation) -> Iterator[Step]:
    """m = m_plus + m_minus != 0."""
    total = sympy.simplify(activation.m_plus + activation.m_minus)
    formulas = [equation(M, Name("m_plus + m_minus", "m_+ + m_-"), total)]
    if not total.is_Rational:
        low, high = rounded_down(ball(total)), rounded_up(ball(total))
        tail = rf"\in [{latex_decimal(low)},\, {latex_decimal(high)}]"
        formulas.append(Formula(f"m in [{low}, {high}]", "m", tail))
    yield Step(
        title="m is not 0",
        formulas=(*formulas, equation(M, sympy.S.Zero, relation="!=")),
        method="the exact value" if total.is_Rational else "a ball around m that does not contain 0",
        source=ASSUMPTION,
    )


def expansion_beside_zero(activation: Activation, side: Side) -> PowerSeries | None:
    """The expansion of phi on one side, beyond its linear term; None where there is none in powers of t.

    >>> from bounds.named import activation
    >>> [(str(k), c) for k, c in expansion_beside_zero(activation("exp"), LEFT).terms]
    [('0', 1), ('1', -1), ('2', 1/2)]
    """
    error = activation.expansion.right if side.direction > 0 else activation.expansion.left
    shown = error.leading_term[0] if error.leading_term is not None else Fraction(1)
    try:
        form = exponential_form(real_branch(activation.expression, x, side.direction))
        for order in (shown + 1, *ORDERS):
            series = expand(form, T, order)[form]
            if series.order > shown:
                return _cut_after(series, shown)
    except (NoPowerExpansion, NotReal):
        return None
    return None


def _cut_after(series: PowerSeries, exponent: Fraction) -> PowerSeries:
    """The terms up to an exponent; what follows is of the order of the first term left out."""
    kept = tuple((k, c) for k, c in series.terms if k <= exponent)
    left_out = [k for k, _ in series.terms if k > exponent]
    return PowerSeries(kept, left_out[0] if left_out else series.order)


def _check(activation: Activation, side: Side, series: PowerSeries, slope: sympy.Expr) -> None:
    """The expansion shown must give d and the slope: it was found a second time."""
    expected = {0: activation.d, 1: side.direction * slope}
    if not all(is_zero(series.coefficient(k) - value) for k, value in expected.items()):
        raise ArithmeticError(
            f"derivation of {activation.name}: the expansion at 0{side.sign} does not give d = {activation.d} and the "
            f"slope {slope}; report this expression"
        )


def _limit(side: Side, slope: sympy.Expr) -> Formula:
    name = side.slope
    return Formula(
        f"{name.text} = lim (phi(x) - phi(0))/x for x -> 0{side.sign} = {text_of(slope)}",
        name.latex,
        rf"= \lim_{{x \to 0{side.sign}}} \frac{{\varphi(x) - \varphi(0)}}{{x}} = {latex_of(slope)}",
    )


def _expansion(side: Side, series: PowerSeries) -> Formula:
    terms = [c * T ** sympy.Rational(k.numerator, k.denominator) for k, c in series.terms]
    text, tex = (joined([write(term) for term in terms]) for write in (text_of, latex_of))
    if series.order != float("inf"):
        power = T ** sympy.Rational(str(series.order))
        text, tex = f"{text} + O({text_of(power)})", f"{tex} + O({latex_of(power)})"
    return Formula(f"{side.phi.text} = {text} as t -> 0+", side.phi.latex, f"= {tex} \\quad (t \\to 0+)")


def joined(terms: list[str]) -> str:
    """A sum of written terms.

    >>> joined(["t", "-t**3/3", "t**5"])
    't - t**3/3 + t**5'
    """
    return " + ".join(terms).replace("+ -", "- ").replace("-  ", "- ") or "0"
