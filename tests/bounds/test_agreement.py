"""One formula, several arithmetics: symbolic, float and ball values of a, g, g^-1, tolerances and sizes agree.

10,000 random parameter sets. Every formula is written a second time here, from its statement in docs/, and evaluated in
exact rationals, 50 digits, balls and float64; what the package returns must lie beside all of them, on the side that
its rounding promises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb

import bounds
from bounds.arithmetic import PRECISION, ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import enclose
from bounds.expansion import AssumptionError
from bounds.majorant import ExactMajorant
from bounds.network import LayerSpec, NetworkSpec
from bounds.subset_sum.closed_form import closed_form, contained_uniform_size, failure_bound
from bounds.subset_sum.queries import Query
from bounds.tolerances import parameter_tolerances
from tests.bounds.random_expressions import expression, rational

SETS = {"radii": 4000, "tolerances": 3000, "sizes": 3000}
DIGITS = 50
ACTIVATIONS, TOLERANCES = 80, 50
BESIDE = 2.0**-50
LAWS = ("uniform", "product", "normal", "normal_product")


def test_ten_thousand_parameter_sets() -> None:
    assert sum(SETS.values()) == 10_000 and SETS["radii"] == ACTIVATIONS * TOLERANCES


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(10.0 ** rng.uniform(low, high))


def below_and_beside(returned: float, exact: Any) -> bool:
    """Whether a value that promises to be rounded down is at most the exact one and next to it."""
    return bool(returned <= exact <= returned * (1 + BESIDE))


# ---------------------------------------------------------------- a, g, g^-1 and radii


def random_activations() -> Iterator[bounds.Activation]:
    """Every registered activation, registered families with random parameters, random user expressions."""
    yield from (bounds.activation(name) for name in bounds.activations())
    rng = np.random.default_rng(20221)
    for family in ("leaky_relu", "elu", "celu", "elu", "leaky_relu"):
        yield bounds.activation(family, **{"alpha": Fraction(int(rational(rng, 0.1, 3) * 12), 12)})
    while True:
        try:
            yield bounds.Activation.from_expression(expression(rng), name="random")
        except AssumptionError:
            continue


def stated_radius(sides: tuple[tuple[ExactMajorant, ...], ...], eps: mpmath.mpf) -> mpmath.mpf:
    """a(eps) = min over sides of the largest min{(eps/K)^(1/p), r} of a majorant, in mpmath."""

    def of(majorant: ExactMajorant) -> mpmath.mpf:
        cut = high_precision(majorant.radius)
        if majorant.coefficient == 0:
            return cut
        return min(cut, (eps / high_precision(majorant.coefficient)) ** (mpmath.mpf(1) / exponent(majorant.exponent)))

    return min(max(of(majorant) for majorant in side) for side in sides)


def exponent(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


def high_precision(value: sympy.Expr) -> mpmath.mpf:
    return mpmath.inf if value == sympy.oo else mpmath.mpf(str(sympy.N(value, DIGITS + 10)))


def in_balls(formula: sympy.Expr, symbol: sympy.Symbol) -> Callable[[float], arb]:
    """The formula as a function in ball arithmetic."""
    program = enclose(formula, symbol)
    return lambda value: iv.to_ball(program(iv.from_ball(ball(value))))


def holds_in_ball(enclosure: arb, value: mpmath.mpf) -> bool:
    """Whether the 50-digit value lies in the ball, up to its own last digits."""
    near = arb(str(value)) + arb(0, abs(arb(str(value))) * arb(10) ** (5 - DIGITS))
    return bool(enclosure.overlaps(near))


@working_precision
def check_radii(activation: bounds.Activation, tolerances: list[float]) -> int:
    sides = (activation.expansion.left_majorants, activation.expansion.right_majorants)
    if stated_radius(sides, mpmath.mpf(1)) == mpmath.inf:
        assert (activation.a, activation.g, activation.g_inverse) == (sympy.oo, 0, sympy.oo)
        assert all(activation.radius(value) == math.inf for value in tolerances)
        return len(tolerances)
    formulas = {bounds.eps: (activation.a, activation.g), bounds.y: (activation.g_inverse,)}
    (a, g), (g_inverse,) = ([sympy.lambdify(s, f, "mpmath") for f in fs] for s, fs in formulas.items())
    (a_ball, g_ball), (inverse_ball,) = ([in_balls(f, s) for f in fs] for s, fs in formulas.items())
    last_gap = mpmath.mpf(0)
    for position, value in enumerate(sorted(tolerances)):
        eps = mpmath.mpf(value)
        stated = stated_radius(sides, eps)
        assert below_and_beside(activation.radius(value), stated), (activation.expression, value)
        gap = mpmath.mpf(g(eps))
        assert mpmath.almosteq(a(eps), stated, rel_eps=mpmath.mpf(10) ** (5 - DIGITS))
        assert mpmath.almosteq(gap * stated, eps, rel_eps=mpmath.mpf(10) ** (5 - DIGITS))
        assert mpmath.almosteq(g_inverse(gap), eps, rel_eps=mpmath.mpf(10) ** (8 - DIGITS))
        assert mpmath.almosteq(g(g_inverse(eps)), eps, rel_eps=mpmath.mpf(10) ** (8 - DIGITS))
        assert gap > last_gap, "g increases strictly"
        assert holds_in_ball(a_ball(value), stated) and holds_in_ball(g_ball(value), gap)
        assert holds_in_ball(inverse_ball(value), mpmath.mpf(g_inverse(eps)))
        if position % 10 == 0:
            exact = activation.a.subs(bounds.eps, sympy.Rational(*value.as_integer_ratio())).evalf(DIGITS)
            assert mpmath.almosteq(mpmath.mpf(str(exact)), stated, rel_eps=mpmath.mpf(10) ** (5 - DIGITS))
        last_gap = gap
    return len(tolerances)


def test_radii_and_gaps_agree() -> None:
    """a, g, g^-1: sympy, 50 digits, balls; radius(): rounded down from the same number."""
    rng = np.random.default_rng(1)
    compared, found = 0, random_activations()
    with mpmath.workdps(DIGITS):
        for _ in range(ACTIVATIONS):
            compared += check_radii(next(found), [log_uniform(rng, -12, -1) for _ in range(TOLERANCES)])
    print(f"\nradii and gaps: {compared} parameter sets on {ACTIVATIONS} activations")
    assert compared == SETS["radii"]


# ---------------------------------------------------------------- parameter tolerances


def random_spec(rng: np.random.Generator) -> NetworkSpec:
    """Random widths, norms, Lipschitz constants; a third of the layers with a finite range of validity."""
    widths = [int(rng.integers(1, 40)) for _ in range(int(rng.integers(2, 7)))]
    layers = [random_layer(rng, below, above) for below, above in pairwise(widths)]
    return NetworkSpec(tuple(layers), ((-1.0,) * widths[0], (1.0,) * widths[0]))


def random_layer(rng: np.random.Generator, n_in: int, n_out: int) -> LayerSpec:
    largest = log_uniform(rng, -2, 1)
    return LayerSpec(
        n_in=n_in,
        n_out=n_out,
        activation="relu",
        lipschitz=float(rng.choice([1.0, 0.25, log_uniform(rng, -1, 0.5)])),
        enlargement=float(rng.choice([math.inf, math.inf, log_uniform(rng, -6, 0)])),
        input_sup=1.0,
        input_l1=n_in * log_uniform(rng, -2, 1),
        support_l1=1.0,
        row_sum=largest * float(rng.uniform(1, n_in + 1e-9)),
        column_sum=largest * float(rng.uniform(1, n_out + 1e-9)),
        max_weight=largest,
        max_bias=1.0,
        nonzero_weights=n_in * n_out,
        nonzero_biases=n_out,
        row_nonzeros=n_in,
        one_signed_inputs=0,
        two_signed_inputs=n_in,
    )


Number = Callable[[Any], Any]


def product(factors: Iterator[Any], one: Any) -> Any:
    for factor in factors:
        one = one * factor
    return one


def at_least_one(value: Any, number: Number) -> Any:
    return value if value > number(1) else number(1)


def stated_l1(spec: NetworkSpec, eps: Any, number: Number) -> list[Any]:
    """(eps/(n_l L)) / max{1, T_(l..L) (1+M_{l-1}) prod_{k>l} (C_k + eps/L)}, products written out."""
    layers, depth = spec.layers, spec.depth
    result = []
    for index, layer in enumerate(layers):
        gain = product((number(k.lipschitz) for k in layers[index:]), number(1))
        sums = product((number(k.column_sum) + eps / number(depth) for k in layers[index + 1 :]), number(1))
        bracket = at_least_one(gain * (number(1) + number(layer.input_l1)) * sums, number)
        result.append(eps / number(layer.n_out * depth) / bracket)
    return result


def stated_linf(spec: NetworkSpec, eps: Any, number: Number) -> list[Any]:
    """(eps/L) / max{1, T_(l..L) (1+M_{l-1}) prod_{k>l} (R_k + n_{k-1} eps_k)}, products written out."""
    layers, depth = spec.layers, spec.depth
    result: list[Any] = [None] * depth
    for index in range(depth - 1, -1, -1):
        gain = product((number(k.lipschitz) for k in layers[index:]), number(1))
        above = zip(layers[index + 1 :], result[index + 1 :], strict=True)
        sums = product((number(k.row_sum) + number(k.n_in) * shift for k, shift in above), number(1))
        bracket = at_least_one(gain * (number(1) + number(layers[index].input_l1)) * sums, number)
        result[index] = eps / number(depth) / bracket
    return result


def stated_printed(reading: str, last: int) -> Callable[[NetworkSpec, Any, Number], list[Any]]:
    """B22 Lemma 2.8 as printed: one T for all layers, the product over k = l+1..last."""

    def form(spec: NetworkSpec, eps: Any, number: Number) -> list[Any]:
        layers, depth = spec.layers, spec.depth
        share, largest = eps / number(depth), number(max(layer.lipschitz for layer in layers))
        result = []
        for index, layer in enumerate(layers):
            sums = product(
                (number(getattr(k, reading)) + share for k in layers[index + 1 : depth if last == 0 else -1]), number(1)
            )
            gain = product((largest for _ in range(depth - index)), number(1))
            bracket = gain * (number(1) + number(layer.input_l1)) * (number(1) + share) * sums
            result.append(share / number(layer.n_out) / bracket)
        return result

    return form


READINGS = {"row-sum": "row_sum", "column-sum": "column_sum", "max-entry": "max_weight"}
FORMS: list[tuple[dict[str, str], Callable[[NetworkSpec, Any, Number], list[Any]]]] = [
    ({"norm": "l1"}, stated_l1),
    ({"norm": "linf"}, stated_linf),
    *(
        ({"form": "printed", "reading": reading, "product_to": to}, stated_printed(attribute, last))
        for reading, attribute in READINGS.items()
        for to, last in (("L-1", -1), ("L", 0))
    ),
]


def stays_within(spec: NetworkSpec, tolerances: list[Fraction]) -> bool:
    """Whether no pre-activation of either network leaves the range on which T_l is known."""
    error, inside = Fraction(0), True
    for layer, eps in zip(spec.layers, tolerances, strict=True):
        error = eps + eps * Fraction(layer.input_l1) + (Fraction(layer.row_sum) + layer.n_in * eps) * error
        inside = inside and error <= layer.enlargement
        error *= Fraction(layer.lipschitz)
    return inside


def shrunk(spec: NetworkSpec, eps: float, stated: Callable[..., list[Any]], repaired: bool) -> Fraction:
    """The largest of eps, eps/2, ... for which a repaired form stays within the ranges."""
    share = Fraction(eps)
    while repaired and not stays_within(spec, stated(spec, share, Fraction)):
        share /= 2
    return share


@working_precision
def check_tolerances(spec: NetworkSpec, eps: float, choice: dict[str, str], stated: Callable[..., list[Any]]) -> None:
    share = shrunk(spec, eps, stated, "form" not in choice)
    exact = stated(spec, share, Fraction)
    symbolic = stated(spec, sympy.Rational(share.numerator, share.denominator), sympy.Rational)
    balls, floats = stated(spec, ball(share), ball), stated(spec, float(share), float)
    returned = parameter_tolerances(spec, eps, **choice)
    for value, whole, symbol, enclosure, quick in zip(returned, exact, symbolic, balls, floats, strict=True):
        assert Fraction(int(symbol.p), int(symbol.q)) == whole
        assert Fraction(value) <= whole < Fraction(math.nextafter(value, math.inf))
        assert enclosure.contains(ball(whole).mid()) or enclosure.overlaps(ball(whole))
        assert math.isclose(quick, value, rel_tol=1e-13)


def test_parameter_tolerances_agree() -> None:
    """Repaired l1 and linf and the six printed readings: exact rationals, sympy, balls and float64."""
    rng = np.random.default_rng(2)
    for compared in range(SETS["tolerances"]):
        choice, stated = FORMS[compared % len(FORMS)]
        check_tolerances(random_spec(rng), log_uniform(rng, -12, -0.1), choice, stated)
    print(f"\nparameter tolerances: {compared + 1} parameter sets, {len(FORMS)} forms")


# ---------------------------------------------------------------- sizes in closed form

DENSITIES: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "uniform": lambda t: mpmath.mpf(1) / 2 if t <= 1 else mpmath.mpf(0),
    "product": lambda t: mpmath.log(1 / t) / 2 if t <= 1 else mpmath.mpf(0),
    "normal": lambda t: mpmath.npdf(t),
    "normal_product": lambda t: mpmath.besselk(0, t) / mpmath.pi,
}


def stated_failure(size: int, eta: mpmath.mpf, weight: mpmath.mpf, half_width: mpmath.mpf) -> mpmath.mpf:
    """8 (1 - p/4)^m (a/eta)^2."""
    return 8 * (1 - weight / 4) ** size * (half_width / eta) ** 2


def check_closed_form(query: Query) -> None:
    """The size proves the inequality in each block and one variable fewer does not; the window fits."""
    found = closed_form(query)
    blocks, half_width = found.blocks, mpmath.mpf(found.half_width)
    eta, delta = mpmath.mpf(query.tolerance) / blocks, mpmath.mpf(query.failure_probability) / blocks
    weight = 2 * half_width * DENSITIES[query.law](half_width)
    each, rest = divmod(found.size, blocks)
    assert rest == 0
    assert stated_failure(each, eta, weight, half_width) <= delta
    assert each == 0 or stated_failure(each - 1, eta, weight, half_width) > delta
    reached = half_width if query.quantifier == "all" else 2 * half_width - eta
    assert reached * blocks >= query.window * (1 - mpmath.mpf(2) ** -200)
    assert bounds.sufficient_size(*vars_of(query), method="closed_form", window=query.window).size == found.size


def vars_of(query: Query) -> tuple[float, float, str, str]:
    return query.tolerance, query.failure_probability, query.law, query.quantifier


@working_precision
def check_contained(tolerance: float, delta: float, weight: float, half_width: float) -> None:
    """contained_uniform_size in balls, exact rationals and 50 digits."""
    size = contained_uniform_size(tolerance, delta, weight, half_width)
    balls = [failure_bound(m, tolerance, weight, half_width) for m in (size, max(size - 1, 0))]
    assert balls[0] <= ball(delta) and (size == 0 or balls[1] > ball(delta))
    p, a, eta = (Fraction(value) for value in (weight, half_width, tolerance))
    exact = sympy.Rational(8) * sympy.Rational(*(1 - p / 4).as_integer_ratio()) ** min(size, 40)
    exact *= sympy.Rational(*((a / eta) ** 2).as_integer_ratio())
    if size <= 40:
        assert exact <= sympy.Rational(*delta.as_integer_ratio())
        assert balls[0].overlaps(ball(exact))
    high = stated_failure(size, mpmath.mpf(tolerance), mpmath.mpf(weight), mpmath.mpf(half_width))
    assert holds_in_ball(balls[0], high)
    start = math.log(8 / delta) + 2 * math.log(half_width / tolerance)
    assert abs(size - max(0.0, start / -math.log1p(-weight / 4))) <= 1 + 1e-9 * size


def test_closed_form_sizes_agree() -> None:
    """The least size of Theorem R's inequality: balls, 50 digits, exact rationals and float64."""
    rng = np.random.default_rng(3)
    compared = 0
    with mpmath.workdps(DIGITS):
        while compared < SETS["sizes"]:
            tolerance, delta = log_uniform(rng, -12, -0.05), log_uniform(rng, -12, -0.05)
            if compared % 2:
                check_contained(tolerance, delta, float(rng.uniform(1e-3, 1)), tolerance * log_uniform(rng, 0.1, 8))
            else:
                window = float(rng.choice([1.0, rng.uniform(0.05, 1)]))
                quantifier = str(rng.choice(["fixed", "all"]))
                if tolerance >= window:
                    continue
                check_closed_form(Query(tolerance, delta, str(rng.choice(LAWS)), quantifier, window))
            compared += 1
    print(f"\nclosed-form sizes: {compared} parameter sets")


@pytest.mark.theorem
def test_theorem_r_reduces_to_its_printed_logarithm() -> None:
    """U, all z: m is the least integer above (2 ln(1/eta) + ln(8/delta))/ln(4/3), symbolically."""
    eta, delta = sympy.symbols("eta delta", positive=True)
    size = (2 * sympy.log(1 / eta) + sympy.log(8 / delta)) / sympy.log(sympy.Rational(4, 3))
    for power in range(1, 12):
        for other in range(1, 12):
            values = {eta: sympy.Rational(1, 10**power), delta: sympy.Rational(1, 10**other)}
            stated = int(sympy.ceiling(size.subs(values).evalf(DIGITS)))
            assert contained_uniform_size(Fraction(1, 10**power), Fraction(1, 10**other), 1, 1) == stated


def test_the_precision_of_the_balls_is_the_working_one() -> None:
    """What agrees to 2^-50 above is compared with balls of 128 bits, not with another float."""
    assert PRECISION == 128
    assert float(working_precision(lambda: ball(Fraction(1, 3)).rad())()) < 2.0 ** -(PRECISION - 8)
