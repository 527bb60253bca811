"""The target as the verifier sees it: exact parameters, ranges in balls, values at sample points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy
from flint import arb

import bounds
from constructions.verifier.span import Span, total

GRID = 2.0**-5


@dataclass(frozen=True, slots=True, eq=False)
class TargetView:
    """``outputs[t]`` encloses x^t on the domain (itself t = 0), ``inputs[t]`` the pre-activations of layer t + 1."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[str, ...]
    outputs: list[list[Span]]
    inputs: list[list[Span]]

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return len(self.weights)


def view_target(target: Any) -> TargetView:
    """Propagate the target's domain through its layers in balls, from its attributes alone."""
    lower, upper = target.domain
    outputs = [[Span.of(float(low), float(high)) for low, high in zip(lower, upper, strict=True)]]
    inputs = []
    for weight, bias, name in zip(target.weights, target.biases, target.activations, strict=True):
        before = [_affine(row, float(b), outputs[-1]) for row, b in zip(weight, bias, strict=True)]
        inputs.append(before)
        outputs.append([image(name, span) for span in before])
    return TargetView(tuple(target.weights), tuple(target.biases), tuple(target.activations), outputs, inputs)


def _affine(row: np.ndarray, bias: float, spans: list[Span]) -> Span:
    return total(spans[j].scaled(arb(float(row[j]))) for j in np.flatnonzero(row)).shifted(arb(bias))


def image(name: str, span: Span) -> Span:
    """Enclose phi(span); a point is mapped by the ball evaluation, which loses nothing to float64."""
    function = bounds.scalar_function(name)
    if span.low is span.high or (span.high - span.low).upper() < 2.0**-80:
        value = function.value(span.low.union(span.high))
        return Span(value, value)
    return Span.of(*function.range(*span.ends))


def slope_bound(name: str, low: float, high: float) -> float:
    """Bound |phi'| on an interval, widened to a coarse grid so that equal questions are asked once."""
    return _slope_bound(name, math.floor(low / GRID), math.ceil(high / GRID))


@cache
def _slope_bound(name: str, low: int, high: int) -> float:
    return bounds.scalar_function(name).lipschitz_on(low * GRID, high * GRID)


@cache
def compiled(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Compile an activation for sample values; used to match neurons only, where any outcome is sound."""
    expression = bounds.scalar_function(name).expression
    code = sympy.lambdify(bounds.x, expression, modules=["scipy", "numpy"])

    def evaluate(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.broadcast_to(code(values), values.shape))

    return evaluate


def sample_preactivations(target: Any, points: np.ndarray) -> list[np.ndarray]:
    """Return the target's pre-activations (n_l, samples) at ``points`` (samples, n_0)."""
    values, found = points.T, []
    for weight, bias, name in zip(target.weights, target.biases, target.activations, strict=True):
        before = weight @ values + bias[:, None]
        found.append(before)
        values = compiled(name)(before)
    return found
