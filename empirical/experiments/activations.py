"""Activations: the derived formulas, the certified radii per tolerance, and curves to draw."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

import bounds
from bounds import Activation
from empirical.experiments.experiment import Advance, Experiment
from empirical.experiments.formulas import formula
from empirical.provenance import provenance
from empirical.records import Record

FORMULAS = ("expression", "m_plus", "m_minus", "d", "lipschitz", "a", "g", "g_inverse")
SUMMED_UP = ("proved", "tolerances", "largest_slack")
CURVE_TOLERANCE = 0.1
CURVE_POINTS = 241
UNBOUNDED_CURVE = 2.0
CURVE_MARGIN = 3.0


@dataclass(frozen=True, slots=True)
class ActivationsConfiguration:
    """Which activations, and the tolerances as powers of ten."""

    activations: tuple[str, ...] = ("relu", "leaky_relu", "tanh", "sigmoid")
    exponents: tuple[int, ...] = tuple(range(-1, -13, -1))

    def as_record(self) -> dict[str, Any]:
        """The configuration as a record stores it."""
        return {"activations": list(self.activations), "exponents": list(self.exponents)}


def experiment(configuration: ActivationsConfiguration | None = None) -> Experiment:
    """The experiment with one cell per activation."""
    chosen = configuration or ActivationsConfiguration()
    return Experiment("activations", len(chosen.activations), lambda advance: run(chosen, advance))


def run(configuration: ActivationsConfiguration, advance: Advance) -> tuple[Record, ...]:
    """Records ``activations``, ``radii`` and ``curves``."""
    formulas: list[dict[str, Any]] = []
    radii: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    for name in configuration.activations:
        activation = bounds.activation(name)
        own_radii = [radius_row(name, activation, exponent) for exponent in configuration.exponents]
        formulas.append(formula_row(name, activation) | summed_up(own_radii))
        radii.extend(own_radii)
        curves.extend(curve_rows(name, activation))
        advance(name)
    radius_columns = ("activation", "tolerance", "a", "a_exact", "slack", "verdict", "note")
    return (
        _record(configuration, "activations", "Derived formulas", ("activation", *FORMULAS, *SUMMED_UP), formulas),
        _record(configuration, "radii", "Certified radii", radius_columns, radii),
        _record(configuration, "curves", "Curves", ("activation", "x", "phi", "phihat", "certified"), curves),
    )


def formula_row(name: str, activation: Activation) -> dict[str, Any]:
    """Every derived quantity as text, LaTeX and MathML."""
    row: dict[str, Any] = {"activation": name}
    for quantity in FORMULAS:
        written = formula(getattr(activation, quantity))
        row |= {quantity: written.text, f"{quantity}_latex": written.latex, f"{quantity}_mathml": written.mathml}
    return row


def radius_row(name: str, activation: Activation, exponent: int) -> dict[str, Any]:
    """a(eps), a*(eps), their ratio and the certificate's verdict at eps = 10^exponent."""
    tolerance = float(Fraction(10) ** exponent)
    closed, exact = activation.radius(tolerance), activation.radius(tolerance, "exact")
    exact_everywhere = math.isinf(closed)
    return {
        "activation": name,
        "tolerance": tolerance,
        "a": closed,
        "a_exact": exact,
        "slack": 1.0 if exact_everywhere else exact / closed,
        "verdict": str(activation.certify(tolerance).verdict),
        "note": "the error is zero everywhere" if exact_everywhere else None,
    }


def summed_up(radii: list[dict[str, Any]]) -> dict[str, Any]:
    """How many radii are proved, of how many, and the largest slack."""
    return {
        "proved": sum(row["verdict"] == "proved" for row in radii),
        "tolerances": len(radii),
        "largest_slack": max(row["slack"] for row in radii),
    }


def curve_rows(name: str, activation: Activation) -> Iterator[dict[str, Any]]:
    """Points of phi and phihat around the certified interval [-a, a] at tolerance ``CURVE_TOLERANCE``."""
    radius = activation.radius(CURVE_TOLERANCE)
    reach = UNBOUNDED_CURVE if math.isinf(radius) else CURVE_MARGIN * radius
    slopes = float(activation.m_minus), float(activation.m_plus)
    for x in np.linspace(-reach, reach, CURVE_POINTS).tolist():
        yield {
            "activation": name,
            "x": x,
            "phi": float(activation.function.value(x)),
            "phihat": slopes[x >= 0] * x + float(activation.d),
            "certified": abs(x) <= radius,
        }


def _record(
    configuration: ActivationsConfiguration, name: str, title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> Record:
    return Record(
        name=name,
        title=title,
        configuration=configuration.as_record(),
        seed=None,
        columns=columns,
        rows=tuple(rows),
        provenance=provenance(),
    )
