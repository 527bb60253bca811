"""Slopes, intercepts and majorants are derived from expressions alone, and what violates the assumption is refused."""

import ast
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb
from sympy import Abs, Heaviside, Max, Piecewise, Rational, cos, exp, log, sign, sin, sqrt, tanh

import bounds
from bounds.arithmetic import ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.branch_and_bound import Verdict, prove
from bounds.expansion import AssumptionError, expand_activation
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.majorant import power_bound, proved
from bounds.named import activation, activations
from bounds.registry import ACTIVATIONS, ALIASES, TARGET_FUNCTIONS

PUBLISHED = {
    "relu": (1, 0, 0),
    "leaky_relu": (1, Rational(1, 100), 0),
    "tanh": (1, 1, 0),
    "sigmoid": (Rational(1, 4), Rational(1, 4), Rational(1, 2)),
    "identity": (1, 1, 0),
}

REFUSED = {
    "abs": (Abs(x), "m_plus = 1, m_minus = -1, so m = 0"),
    "shifted relu": (Max(0, x - 1), "m = 0: phi has no linear part at 0"),
    "step": (Heaviside(x), "continuous at 0"),
    "step from the right": (Piecewise((0, x < 0), (1, True)), r"phi\(0-\) = 0 but phi\(0\) = 1"),
    "squared relu": (Max(0, x) ** 2, "m = m_plus [+] m_minus != 0"),
    "square": (x**2, "m = 0"),
    "cos": (cos(x), "m = 0"),
    "square root": (sqrt(x), "real near 0"),
    "cube root": (x ** Rational(1, 3), "real near 0"),
    "signed root": (sign(x) * sqrt(Abs(x)), "finite one-sided slopes.*tends to oo"),
    "oscillating slope": (x + x * sin(1 / x), "has no limit at 0"),
    "x log x": (x * log(Abs(x)), "finite one-sided slopes.*tends to -oo"),
    "tanhshrink": (x - tanh(x), "no linear part"),
    "hardshrink": (Piecewise((x, Abs(x) > Rational(1, 2)), (0, True)), "no linear part"),
    "softshrink": (Piecewise((x - 1, x > 1), (x + 1, x < -1), (0, True)), "no linear part"),
    "pole": (1 / x, "phi is continuous and real near 0"),
    "logarithm": (log(Abs(x)), "phi is continuous and real near 0"),
    "isolated value": (Piecewise((5, sympy.Eq(x, 0)), (x, True)), r"phi\(0-\) = 0 but phi\(0\) = 5"),
    "jump elsewhere": (Piecewise((x, x < 2), (3, True)), "phi is continuous.*x = 2"),
    "constant": (sympy.Integer(3), "no linear part"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_slopes(name: str) -> None:
    """Slopes and intercepts that Burkholz (NeurIPS 2022, after Assumption 2.3) prints."""
    act = activation(name)
    assert (act.m_plus, act.m_minus, act.d) == PUBLISHED[name]


@pytest.mark.parametrize("name", activations())
def test_slopes_and_intercept_match_one_sided_differences(name: str) -> None:
    act = activation(name)
    phi = sympy.lambdify(x, act.expression, "mpmath")
    with mpmath.workdps(60):
        h, start = mpmath.mpf(10) ** -22, phi(mpmath.mpf(0))
        for direction, slope in ((1, act.m_plus), (-1, act.m_minus)):
            coarse, fine = ((phi(direction * k * h) - start) / (direction * k * h) for k in (2, 1))
            assert abs(2 * fine - coarse - mpmath.mpf(str(sympy.N(slope, 40)))) < mpmath.mpf(10) ** -30
        assert abs(start - mpmath.mpf(str(sympy.N(act.d, 40)))) < mpmath.mpf(10) ** -35


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_condition_and_a_remedy(name: str) -> None:
    expression, message = REFUSED[name]
    with pytest.raises(AssumptionError, match=message) as caught:
        Activation.from_expression(expression, name=name)
    text = str(caught.value)
    assert text.startswith(f"{name} violates Assumption 2.3 (") and "first_activation" in text
    assert isinstance(caught.value, ValueError)


def check_majorants(act: Activation) -> None:
    """|e| <= K t^p on the radius, and K is at most 4/3 of what is needed for the sharpest one."""
    for side, majorants in (
        (act.expansion.left, act.expansion.left_majorants),
        (act.expansion.right, act.expansion.right_majorants),
    ):
        for majorant in majorants:
            reach = min(40.0, float(majorant.rounded().radius))
            points = [arb(float(v)) for v in np.geomspace(1e-3, reach, 200)]
            needed = max(float(iv.absolute(side.at(t)).lo / iv.power_ball(t, majorant.exponent)) for t in points)
            assert needed <= float(ball(majorant.coefficient)) * (1 + 1e-12)
            assert majorant.coefficient == 0 or needed >= 0.75 * float(ball(majorant.coefficient))


@pytest.mark.parametrize("name", activations())
@working_precision
def test_majorants_hold_and_are_nearly_attained(name: str) -> None:
    check_majorants(activation(name))


@pytest.mark.parametrize(
    "expression",
    [
        x + x**2 - 100 * x**3,
        x + x**2 + x**3 - 7 * x**5,
        tanh(x) + x**3 / 3 + x**4 / 100,
        x + Abs(x) ** Rational(5, 2) - x**4,
        x * (3 + x) * cos(9 * x),
        log(1 + x),
        x - x**3 * cos(20 * x),
        tanh(x) - 40 * Max(0, sympy.Min(x - 1, Rational(1, 4))),
    ],
    ids=str,
)
@working_precision
def test_majorants_of_remainders_that_turn(expression: sympy.Expr) -> None:
    """Where |e|/t^p falls, turns and rises again its limit at 0 is not the supremum on every radius."""
    check_majorants(Activation.from_expression(expression))


@working_precision
def test_power_bounds_know_their_slope() -> None:
    bound = power_bound(ball(Rational(1, 3)), Fraction(5, 2))
    near, step = iv.Interval(arb(2), arb(2)), iv.Interval(arb(2) + arb(2) ** -40, arb(2) + arb(2) ** -40)
    rise = (iv.to_ball(bound.value(step)) - iv.to_ball(bound.value(near))) * arb(2) ** 40
    assert abs(rise - iv.to_ball(bound.slope(near))) < arb(2) ** -36
    assert abs(iv.to_ball(bound.value(near)) - arb(2) ** arb("2.5") / 3) < arb(2) ** -100


def test_majorant_constants_are_the_exact_limits_where_these_are_suprema() -> None:
    """K = 1/3 for tanh and 1/48 for sigmoid as printed, and valid on all of R; mish needs more than its limit .32."""
    constants = {name: activation(name).expansion.right_majorants for name in ("tanh", "sigmoid", "erf", "softplus")}
    assert constants["tanh"][0].coefficient == Rational(1, 3) and constants["tanh"][0].radius == sympy.oo
    assert constants["sigmoid"][0].coefficient == Rational(1, 48) and constants["sigmoid"][0].exponent == Fraction(3)
    assert constants["erf"][0].coefficient == 2 / (3 * sqrt(sympy.pi))
    assert constants["softplus"][0].coefficient == Rational(1, 8)
    mish = activation("mish").expansion.left_majorants[0].coefficient
    assert Rational("0.3214") < mish < Rational("0.3217")
    growing = activation("exp").expansion.right_majorants
    assert growing[0].radius < growing[1].radius and growing[0].coefficient < growing[1].coefficient


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "mish", "elu"])
@working_precision
def test_wrong_majorants_are_not_proved(name: str) -> None:
    """One per mille less than the constant is refuted by bisection, and not accepted next to 0 either."""
    act = activation(name)
    side, majorant = act.expansion.left, act.expansion.left_majorants[0]
    smaller = majorant.coefficient * Rational(999, 1000)
    assert proved(side, majorant.coefficient, majorant.exponent, majorant.radius)
    assert not proved(side, smaller, majorant.exponent, majorant.radius)
    if name != "mish":
        near = prove(side, power_bound(ball(smaller), majorant.exponent), arb("0.001"), arb(1))
        assert near.verdict is Verdict.REFUTED


def test_no_power_majorant_is_not_a_refusal() -> None:
    act = Activation.from_expression(x + x / log(1 / Abs(x)), name="slow")
    assert (act.m_plus, act.m_minus, act.d) == (1, 1, 0)
    for ask in (lambda: act.a, lambda: act.majorants, lambda: act.radius(1e-3), lambda: act.certify(1e-3)):
        with pytest.raises(ValueError, match=r'slow has no closed form.*kind="exact"'):
            ask()
    radius = act.radius(1e-3, "exact")
    assert act.certify(1e-3, radius).verdict == "proved" and act.certify(1e-3, 1.001 * radius).verdict == "refuted"


@pytest.mark.parametrize(
    ("expression", "slopes"),
    [
        (Max(x, tanh(x)), (1, 1, 0)),
        (Abs(sympy.atan(x)) + x, (2, 0, 0)),
        (x + sin(x) / x, (1, 1, 1)),
        (x + Abs(x) ** Rational(3, 2), (1, 1, 0)),
        (Max(exp(x) - 1, 0) + x, (2, 1, 0)),
        (x + exp(-1 / Abs(x)), (1, 1, 0)),
        (x + sympy.sinc(x) + sympy.atanh(x) - sympy.acos(x), (3, 3, 1 - sympy.pi / 2)),
    ],
    ids=str,
)
def test_expressions_beyond_smooth_ones(expression: sympy.Expr, slopes: tuple) -> None:
    act = Activation.from_expression(expression)
    assert (act.m_plus, act.m_minus, act.d) == slopes
    radius = act.radius(1e-4, "exact")
    assert act.certify(1e-4, radius).verdict == "proved"


def test_decimals_inside_expressions_are_exact() -> None:
    act = Activation.from_expression(0.1 * x + 0.3 * sympy.tanh(sympy.Symbol("x", real=True)))
    assert act.m_plus == Rational(2, 5) and act.expression.atoms(sympy.Float) == set()


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.Symbol("u") * sympy.Symbol("v"), "2 symbols"),
        ("tanh(x)", "must be a sympy expression"),
        (sympy.gamma(x), "no enclosure is known"),
        (sympy.Abs(sympy.Symbol("p", positive=True)), "restricted to part of the line"),
        (x * sympy.Float("inf"), "is no real function|no enclosure|finite numbers"),
        (None, "must be a sympy expression"),
    ],
    ids=str,
)
def test_unusable_expressions(expression: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Activation.from_expression(expression)


def test_the_derivation_names_no_activation() -> None:
    """No branch on names and no table of answers: outside the registry no string constant is a function's name."""
    names = {*ACTIVATIONS, *TARGET_FUNCTIONS, *ALIASES} - {"identity"}
    folder = Path(bounds.__file__).parent
    modules = [*folder.glob("*.py"), *(folder / "widths").glob("*.py"), *(folder / "enclosures").glob("*.py")]
    derivation = [module for module in modules if module.name not in ("registry.py", "primitives.py")]
    assert len(derivation) > 30
    for module in derivation:
        tree = ast.parse(module.read_text())
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not names & {c for c in constants if isinstance(c, str)}, module


def test_a_wrong_sign_would_be_seen() -> None:
    """m_minus is d/dx, not d/d|x|: for elu both slopes are 1, for |x| + x the left one is 0."""
    assert activation("elu").m_minus == 1
    expansion = expand_activation(Abs(x) + x, x, "two-sided")
    assert (expansion.m_plus, expansion.m_minus) == (2, 0) != (2, 2)
