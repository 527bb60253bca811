"""The steps about a(eps), g and its inverse: closed forms, monotonicity, and certificates of the radii."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy

from bounds.arithmetic import ball, working_precision
from bounds.derivation.notation import latex_decimal, latex_of, rounded_down, text_of
from bounds.derivation.records import Formula, Name, Step, equation
from bounds.enclosures.branch_and_bound import Verdict
from bounds.majorant import ExactMajorant
from bounds.radius import EPS
from bounds.subset_sum.size_bound import Status

if TYPE_CHECKING:
    from bounds.first_activation import Activation

TOLERANCES = (1e-1, 1e-3, 1e-6, 1e-9, 1e-12)
_SOURCE = "B22 Assumption 2.3; docs/activations.md, Power majorants"
_EPS = r"\varepsilon"
_ONE_TO_ONE = rf": \, ]0, {_EPS}''] \to \, ]0, g({_EPS}'')] \text{{ is one to one for every }} {_EPS}'' > 0"
A = Name("a(eps)", r"a(\varepsilon)")
G = Name("g(eps)", r"g(\varepsilon)")
INVERSE = Name("g^-1(y)", "g^{-1}(y)")


def closed_form_steps(activation: Activation) -> Iterator[Step]:
    """a, g, g^-1 and why g is invertible; one open step where no majorant was proved."""
    if not activation.has_closed_form:
        yield Step(
            title="Closed form",
            formulas=(Formula("a(eps) has no closed form here", A.latex, r"\;?"),),
            method="no power of |x| was proved to bound the error on both sides; exact radii are certified one by one",
            source=_SOURCE,
            status=Status.OPEN,
        )
        return
    yield Step(
        title="Radius a(eps)",
        formulas=(_recipe(), equation(A, activation.a)),
        method="solving K t^p <= eps for t on each side; of several majorants of one side the largest radius counts, "
        "of the two sides the smaller one",
        source=_SOURCE,
    )
    yield Step(
        title="g and its inverse",
        formulas=(
            equation(G, Name("eps/a(eps)", r"\frac{\varepsilon}{a(\varepsilon)}"), activation.g),
            equation(INVERSE, activation.g_inverse),
        ),
        method="inverting each term: K^(1/p) eps^(1-1/p) = y and eps/r = y",
        source=_SOURCE,
    )
    yield _exact_step() if activation.a == sympy.oo else _monotone_step(activation)


@working_precision
def certificate_step(activation: Activation) -> Iterator[Step]:
    """The radii at a few tolerances, each certified on its whole interval."""
    kind = "closed_form" if activation.has_closed_form else "exact"
    certificates = [activation.certify(eps, activation.radius(eps, kind)) for eps in TOLERANCES]
    verdicts = {certificate.verdict for certificate in certificates}
    status = Status.REFUTED if Verdict.REFUTED in verdicts else Status.PROVED
    yield Step(
        title="Certificates",
        formulas=tuple(_certified(c.tolerance, c.radius, str(c.verdict), c.evaluations) for c in certificates),
        method="ball arithmetic on the whole interval: next to 0 e is monotone by a Taylor model of e', then bisection",
        source="docs/activations.md, Certificates and exact radii",
        status=Status.OPEN if Verdict.OPEN in verdicts else status,
    )


def odd_part_step(activation: Activation) -> Iterator[Step]:
    """Lemma 2.4, as it follows from the definitions."""
    yield Step(
        title="Lemma 2.4",
        formulas=(
            Formula(
                "|x - (phi(x) - phi(-x))/m| <= 2*eps/|m| for |x| <= a(eps)",
                r"\left|x - \frac{\varphi(x) - \varphi(-x)}{m}\right|",
                r"\leq \frac{2 \varepsilon}{|m|} \quad (|x| \leq a(\varepsilon))",
            ),
            equation(Name("2*eps/|m|", r"\frac{2 \varepsilon}{|m|}"), 2 * EPS / sympy.Abs(_sum(activation))),
        ),
        method="phi(x) - phi(-x) = m x + e(x) - e(-x): the two intercepts cancel, each error is at most eps",
        source="B22 Lemma 2.4 (printed with m for |m|)",
    )


def _sum(activation: Activation) -> sympy.Expr:
    return sympy.simplify(activation.m_plus + activation.m_minus)


def _recipe() -> Formula:
    return Formula(
        "a(eps) = min over the sides of max over their majorants of min{(eps/K)**(1/p), r}",
        A.latex,
        r"= \min_{\pm} \max_{(K, p, r)} \min\left\{\left(\varepsilon/K\right)^{1/p},\, r\right\}",
    )


def _exact_step() -> Step:
    return Step(
        title="Domain of g",
        formulas=(equation(A, sympy.oo), equation(G, sympy.S.Zero)),
        method="phihat = phi on the whole line: eps'' = 0 and s = 1 serve, nothing has to be inverted",
        source=_SOURCE,
    )


def _monotone_step(activation: Activation) -> Step:
    powers, cuts = _terms(activation)
    exponents = ", ".join(text_of(power) for power in powers)
    return Step(
        title="g is increasing, g(0+) = 0",
        formulas=(
            Formula("g(eps) < g(eps') for 0 < eps < eps'", G.latex, rf"< g({_EPS}') \quad (0 < {_EPS} < {_EPS}')"),
            equation(Name("g(0+)", "g(0+)"), sympy.S.Zero),
            Formula("g maps ]0, eps''] one to one onto ]0, g(eps'')] for every eps'' > 0", "g", _ONE_TO_ONE),
            *map(_cut, cuts),
        ),
        method=f"minima and maxima of powers of eps with the exponents {exponents}, all positive",
        source=_SOURCE + "; only g(0+) = 0 forces the slopes to be the one-sided derivatives",
    )


def _terms(activation: Activation) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
    """Exponents of eps in g, and the tolerances at which a majorant ends and its radius becomes constant."""
    majorants: list[ExactMajorant] = [*activation.expansion.right_majorants, *activation.expansion.left_majorants]
    bending = [m for m in majorants if m.coefficient != 0]
    powers = {1 - 1 / sympy.Rational(str(m.exponent)) for m in bending}
    finite = [m for m in majorants if m.radius != sympy.oo]
    cuts = {m.coefficient * m.radius ** sympy.Rational(str(m.exponent)) for m in finite if m.coefficient != 0}
    return sorted(powers | ({sympy.S.One} if finite else set())), sorted(cuts, key=sympy.N)


def _cut(cut: sympy.Expr) -> Formula:
    return Formula(
        f"K*r**p = {text_of(cut)}: from this eps on the radius of that majorant stays at r",
        "K r^p",
        rf"= {latex_of(cut)}",
    )


def _certified(tolerance: float, radius: float, verdict: str, boxes: int) -> Formula:
    shown = rounded_down(ball(radius))
    return Formula(
        f"|phi(x) - phihat(x)| <= {tolerance:g} for |x| <= {shown}: {verdict}, {boxes} boxes",
        r"|\varphi(x) - \hat\varphi(x)|",
        rf"\leq {latex_decimal(f'{tolerance:.0e}')} \quad (|x| \leq {latex_decimal(shown)})",
    )
