"""The facts about one activation: formulas, then numbers per tolerance."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from reports.commands.theory.facts import GIVEN, OPEN, PROVED, Fact, attempt, number
from reports.commands.theory.layout import figure

if TYPE_CHECKING:
    from bounds import Activation

_SLOPES = "B22 Assumption 2.3; docs/activations.md, From an expression to slopes"
_MAJORANTS = "B22 Assumption 2.3; docs/activations.md, Power majorants"
_LIPSCHITZ = "docs/activations.md, Lipschitz constants"
_CERTIFICATES = "docs/activations.md, Certificates and exact radii"
_MINIMAX = "docs/activations.md, Minimax slopes"

FORMULAS: tuple[tuple[str, str], ...] = (
    ("m_plus", _SLOPES),
    ("m_minus", _SLOPES),
    ("d", _SLOPES),
    ("lipschitz", _LIPSCHITZ),
    ("a", _MAJORANTS),
    ("g", _MAJORANTS),
    ("g_inverse", _MAJORANTS),
)
CLOSED_FORMS = ("a", "g", "g_inverse")
_NO_CLOSED_FORM = "no closed form: no power of |x| was proved to bound |phi - phihat|"
NAMES = {"lipschitz": "T", "a": "a(eps)", "g": "g(eps)", "g_inverse": "g^-1(y)"}
QUANTIFIERS = {"fixed": "one target given in advance", "all": "all targets at once"}


def formulas(activation: Activation) -> list[Fact]:
    """Expression, slopes, intercept, m, T, majorants, a, g and g^-1, exact."""
    from bounds.derivation.notation import text_of

    given = _exact("phi(x)", activation.expression, GIVEN, "the expression given")
    facts = [given, *(_formula(activation, name, source) for name, source in FORMULAS)]
    total = activation.m_plus + activation.m_minus
    facts.insert(4, _exact("m = m_plus + m_minus", total, PROVED, _SLOPES))
    majorants = (("x >= 0", activation.expansion.right_majorants), ("x <= 0", activation.expansion.left_majorants))
    rows = [_majorant(where, m, text_of) for where, found in majorants for m in found]
    return facts[:6] + rows + facts[6:]


def _formula(activation: Activation, name: str, source: str) -> Fact:
    quantity = NAMES.get(name, name)
    if name in CLOSED_FORMS and not activation.has_closed_form:
        return Fact(quantity=quantity, value=None, shown=_NO_CLOSED_FORM, status=OPEN, source=source)
    value = getattr(activation, name)
    if name == "lipschitz" and not activation.function.lipschitz_is_exact:
        return _exact("T (upper bound)", value, OPEN if value.is_infinite else PROVED, source)
    return _exact(quantity, value, PROVED, source)


def _exact(quantity: str, value: Any, status: str, source: str) -> Fact:
    from bounds.derivation.notation import text_of

    return Fact(quantity=quantity, value=str(value), shown=text_of(value), status=status, source=source)


def _majorant(where: str, majorant: Any, write: Callable[[Any], str]) -> Fact:
    exponent = majorant.exponent
    power = f"|x|**{exponent}" if exponent.denominator == 1 else f"|x|**({exponent})"
    shown = "0" if majorant.coefficient == 0 else f"{write(majorant.coefficient)}*{power}".removeprefix("1*")
    reach = "" if majorant.radius.is_infinite else f" up to {write(majorant.radius)}"
    value = {
        "coefficient": str(majorant.coefficient),
        "exponent": str(Fraction(exponent)),
        "radius": str(majorant.radius),
    }
    quantity = f"|phi - phihat|, {where}"
    return Fact(quantity=quantity, value=value, shown=f"<= {shown}{reach}", status=PROVED, source=_MAJORANTS)


def at_tolerance(activation: Activation, tolerance: float, failure_probability: float, law: str) -> list[Fact]:
    """Radii, certificate and base-set sizes at one tolerance."""
    radii = [
        _radius(activation, "radius", "closed_form", tolerance, _MAJORANTS),
        _radius(activation, "exact_radius", "exact", tolerance, _CERTIFICATES),
        attempt("minimax_radius", _MINIMAX, lambda: _minimax(activation, tolerance)),
    ]
    kind = "closed_form" if activation.has_closed_form else "exact"
    certificate = activation.certify(tolerance, activation.radius(tolerance, kind))
    verdict = Fact(
        quantity="verdict",
        value=str(certificate.verdict),
        shown=f"{certificate.verdict}, {certificate.evaluations} boxes",
        status=str(certificate.verdict),
        source=_CERTIFICATES,
    )
    return [*radii, verdict, *_sizes(tolerance, failure_probability, law)]


def _radius(activation: Activation, quantity: str, kind: str, tolerance: float, source: str) -> Fact:
    if kind == "closed_form" and not activation.has_closed_form:
        return Fact(quantity=quantity, value=None, shown=_NO_CLOSED_FORM, status=OPEN, source=source)
    value = activation.radius(tolerance, kind)
    return Fact(quantity=quantity, value=number(value), shown=_down(value), status=PROVED, source=source)


def _down(radius: float) -> str:
    """A proved radius, rounded down for readers too."""
    from bounds.arithmetic import ball
    from bounds.derivation.notation import rounded_down

    return rounded_down(ball(radius))


def _minimax(activation: Activation, tolerance: float) -> Fact:
    best = activation.best_slopes(tolerance)
    slopes = f"slopes {figure(float(best.m_plus), 6)}, {figure(float(best.m_minus), 6)}"
    return Fact(
        quantity="minimax_radius",
        value=number(best.radius),
        shown=f"{_down(best.radius)} ({slopes})",
        status=PROVED,
        source=_MINIMAX,
    )


def _sizes(tolerance: float, failure_probability: float, law: str) -> list[Fact]:
    import bounds

    facts = []
    for kind, function in (("necessary", bounds.necessary_size), ("sufficient", bounds.sufficient_size)):
        for quantifier in QUANTIFIERS:
            bound = function(tolerance, failure_probability, law=law, quantifier=quantifier)
            facts.append(
                Fact(
                    quantity=f"{kind}_{quantifier}",
                    value=bound.size,
                    shown=f"{bound.size} variables, {QUANTIFIERS[quantifier]} ({bound.method})",
                    status=str(bound.status),
                    source=bound.source,
                )
            )
    return facts
