"""The verifier's own certificate: the difference between ticket and target, propagated layer by layer in balls.

Every live ticket neuron is enclosed as one of four kinds:

    constant   no path from the input: its value c.
    tracked    a copy of target neuron j: xhat = x_j + delta, delta in a span. Inputs are tracked with delta =
    0. helper     phi_0(u y), y tracked: by Assumption 2.3 (B22) the slopes u m_+- on either side of y = 0, the
    intercept d, and a remainder |e| bounded by the activation's majorants. other      anything else: only its
    range.

A row of the ticket, sum_k w_k xhat_k, thus is c0 + sum_p A_p(y_p) + remainder with A_p linear on either side of
0. Matched to target neuron i it deviates from z_i = sum_j w_ij x_j + b_i by

    (c0 - b_i) + sum_j [(sum_{p -> j} A_p - w_ij)(x_j) + sum_{p -> j} slope(A_p) delta_p] + remainder,

copy by copy (theory: "Copies are not one neuron"), and phi multiplies the deviation by at most its Lipschitz
constant on the hull of both pre-activations. Any matching of neurons is sound; sample points choose a good one.
The cost is about 2 microseconds per surviving weight and 10 per (row, target input): meant for up to some 10^5
weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import sympy
from flint import arb

import bounds
from bounds.arithmetic import ball, upper, working_precision
from constructions.verifier.checks import PlainLayer, PlainTicket
from constructions.verifier.forward import live_rows, row_entries
from constructions.verifier.span import ZERO, Span, product, total, two_slopes
from constructions.verifier.target import TargetView, compiled, image, sample_preactivations, slope_bound, view_target

SAMPLES = 24


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A neuron with no path from the input."""

    value: arb


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """A copy of target neuron ``neuron``: its own range and its difference from the target's neuron."""

    neuron: int
    span: Span
    delta: Span


@dataclass(frozen=True, slots=True, eq=False)
class Helper:
    """phi_0(u y), y the tracked ``parent``: ``positive`` y or ``negative`` y by sign, plus intercept and remainder.

    ``size`` is |u|; ``odd`` bounds the odd part of the remainder, ``even`` the even part, the same for u and -u.
    """

    parent: int
    positive: arb
    negative: arb
    intercept: arb
    remainder: arb
    size: float
    odd: arb
    even: arb


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A neuron of which only the range is known."""

    span: Span


Neuron = Constant | Tracked | Helper | Other


@dataclass(slots=True)
class RowSum:
    """A ticket row as a function of the tracked neurons below it: constant + sum of two-slope parts + rest."""

    constant: arb = ZERO
    plain: arb = ZERO
    odd: arb = ZERO
    even: defaultdict[tuple[int, float], list[arb]] = field(default_factory=lambda: defaultdict(lambda: [ZERO, ZERO]))
    rest: Span = field(default_factory=lambda: Span(ZERO, ZERO))
    positive: defaultdict[int, arb] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    negative: defaultdict[int, arb] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add(self, column: int, weight: float, neuron: Neuron) -> None:
        """Add ``weight`` times a neuron."""
        if isinstance(neuron, Tracked):
            self.positive[column] += weight
            self.negative[column] += weight
        elif isinstance(neuron, Helper):
            self.positive[neuron.parent] += neuron.positive * weight
            self.negative[neuron.parent] += neuron.negative * weight
            self.constant += neuron.intercept * weight
            self.plain += neuron.remainder * abs(weight)
            self.odd += neuron.odd * abs(weight)
            sums = self.even[neuron.parent, neuron.size]
            sums[0], sums[1] = sums[0] + weight, sums[1].max(neuron.even)
        elif isinstance(neuron, Constant):
            self.constant += neuron.value * weight
        else:
            self.rest = self.rest + neuron.span.scaled(arb(weight))

    @property
    def remainder(self) -> arb:
        """Bound sum w e(u y): term by term, or by parity, where pairs (u, -u), (w, -w) lose the even part."""
        even = sum((abs(weight) * bound for weight, bound in self.even.values()), start=ZERO)
        return self.plain.min(self.odd + even)

    @property
    def is_constant(self) -> bool:
        """Whether the row depends on no neuron with a path from the input."""
        return not self.positive and self.rest.low.is_zero() and self.rest.high.is_zero()

    def range(self, tracked: dict[int, Tracked]) -> Span:
        """Enclose the row over the domain."""
        parts = total(two_slopes(self.negative[p], self.positive[p], tracked[p].span) for p in self.positive)
        return (parts + self.rest + Span.symmetric(self.remainder)).shifted(self.constant)


@working_precision
def certified_errors(ticket: PlainTicket, source: list[np.ndarray], target: Any) -> list[float]:
    """Return per output a certified upper bound of sup over the target's domain of |ticket - target|, rounded up."""
    view = view_target(target)
    stages = stages_of(len(ticket.layers), view.depth)
    matching = match_neurons(ticket, source, target, stages)
    tracked = {j: Tracked(j, span, Span(ZERO, ZERO)) for j, span in enumerate(view.outputs[0])}
    neurons: dict[int, Neuron] = dict(tracked)
    rows = live_rows(ticket.layers)
    for index, (layer, weights, stage) in enumerate(zip(ticket.layers, source, stages, strict=True)):
        if layer.bias:
            neurons[layer.n_in] = Constant(arb(1))
        sums = {row: _row_sum(*row_entries(layer, weights, row), neurons) for row in rows[index]}
        if stage is None:
            neurons = {row: _helper(layer.activation, sums[row], tracked) for row in rows[index]}
        else:
            neurons = {row: _copy(layer, view, stage, matching[index][row], sums[row], tracked) for row in rows[index]}
            tracked = {row: neuron for row, neuron in neurons.items() if isinstance(neuron, Tracked)}
    return [upper(_output_error(neurons[row], view.outputs[-1][row])) for row in rows[-1]]


def stages_of(depth: int, target_depth: int) -> list[int | None]:
    """Return for each ticket layer the target layer (from 0) whose copies it holds, ``None`` for helper layers.

    The depths of the constructions: L (one-for-one), L + 1 (helpers first), 2L (helpers before every layer).
    For any other depth only the last layer is compared, through the ranges below it.
    """
    copies: list[int | None] = list(range(target_depth))
    if depth == target_depth:
        return copies
    if depth == target_depth + 1:
        return [None, *copies]
    if depth == 2 * target_depth:
        return [stage for copy in copies for stage in (None, copy)]
    return [None] * (depth - 1) + [target_depth - 1]


def _row_sum(columns: list[int], weights: list[float], neurons: dict[int, Neuron]) -> RowSum:
    row = RowSum()
    for column, weight in zip(columns, weights, strict=True):
        row.add(column, weight, neurons[column])
    return row


def _helper(activation: str, row: RowSum, tracked: dict[int, Tracked]) -> Neuron:
    """Enclose a neuron of a helper layer."""
    if row.is_constant:
        return Constant(bounds.scalar_function(activation).value(row.constant))
    linear = [p for p in row.positive if row.positive[p] is row.negative[p] or row.positive[p] == row.negative[p]]
    univariate = len(row.positive) == len(linear) == 1 and row.constant.is_zero() and row.remainder.is_zero()
    expansion = _expansion(activation)
    if not univariate or expansion is None or not (row.rest.low.is_zero() and row.rest.high.is_zero()):
        return Other(image(activation, row.range(tracked)))
    parent = linear[0]
    factor = row.positive[parent]
    span = tracked[parent].span.scaled(factor)
    remainder, both = expansion.remainder(span), Span.symmetric(span.magnitude())
    right, left = (expansion.plus, expansion.minus) if factor > 0 else (expansion.minus, expansion.plus)
    return Helper(
        parent=parent,
        positive=right * factor,
        negative=left * factor,
        intercept=expansion.intercept,
        remainder=remainder,
        size=abs(float(factor.mid())),
        odd=expansion.odd.remainder(both) if expansion.odd is not None else remainder,
        even=expansion.remainder(both),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Expansion:
    """Slopes, intercept and remainder of an activation at 0, in balls."""

    plus: arb
    minus: arb
    intercept: arb
    majorants: tuple[Any, Any]
    remainder_bound: Callable[[float], float]
    odd: _Expansion | None = None

    def remainder(self, span: Span) -> arb:
        """Bound |phi - phihat| over ``span``, each side by its own majorant."""
        low, high = span.ends
        left, right = self.majorants
        return self._side(left, max(0.0, -low)).max(self._side(right, max(0.0, high)))

    def _side(self, majorant: Any, radius: float) -> arb:
        if majorant.coefficient == 0.0 and radius <= majorant.radius:
            return ZERO
        if radius <= majorant.radius:
            return arb(majorant.coefficient) * arb(radius) ** ball(majorant.exponent)
        return arb(self.remainder_bound(radius))


@cache
def _expansion(name: str) -> _Expansion | None:
    """Return the expansion of an activation that satisfies Assumption 2.3, ``None`` for any other."""
    try:
        activation = bounds.activation(name)
    except ValueError:
        return None
    return _of(activation, _of(_odd_part(activation)))


def _odd_part(activation: bounds.Activation) -> bounds.Activation:
    """Return (phi(y) - phi(-y))/2: its slopes are m/2, so it satisfies Assumption 2.3 with phi."""
    mirrored = activation.expression.subs(bounds.x, -bounds.x)
    return bounds.Activation.from_expression(sympy.expand((activation.expression - mirrored) / 2), name="odd part")


def _of(activation: bounds.Activation, odd: _Expansion | None = None) -> _Expansion:
    plus, minus, intercept = ball(activation.m_plus), ball(activation.m_minus), ball(activation.d)
    return _Expansion(plus, minus, intercept, activation.majorants, activation.remainder_bound, odd)


def _copy(
    layer: PlainLayer, view: TargetView, stage: int, neuron: int, row: RowSum, tracked: dict[int, Tracked]
) -> Neuron:
    """Enclose a copy of target neuron ``neuron`` of layer ``stage``."""
    if row.is_constant and stage + 1 < view.depth:
        return Constant(bounds.scalar_function(layer.activation).value(row.constant))
    difference = _deviation(view, stage, neuron, row, tracked)
    exact = view.inputs[stage][neuron]
    own = row.range(tracked).meet(exact + difference)
    image_own, image_exact = image(layer.activation, own), view.outputs[stage + 1][neuron]
    same = bounds.scalar_function(layer.activation).name == bounds.scalar_function(view.activations[stage]).name
    delta = image_own - image_exact
    if same:
        delta = _through(layer.activation, difference, own, exact).meet(delta)
    return Tracked(neuron, image_own.meet(image_exact + delta), delta)


def _deviation(view: TargetView, stage: int, neuron: int, row: RowSum, tracked: dict[int, Tracked]) -> Span:
    """Enclose the row minus the target's pre-activation (the formula at the top of this file)."""
    below, weights = view.outputs[stage], view.weights[stage][neuron]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for parent in row.positive:
        groups[tracked[parent].neuron].append(parent)
    result = (row.rest + Span.symmetric(row.remainder)).shifted(row.constant - float(view.biases[stage][neuron]))
    for j in sorted({*groups, *np.flatnonzero(weights).tolist()}):
        weight = float(weights[j])
        positive = sum((row.positive[p] for p in groups[j]), start=-arb(weight))
        negative = sum((row.negative[p] for p in groups[j]), start=-arb(weight))
        result = result + two_slopes(negative, positive, below[j])
        for p in groups[j]:
            result = result + _amplified(row.negative[p], row.positive[p], below[j], tracked[p])
    return result


def _amplified(negative: arb, positive: arb, exact: Span, copy: Tracked) -> Span:
    """Enclose A(x + delta) - A(x) for a function A with two slopes; one slope suffices on a domain of one sign."""
    if copy.delta.low.is_zero() and copy.delta.high.is_zero():
        return copy.delta
    low, high = exact.hull(copy.span).ends
    if low >= 0:
        return copy.delta.scaled(positive)
    if high <= 0:
        return copy.delta.scaled(negative)
    return product(Span(negative.min(positive), negative.max(positive)), copy.delta)


def _through(activation: str, difference: Span, own: Span, exact: Span) -> Span:
    """Enclose phi(z + difference) - phi(z)."""
    function = bounds.scalar_function(activation)
    if function.name == "identity":
        return difference
    slope = slope_bound(activation, *own.hull(exact).ends)
    return Span.symmetric(difference.magnitude() * slope)


def _output_error(neuron: Neuron, exact: Span) -> arb:
    if isinstance(neuron, Tracked):
        return neuron.delta.magnitude()
    raise TypeError(f"an output is always compared with the target, got {type(neuron).__name__} for {exact}")


def match_neurons(
    ticket: PlainTicket, source: list[np.ndarray], target: Any, stages: list[int | None], seed: int = 0
) -> list[dict[int, int]]:
    """Assign every live neuron of a copy layer to the target neuron with the nearest pre-activations at sample
    points.

    Outputs are matched by position. The choice influences how good the certificate is, never whether it holds.
    """
    lower, upper_end = np.asarray(target.domain[0]), np.asarray(target.domain[1])
    points = lower + np.random.default_rng(seed).random((SAMPLES, len(lower))) * (upper_end - lower)
    exact = sample_preactivations(target, points)
    values, matching = points.T, []
    for layer, weights, stage in zip(ticket.layers, source, stages, strict=True):
        before = _sampled_rows(layer, weights, values)
        last = layer is ticket.layers[-1]
        matching.append({} if stage is None else _nearest(before, exact[stage], last))
        values = compiled(layer.activation)(before)
    return matching


def _sampled_rows(layer: PlainLayer, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the ticket's pre-activations (n_out, samples)."""
    extended = np.vstack([values, np.ones(values.shape[1])]) if layer.bias else values
    pointers = layer.indptr.astype(np.int64)
    before = np.zeros((layer.n_out, values.shape[1]))
    for row in np.flatnonzero(np.diff(pointers)):
        entries = slice(pointers[row], pointers[row + 1])
        before[row] = weights[entries] @ extended[layer.indices[entries]]
    return before


def _nearest(before: np.ndarray, exact: np.ndarray, last: bool) -> dict[int, int]:
    if last:
        return {row: row for row in range(len(before))}
    return {row: int(np.abs(exact - sample).max(axis=1).argmin()) for row, sample in enumerate(before)}
