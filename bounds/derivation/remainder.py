"""The steps about the error of the linear approximation: leading order and certified power majorants per side."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy
from flint import arb

from bounds.arithmetic import working_precision
from bounds.derivation.near_zero import LEFT, RIGHT, Side
from bounds.derivation.notation import latex_decimal, latex_of, rounded_down, rounded_up, text_of
from bounds.derivation.records import Formula, Name, Step, equation
from bounds.enclosures import interval as iv
from bounds.enclosures.one_sided import T
from bounds.enclosures.power_series import NoPowerExpansion
from bounds.enclosures.residual import Residual, next_term
from bounds.enclosures.taylor_model import TaylorModel
from bounds.majorant import ExactMajorant, MajorantProof, majorant_proof
from bounds.subset_sum.size_bound import Status

if TYPE_CHECKING:
    from bounds.first_activation import Activation

_SOURCE = "docs/activations.md, Power majorants"
_WORDS = {1: "right of 0", -1: "left of 0"}


def error_steps(activation: Activation) -> Iterator[Step]:
    """e(t) = phi(+-t) - d -+ slope t and its leading order, on each side."""
    for side, residual in _sides(activation):
        yield Step(
            title=f"Error {_WORDS[side.direction]}",
            formulas=(_definition(residual), *_branch(residual), _leading(residual)),
            method="the first term of the exact expansion in powers of t, its coefficient kept as a symbolic number"
            if residual.leading_term is not None
            else "symbolic simplification of the branch next to 0"
            if residual.vanishes
            else "no expansion in powers of t exists or was found",
            source=_SOURCE,
            status=Status.PROVED if residual.vanishes or residual.leading_term is not None else Status.OPEN,
        )


@working_precision
def majorant_steps(activation: Activation) -> Iterator[Step]:
    """|e(t)| <= K t^p on (0, r], on each side, with the enclosures that prove it."""
    expansion = activation.expansion
    found = {1: expansion.right_majorants, -1: expansion.left_majorants}
    for side, residual in _sides(activation):
        majorants = found[side.direction]
        for number, majorant in enumerate(majorants, start=1):
            which = f", number {number} of {len(majorants)}" if len(majorants) > 1 else ""
            yield _majorant_step(residual, majorant, f"Power majorant {_WORDS[side.direction]}{which}")
        if not majorants:
            yield _no_majorant(f"Power majorant {_WORDS[side.direction]}")


def _sides(activation: Activation) -> tuple[tuple[Side, Residual], tuple[Side, Residual]]:
    return (RIGHT, activation.expansion.right), (LEFT, activation.expansion.left)


def error_name(direction: int) -> Name:
    """e_plus or e_minus."""
    return Name("e_plus(t)", "e_+(t)") if direction > 0 else Name("e_minus(t)", "e_-(t)")


def _definition(residual: Residual) -> Formula:
    name = error_name(residual.direction)
    if residual.direction > 0:
        return Formula(f"{name.text} = phi(t) - d - m_plus*t", name.latex, r"= \varphi(t) - d - m_+ t")
    return Formula(f"{name.text} = phi(-t) - d + m_minus*t", name.latex, r"= \varphi(-t) - d + m_- t")


def _branch(residual: Residual) -> tuple[Formula, ...]:
    """e(t) without switches, with the range on which that holds."""
    try:
        branch, reach = residual.branch, residual.reach
    except NoPowerExpansion:
        return ()
    name = error_name(residual.direction)
    text, tex = f"{name.text} = {text_of(branch)}", f"= {latex_of(branch)}"
    if reach == sympy.oo:
        return (Formula(f"{text} for t > 0", name.latex, rf"{tex} \quad (t > 0)"),)
    limit = rf"{tex} \quad (0 < t < {latex_of(reach)})"
    return (Formula(f"{text} for 0 < t < {text_of(reach)}", name.latex, limit),)


def _leading(residual: Residual) -> Formula:
    name = error_name(residual.direction)
    if residual.vanishes:
        return equation(name, sympy.S.Zero)
    if residual.leading_term is None:
        return Formula(f"{name.text} = o(t)", name.latex, "= o(t)")
    exponent, coefficient = residual.leading_term
    power = T ** _rational(exponent)
    small = f"o({text_of(power)})", f"o({latex_of(power)})"
    return Formula(
        f"{name.text} = {text_of(coefficient * power)} + {small[0]}",
        name.latex,
        f"= {latex_of(coefficient * power)} + {small[1]}",
    )


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _majorant_step(residual: Residual, majorant: ExactMajorant, title: str) -> Step:
    if majorant.coefficient == 0:
        return Step(
            title=title,
            formulas=(_bound(residual, majorant),),
            method="e = 0 there, shown symbolically",
            source=_SOURCE,
        )
    proof = majorant_proof(residual, majorant.coefficient, majorant.exponent, majorant.radius)
    if proof is None:
        raise ArithmeticError(f"{title}: K = {majorant.coefficient} cannot be proved again; report this expression")
    parts = [_beside_zero(residual, majorant, proof), *_far(residual, proof), *_beyond(residual, proof)]
    return Step(
        title=title,
        formulas=(_bound(residual, majorant), *(formula for formula, _ in parts)),
        method="; ".join(words for _, words in parts),
        source=_SOURCE,
    )


def _no_majorant(title: str) -> Step:
    return Step(
        title=title,
        formulas=(Formula("no K, p > 1, r with |e(t)| <= K t**p on (0, r] was proved", r"|e(t)|", r"\leq K t^p \;?"),),
        method="search over exponents and radii; without one there is no closed form, and radii come from certificates",
        source=_SOURCE,
        status=Status.OPEN,
    )


def _bound(residual: Residual, majorant: ExactMajorant) -> Formula:
    name = error_name(residual.direction)
    value = majorant.coefficient * T ** _rational(majorant.exponent)
    everywhere = majorant.radius == sympy.oo
    where = "t > 0" if everywhere else f"0 < t <= {text_of(majorant.radius)}"
    where_tex = "t > 0" if everywhere else rf"0 < t \leq {latex_of(majorant.radius)}"
    return Formula(
        f"|{name.text}| <= {text_of(value)} for {where}",
        f"|{name.latex}|",
        rf"\leq {latex_of(value)} \quad ({where_tex})",
    )


Part = tuple[Formula, str]


def _beside_zero(residual: Residual, majorant: ExactMajorant, proof: MajorantProof) -> Part:
    """The part next to 0, with the enclosure that proves it."""
    name, near = error_name(residual.direction), _number(proof.near)
    if proof.ratio is not None:
        ratio = Name(f"|{name.text}|/t**p", rf"|{name.latex}| / t^p")
        return _at_most(ratio, proof.ratio, near), f"a Taylor model up to t = {near[0]}, bounded by K t^p in 32 boxes"
    if proof.model is None or next_term(proof.model) is None:
        return _exactly(residual, near), "the exact expansion, which has this one term"
    words = f"a Taylor model up to t = {near[0]}: G has the other sign and stays below 2 K t^(p-k), so K is the limit"
    return _model(residual, proof.model, near), words


def _exactly(residual: Residual, near: tuple[str, str]) -> Formula:
    assert residual.leading_term is not None
    name, (exponent, coefficient) = error_name(residual.direction), residual.leading_term
    value = coefficient * T ** _rational(exponent)
    return _on(_up_to(near), equation(name, value))


def _at_most(ratio: Name, value: arb, near: tuple[str, str]) -> Formula:
    shown = rounded_up(value)
    return _on(_up_to(near), Formula(f"{ratio.text} <= {shown}", ratio.latex, rf"\leq {latex_decimal(shown)}"))


def _model(residual: Residual, model: TaylorModel, near: tuple[str, str]) -> Formula:
    """e(t) = c t^p + t^k G(t) with G in an interval."""
    following = next_term(model)
    assert residual.leading_term is not None and following is not None
    name, (exponent, coefficient), (k, box) = error_name(residual.direction), residual.leading_term, following
    lead, power, rest = coefficient * T ** _rational(exponent), T ** _rational(k), _interval(box.lo, box.hi)
    text = f"{name.text} = {text_of(lead)} + G(t)*{text_of(power)} with G(t) in {rest[0]}"
    tail = rf"= {latex_of(lead)} + G(t)\,{latex_of(power)},\quad G(t) \in {rest[1]}"
    return _on(_up_to(near), Formula(text, name.latex, tail))


def _on(where: Name, formula: Formula) -> Formula:
    """A formula that holds on an interval."""
    tail = rf"{formula.tail} \quad (t \in {where.latex})"
    return Formula(f"on {where.text}: {formula.text}", formula.head, tail)


def _up_to(near: tuple[str, str]) -> Name:
    end = ")" if near[0] == "oo" else "]"
    return Name(f"(0, {near[0]}{end}", rf"(0,\, {near[1]}{end}")


def _far(residual: Residual, proof: MajorantProof) -> Iterator[Part]:
    """The part proved by bisection."""
    if proof.boxes:
        near, far = _number(proof.near), _number(proof.far)
        name = error_name(residual.direction)
        where = Name(f"[{near[0]}, {far[0]}]", rf"[{near[1]},\, {far[1]}]")
        formula = Formula(f"|{name.text}| <= K*t**p", f"|{name.latex}|", r"\leq K t^p")
        yield _on(where, formula), f"bisection with enclosures of e and its derivative ({proof.boxes} boxes)"


def _beyond(residual: Residual, proof: MajorantProof) -> Iterator[Part]:
    """The part that reaches infinity."""
    if proof.growth is not None:
        name, far, slope = error_name(residual.direction), _number(proof.far), rounded_up(proof.growth)
        where = Name(f"[{far[0]}, oo)", rf"[{far[1]},\, \infty)")
        chain = f"|{name.text}| <= {slope}*t <= K*t**p", rf"\leq {latex_decimal(slope)}\, t \leq K t^p"
        formula = Formula(chain[0], f"|{name.latex}|", chain[1])
        yield _on(where, formula), "an enclosure of the growth of e on the half-line"


def _number(value: arb) -> tuple[str, str]:
    """An exact binary number (an end of a part of the proof) to 6 digits."""
    shown = (value == iv.INFINITY and "oo") or rounded_down(value)
    return shown, latex_decimal(shown)


def _interval(low: arb, high: arb) -> tuple[str, str]:
    down, up = rounded_down(low), rounded_up(high)
    return f"[{down}, {up}]", rf"[{latex_decimal(down)},\, {latex_decimal(up)}]"
