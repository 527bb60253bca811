"""Checks of Assumption 2.3 as derived for one activation: slopes, majorants, radii, gap functions, certificates.

Sources: B22 Assumption 2.3 and Lemma 2.4; docs/activations.md, docs/certificates.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import mpmath
import numpy as np
import sympy

import bounds
from bounds import Activation
from bounds.expansion import expand_activation
from bounds.majorant import ExactMajorant
from empirical.checks.inequality import Inequality, equal, true
from empirical.checks.point_values import LinearError, PointValues, log_uniform, number, points

TOLERANCES = (0.7, 1e-1, 1e-3, 1e-6, 1e-9)
_PRINTED = 1e-40
_LARGER = (1.02, 1.5, 10.0)


def has_majorants(activation: Activation) -> str | None:
    """Return why there is no closed form, if there is none."""
    expansion = activation.expansion
    return None if expansion.left_majorants and expansion.right_majorants else "no power majorant, so no closed form"


def error_of(activation: Activation) -> LinearError:
    """The error of the approximation that an activation claims."""
    return LinearError.of(activation.expression, activation.m_plus, activation.m_minus, activation.d)


def slopes(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """m_plus, m_minus and d against difference quotients; m = m_plus + m_minus is not 0."""
    values = PointValues.of(activation.expression)
    yield equal("d = phi(0)", number(activation.d), values.phi(0), 1e-19)
    total = mpmath.mpf(0)
    for direction, claimed in ((1, activation.m_plus), (-1, activation.m_minus)):
        coarse, found = values.slopes(direction)
        allowed = 4 * abs(found - coarse) if has_majorants(activation) is None else abs(coarse - number(claimed))
        yield equal(f"slope at 0 from direction {direction:+d}", number(claimed), found, allowed + 1e-19)
        low, high = activation.slopes[0 if direction == 1 else 1]
        yield Inequality("enclosure of the slope, lower end", low, number(claimed))
        yield Inequality("enclosure of the slope, upper end", number(claimed), high)
        total += found
    yield Inequality("m != 0", 1e-15, abs(total))


def majorants(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """|e(t)| <= K t^p on (0, r] at points, for every majorant of either side."""
    error = error_of(activation)
    sides = ((-1, activation.expansion.left_majorants), (1, activation.expansion.right_majorants))
    for side, found in sides:
        for majorant in found:
            radius = math.inf if majorant.radius == sympy.oo else float(majorant.radius) * (1 - 2.0**-50)
            for t in points(radius):
                yield Inequality(
                    f"|e({side * t:.6g})| <= {majorant.coefficient} t^{majorant.exponent}",
                    error.at(side * t),
                    value_of(majorant, t) * (1 + mpmath.mpf(_PRINTED)),
                )


def value_of(majorant: ExactMajorant, t: float) -> mpmath.mpf:
    """K t^p."""
    power = mpmath.mpf(majorant.exponent.numerator) / majorant.exponent.denominator
    return number(majorant.coefficient) * mpmath.mpf(t) ** power


def radii(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """sup |e| <= eps within the radius of each kind, at points and at the ends; closed_form <= exact."""
    error = error_of(activation)
    for eps in (*TOLERANCES, *log_uniform(generator, -12, -0.5, 2)):
        exact = activation.radius(eps, kind="exact")
        yield within("exact", error, exact, eps)
        if has_majorants(activation) is None:
            closed = activation.radius(eps)
            yield within("closed form", error, closed, eps)
            yield Inequality(f"closed form <= exact at {eps:g}", closed, exact * (1 + 1e-9))


def within(kind: str, error: LinearError, radius: float, eps: float) -> Inequality:
    """The largest error found on [-radius, radius] is at most eps."""
    largest, place = error.largest(radius)
    return Inequality(f"{kind} radius {radius:.6g}: |e({place:.6g})| <= {eps:g}", largest, eps)


def best_slopes(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """The minimax radius with the minimax slopes; never below the exact radius, slopes that do not cancel."""
    for eps in (1e-2,):
        try:
            found = activation.best_slopes(eps)
        except ValueError:
            continue  # m = 0 at this tolerance: refused by name
        error = LinearError.of(activation.expression, found.m_plus, found.m_minus, activation.d)
        yield within("minimax", error, found.radius, eps)
        yield Inequality(f"exact <= minimax at {eps:g}", activation.radius(eps, kind="exact"), found.radius)
        yield Inequality("m != 0", 1e-15, abs(number(found.m_plus + found.m_minus)))


def gap_functions(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """a, g, g^-1 as formulas: g a = eps, g increasing, g^-1 its inverse, radius(eps) <= a(eps)."""
    if activation.a == sympy.oo:
        yield true("e = 0: g = 0 and g^-1 = oo", activation.g == 0 and activation.g_inverse == sympy.oo)
        return
    a, g = (sympy.lambdify(bounds.eps, formula, "mpmath") for formula in (activation.a, activation.g))
    inverse = sympy.lambdify(bounds.y, activation.g_inverse, "mpmath")
    last = mpmath.mpf(0)
    for value in sorted([*TOLERANCES, *log_uniform(generator, -12, 0, 5)]):
        eps = mpmath.mpf(value)
        yield equal(f"g({value:g}) a({value:g})", g(eps) * a(eps), eps, eps * _PRINTED)
        yield equal(f"g^-1(g({value:g}))", inverse(g(eps)), eps, eps * 1e-35)
        yield equal(f"g(g^-1({value:g}))", g(inverse(eps)), eps, eps * 1e-35)
        yield Inequality(f"g increases up to {value:g}", last * (1 + mpmath.mpf(_PRINTED)), g(eps))
        radius = activation.radius(value)
        yield Inequality(f"radius({value:g}) <= a({value:g})", radius, a(eps))
        yield Inequality(
            f"a({value:g}) <= radius({value:g}), rounded down", a(eps), radius * (1 + mpmath.mpf(2) ** -50)
        )
        last = g(eps)


def lemma_2_4(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """B22 Lemma 2.4: |x - (phi(x) - phi(-x))/m| <= 2 eps/|m| for |x| <= a(eps)."""
    values, m = PointValues.of(activation.expression), number(activation.m_plus + activation.m_minus)
    for eps in TOLERANCES:
        radius = activation.radius(eps, kind="exact")
        for t in points(radius, 8):
            gap = abs(t - (values.phi(t) - values.phi(-t)) / m)
            yield Inequality(f"Lemma 2.4 at x = {t:.6g}, eps = {eps:g}", gap, 2 * eps / abs(m))


def certificates(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """A radius with a witness beyond eps is never "proved"; a witness that is given is one; exact radii are proved."""
    error = error_of(activation)
    for eps in (1e-1, 1e-3, 1e-6):
        exact = activation.radius(eps, kind="exact")
        yield true(f"exact radius at {eps:g} is proved", activation.certify(eps, exact).verdict == "proved")
        for radius in larger_radii(error, exact):
            largest, place = error.largest(radius)
            certificate = activation.certify(eps, radius)
            if certificate.verdict == "proved":
                yield Inequality(f"proved up to {radius:.6g}, e({place:.6g})", largest, eps)
            if certificate.witness is not None:
                found = error.at(certificate.witness)
                yield Inequality(f"refuted by x = {certificate.witness!r}", eps, found)


def larger_radii(error: LinearError, exact: float) -> list[float]:
    """Radii beyond the exact one, among them the one at whose ends the error is least."""
    if not math.isfinite(exact):
        return []
    places = [exact * (1 + k / 4) for k in range(1, 60)]
    return [*(exact * factor for factor in _LARGER), min(places, key=lambda t: max(error.at(t), error.at(-t)))]


def remainders(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """remainder_bound(r) is at least every error found on [-r, r]."""
    error = error_of(activation)
    for radius in (*log_uniform(generator, -4, 0.7, 3), 0.25, 3.0):
        largest, place = error.largest(radius)
        bound = activation.remainder_bound(radius)
        yield Inequality(f"|e({place:.6g})| <= remainder_bound({radius:.6g})", largest, bound)


def lipschitz(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """Difference quotients never exceed T, on R and on intervals; values lie in the ranges."""
    values, function = PointValues.of(activation.expression), activation.function
    everywhere = number(activation.lipschitz) if activation.lipschitz != sympy.oo else mpmath.inf
    intervals = [(-8.0, 8.0), (-1.0, 0.5), *(sorted(generator.uniform(-6, 6, 2).tolist()) for _ in range(3))]
    for low, high in intervals:
        slope, (least, most) = function.lipschitz_on(low, high), function.range(low, high)
        places = [low + (high - low) * k / 40 for k in range(41)]
        heights = [values.phi(t) for t in places]
        steepest = max(abs(heights[k + 1] - heights[k]) / (places[k + 1] - places[k]) for k in range(40))
        yield Inequality(f"slopes on [{low:.4g}, {high:.4g}] <= T there", steepest * (1 - mpmath.mpf(2) ** -40), slope)
        yield Inequality(f"slopes on [{low:.4g}, {high:.4g}] <= T", steepest * (1 - mpmath.mpf(2) ** -40), everywhere)
        yield Inequality(f"range on [{low:.4g}, {high:.4g}], lower end", least, min(heights))
        yield Inequality(f"range on [{low:.4g}, {high:.4g}], upper end", max(heights), most)
    for t in (0.0, *generator.uniform(-6, 6, 3).tolist()):
        least, most = function.range(t, t)
        yield Inequality(f"value at {t:.4g}, lower end", least, values.phi(t))
        yield Inequality(f"value at {t:.4g}, upper end", values.phi(t), most)


CANCELLING = (sympy.Abs(bounds.x), bounds.x**2, sympy.cos(bounds.x), sympy.Max(0, bounds.x - 1))


def refusals(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Functions whose difference quotients at 0 add up to 0 are refused; the rest is accepted."""
    for expression in (*CANCELLING, sympy.tanh(bounds.x), sympy.Max(0, bounds.x), sympy.exp(bounds.x)):
        values = PointValues.of(expression)
        total = abs(values.slopes(1)[1] + values.slopes(-1)[1])
        try:
            expand_activation(expression, bounds.x, str(expression))
            yield Inequality(f"{expression} is accepted: |m| > 0", 1e-15, total)
        except bounds.AssumptionError:
            yield Inequality(f"{expression} is refused: m = 0", total, 1e-15)
