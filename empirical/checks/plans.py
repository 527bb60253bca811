"""Checks of width requirements: the worst ticket that keeps every promise of a plan, its failures, its base sets.

The attack is a ticket, not a bound: every subset sum is off by its tolerance, the errors of the copies of one neuron
have the signs of the weights on them, and a row's weights add up in absolute value to what a base set of random
variables really offers. It is evaluated exactly. Sources: B22 Thms 2.5-2.9, docs/widths.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
from scipy.special import ndtri

import bounds
from bounds import LayerSpec, NetworkSpec, WidthRequirement
from bounds.requirement import Stage
from bounds.subset_sum.computed import contained_size
from bounds.widths.assignment import Group, open_class_probability
from empirical.checks.inequality import Inequality
from empirical.checks.point_values import LinearError, number
from empirical.checks.propagation import Matrix, PositiveNetwork, Vector, binomial_above

_FLOATS = 1e-9


@dataclass(frozen=True, slots=True)
class Case:
    """A target and a plan for it."""

    name: str
    network: PositiveNetwork
    spec: NetworkSpec
    construction: str
    first_activation: str
    subsets: str | None = None
    split: str = "equal"

    def plan(self) -> WidthRequirement:
        """The requirement at tolerance and failure probability 0.1."""
        return bounds.width_requirement(
            self.spec, self.construction, 0.1, 0.1, self.first_activation, subsets=self.subsets, split=self.split
        )


def _filled(rows: int, columns: int, value: float) -> Matrix:
    return [[Fraction(value)] * columns for _ in range(rows)]


def _network(
    widths: tuple[int, ...], sizes: tuple[float, ...], slopes: tuple[float, ...], bias: float
) -> PositiveNetwork:
    """Equal entries in every layer: all rows are worst rows."""
    pairs = zip(widths, widths[1:], sizes, strict=False)
    return PositiveNetwork(
        [_filled(above, below, size) for below, above, size in pairs],
        [[Fraction(bias)] * above for above in widths[1:]],
        [Fraction(slope) for slope in slopes],
        [Fraction(1)] * widths[0],
    )


def _spec(network: PositiveNetwork, two_signed: bool) -> NetworkSpec:
    """The numbers of a network; on [-1, 1] inputs take both signs and every supremum stays where it was."""
    spec = network.spec(math.inf)
    if not two_signed:
        return spec
    first = replace(spec.layers[0], one_signed_inputs=0, two_signed_inputs=spec.layers[0].n_in)
    return NetworkSpec((first, *spec.layers[1:]), ((-1.0,) * first.n_in, (1.0,) * first.n_in))


def cases() -> list[Case]:
    """Small targets: flat and steep activations, wide inputs, biases, both signs, every construction."""
    steep = _network((2, 2, 1), (0.75, 0.5), (2.0, 1.0), 0.25)
    flat = _network((3, 2, 2), (1.0, 0.75), (0.5, 0.5), 0.0)
    deep = _network((1, 2, 2, 1), (0.75, 0.75, 1.5), (1.0, 2.0, 1.0), 0.0)
    biased = _network((1, 1, 1), (0.25, 1.0), (1.0, 1.0), 0.5)
    return [
        Case("steep", steep, _spec(steep, False), "L+1", "relu", split="by cost"),
        Case("steep", steep, _spec(steep, True), "2L", "leaky_relu(-0.5)"),
        Case("flat", flat, _spec(flat, True), "2L", "relu"),
        Case("flat", flat, _spec(flat, False), "L+1", "tanh"),
        Case("deep", deep, _spec(deep, False), "2L", "gelu"),
        Case("deep", deep, _spec(deep, False), "L+1", "relu", "any"),
        Case("deep, capped", deep, _spec(deep, False), "L+1", "relu", "blocks of 8"),
        Case("biased", biased, _spec(biased, True), "looks-linear", "sigmoid"),
        Case("biased", biased, _spec(biased, False), "L+1", "relu", split="by cost"),
    ]


def attacks(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """The worst admissible ticket stays within the tolerance at the corner of the domain."""
    for case in cases():
        plan = case.plan()
        where = (
            f"{case.name}, {plan.construction} ({case.first_activation}), split {plan.split}, subsets {plan.subsets}"
        )
        high, low = attacked(case, plan)
        still = case.network.values([Fraction(0)] * case.spec.depth)[-1][1]
        gap = max(abs(value - x) for ends in (high, low) for value, x in zip(ends, still, strict=True))
        yield Inequality(f"worst ticket, {where}", gap, Fraction(plan.tolerance))


def attacked(case: Case, plan: WidthRequirement) -> tuple[Vector, Vector]:
    """Outputs of the two worst tickets, errors upward and downward; below, all copies of a neuron are of one kind."""
    high = low = case.network.top
    parameters = zip(plan.stages, case.spec.layers, case.network.weights, case.network.biases, strict=True)
    for stage, layer, weight, bias in parameters:
        slope = Fraction(layer.lipschitz)
        row = _two_for_one_row if stage.block is not None else _one_for_one_row
        error = max((a - b for a, b in zip(high, low, strict=True)), default=Fraction(0))
        up = [row(stage, layer, w, b, 1, high, low, error) for w, b in zip(weight, bias, strict=True)]
        down = [row(stage, layer, w, b, -1, low, high, error) for w, b in zip(weight, bias, strict=True)]
        high, low = ([slope * max(Fraction(0), h) for h in values] for values in (up, down))
    return high, low


def _two_for_one_row(
    stage: Stage, layer: LayerSpec, w: Vector, b: Fraction, sign: int, own: Vector, other: Vector, error: Fraction
) -> Fraction:
    """Every weight off by kappa eta, through one function of one neuron; every helper neuron off by its remainder."""
    eta = Fraction(stage.sizes.tolerance)
    total = sum(((value + sign * eta * _kappa(stage, layer)) * x for value, x in zip(w, own, strict=True)), b)
    return total + sign * (eta * (b != 0) + _remainders(stage, layer, max(own)))


def _kappa(stage: Stage, layer: LayerSpec) -> Fraction:
    """(|m_plus| + |m_minus|)/|m| where base sets of both signs of u serve one input, else 1."""
    assert stage.block is not None
    plus, minus = (number(m) for m in (stage.block.activation.m_plus, stage.block.activation.m_minus))
    if not (stage.block.rule.split and layer.two_signed_inputs):
        return Fraction(1)
    return Fraction(float((abs(plus) + abs(minus)) / abs(plus + minus)))


def _remainders(stage: Stage, layer: LayerSpec, largest: Fraction) -> Fraction:
    """All helper neurons of a row selected, with weights sigma: their distances from the line, found at |u| = s."""
    assert stage.block is not None and stage.sizes.helper_scale is not None
    phi, reach = stage.block.activation, stage.sizes.helper_scale * float(largest)
    variables = layer.row_nonzeros * max(
        stage.sizes.two_signed * (2 if stage.block.rule.split else 1), stage.sizes.one_signed
    )
    if stage.block.rule.neurons_per_variable == 2:
        values = LinearError.of(phi.expression, phi.m_plus, phi.m_minus, phi.d).values
        slope = number(phi.m_plus + phi.m_minus)
        single = abs(values.phi(reach) - values.phi(-reach) - slope * mpmath.mpf(reach))
    else:
        single = LinearError.of(phi.expression, phi.m_plus, phi.m_minus, phi.d).at(reach)
    return Fraction(float(single)) * variables * Fraction(stage.sizes.sigma)


def _one_for_one_row(
    stage: Stage, layer: LayerSpec, w: Vector, b: Fraction, sign: int, own: Vector, other: Vector, error: Fraction
) -> Fraction:
    """Copies weighted P > 0 err one way, copies weighted -Q the other: P - Q = w + eta, P + Q = B for each input."""
    eta = Fraction(stage.sizes.tolerance)
    total = b + sign * eta * (b != 0)
    for value, x, opposite in zip(w, own, other, strict=True):
        absolute = max(_absolute_sum(stage, layer, value), value + eta)
        positive, negative = (absolute + value + sign * eta) / 2, (absolute - value - sign * eta) / 2
        total += positive * x - negative * opposite
    return total


def _absolute_sum(stage: Stage, layer: LayerSpec, w: Fraction) -> Fraction:
    """B of one input: what the family of subsets allows, or what all its variables add up to at the quantile 1 - p."""
    if stage.sizes.cap is not None:
        return w + Fraction(stage.sizes.cap)
    weights = layer.row_nonzeros * stage.sizes.two_signed
    quantile = weights / 2 - float(ndtri(stage.problem_probability)) * math.sqrt(weights / 12)
    return Fraction(stage.sizes.sigma) * Fraction(min(quantile, weights)) / layer.row_nonzeros


def failures(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Union bound over everything that may go wrong, written a second time: at most the failure probability."""
    for case in cases():
        plan = case.plan()
        total = math.fsum(
            _stage_failure(stage, layer, plan) for stage, layer in zip(plan.stages, case.spec.layers, strict=True)
        )
        yield Inequality(f"{case.name}, {plan.construction} ({case.first_activation})", total, plan.failure_probability)


def _stage_failure(stage: Stage, layer: LayerSpec, plan: WidthRequirement) -> float:
    """P(some class of helper neurons stays open) + P(too many rows fail)."""
    p = min(1.0, problems_of_a_row(stage, layer) * stage.problem_probability)
    if stage.layer == len(plan.stages) or stage.copies == 1:
        return _open_classes(stage, layer) + layer.n_out * p
    rows = stage.copies + stage.spare_rows
    one = rows * p / (stage.spare_rows + 1)
    if stage.block is None:
        one = float(binomial_above(rows, p, stage.spare_rows))
    return _open_classes(stage, layer) + stage.used_neurons * one


def problems_of_a_row(stage: Stage, layer: LayerSpec) -> int:
    """Subset sums of one row; one more for the sum of |w_k| of a one-for-one row."""
    classes = 2 if _splits(stage) and layer.two_signed_inputs else 1
    return layer.row_nonzeros * classes + (layer.max_bias > 0) + (stage.block is None)


def _splits(stage: Stage) -> bool:
    return stage.block is not None and stage.block.rule.split


def _open_classes(stage: Stage, layer: LayerSpec) -> float:
    """P(the helper layer does not fill every base set): constants, inputs of one sign, inputs of both signs."""
    if stage.block is None:
        return 0.0
    fits, half = (
        stage.sizes.helper_constant.fits if stage.sizes.helper_constant else 1.0,
        0.5 if _splits(stage) else 1.0,
    )
    groups = [
        Group(1, 1, stage.sizes.constant, fits),
        Group(layer.one_signed_inputs, 1, stage.sizes.one_signed, half),
        Group(layer.two_signed_inputs, 2 if _splits(stage) else 1, stage.sizes.two_signed, half),
    ]
    return open_class_probability(groups, stage.helper_width // stage.block.rule.neurons_per_variable)


def base_sets(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Variables reach the largest weight, and there are as many of them as the theorem asks at that tolerance."""
    for case in cases():
        plan = case.plan()
        for stage, layer in zip(plan.stages, case.spec.layers, strict=True):
            for law, size, unit in _variables(stage, layer):
                where = f"{case.name}, {plan.construction} ({case.first_activation}), layer {stage.layer}, {law}"
                yield Inequality(f"{where}: largest weight in reach", layer.max_weight, unit * (1 + _FLOATS))
                tolerance = min(stage.sizes.tolerance / unit, 0.99)
                asked = bounds.sufficient_size(
                    tolerance, stage.problem_probability, law, window=min(1.0, layer.max_weight / unit)
                )
                if stage.sizes.cap is None:
                    yield Inequality(f"{where}: variables", asked.size, size)


def rows(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Each layer holds the rows it owes: copies for the base sets above, spares, constants; these reach the biases."""
    for case in cases():
        plan = case.plan()
        for below, stage in pairwise(plan.stages):
            where = f"{case.name}, {plan.construction} ({case.first_activation}), layer {below.layer}"
            if stage.block is None:
                yield Inequality(f"{where}: copies for the base sets above", stage.sizes.two_signed, below.copies)
                constants = below.constants.needed if below.constants else 0
                yield Inequality(f"{where}: constants for the biases above", stage.sizes.constant, constants)
            planned = below.used_neurons * (below.copies + below.spare_rows)
            planned += below.constants.rows if below.constants else 0
            yield Inequality(f"{where}: rows", planned, below.row_width)
        for stage, layer in zip(plan.stages, case.spec.layers, strict=True):
            if layer.max_bias > 0 and stage.sizes.helper_constant is not None:
                asked = _constants_asked(stage, layer)
                yield Inequality(f"{case.name}, layer {stage.layer}: constants", asked, stage.sizes.constant)
                reach = stage.sizes.sigma * stage.sizes.helper_constant.low
                yield Inequality(f"{case.name}, layer {stage.layer}: bias in reach", stage.demand.bias_target, reach)


def _constants_asked(stage: Stage, layer: LayerSpec) -> int:
    """Corollary 8 for w c with low <= |c| <= high: contains U[-sigma low, sigma low] with weight low/high."""
    constant = stage.sizes.helper_constant
    assert constant is not None
    half_width = stage.sizes.sigma * constant.low
    tolerance = min(stage.sizes.tolerance, 0.5 * half_width)
    return contained_size(
        tolerance, stage.problem_probability, constant.low / constant.high, half_width, layer.max_bias
    )


def _variables(stage: Stage, layer: LayerSpec) -> list[tuple[str, int, float]]:
    """(law, size, range) of the base sets of weights."""
    if stage.block is None:
        return [("uniform", stage.sizes.two_signed, stage.sizes.sigma)]
    assert stage.sizes.helper_scale is not None
    phi, split = stage.block.activation, stage.block.rule.split
    plus, minus = (abs(float(number(m))) for m in (phi.m_plus, phi.m_minus))
    total = abs(float(number(phi.m_plus + phi.m_minus)))
    pairs = stage.block.rule.neurons_per_variable == 2
    scale = stage.sizes.sigma * stage.sizes.helper_scale
    both, one = (total if split or pairs else plus), (total if pairs else max(plus, minus))
    kinds = [
        (stage.sizes.two_signed, both, layer.two_signed_inputs),
        (stage.sizes.one_signed, one, layer.one_signed_inputs),
    ]
    return [("product", size, slope * scale) for size, slope, count in kinds if count]
