r"""How the error and the failure probability are shared among the stages of a requirement.

Stage l may add the error alpha_l eps and fail with probability beta_l delta, sum alpha = sum beta = 1. One more
variable per problem costs stage l about c_l neurons, and it buys a constant factor of tolerance or of failure
probability, so the width is nearly sum_l c_l (A log(1/(alpha_l eps)) + B log(1/(beta_l delta))) + const: least for
alpha_l = beta_l = c_l/sum c (Lagrange). The c_l depend on the target only, not on eps and delta, so every rule keeps
widths monotone.
Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bounds.network import LayerSpec, NetworkSpec
from bounds.widths.blocks import Block
from bounds.widths.constructions import Construction

_SHRINK = 1 - 2.0**-20
_LARGEST_OWN_ERROR = 0.25
_LEAST_SHARE = 0.01


def _by_cost(costs: list[float]) -> list[float]:
    """Return shares proportional to cost, none below a hundredth of an equal one, summing to at most 1."""
    least = _LEAST_SHARE / len(costs)
    total = math.fsum(costs) or 1.0
    return [(least + (1 - _LEAST_SHARE) * cost / total) * _SHRINK for cost in costs]


SPLITS: dict[str, Callable[[list[float]], list[float]]] = {
    "equal": lambda costs: [1 / len(costs)] * len(costs),
    "by cost": _by_cost,
}


def neurons_per_variable(spec: NetworkSpec, rule: Construction, block: Block, number: int) -> float:
    """Return c_l: how many source neurons one more variable per problem costs at target layer ``number``."""
    layer = spec.layers[number - 1]
    if not rule.two_for_one(number):
        return float(layer.one_signed_inputs + layer.two_signed_inputs)
    split = 2 if block.rule.split else 1
    inputs = layer.one_signed_inputs + layer.two_signed_inputs * split
    return float(inputs * split * block.rule.neurons_per_variable)


@dataclass(frozen=True, slots=True)
class Budget:
    """eps and delta with the shares of every stage, layer 1 first, and the name of the split."""

    tolerance: float
    failure_probability: float
    shares: tuple[float, ...]
    split: str

    def error(self, number: int) -> float:
        """Return alpha_l eps, the output error that stage ``number`` may cause."""
        return self.shares[number - 1] * self.tolerance

    def error_below(self, number: int) -> float:
        """Return the output error that the stages below ``number`` may cause together."""
        return math.fsum(self.shares[: number - 1]) * self.tolerance

    def failure(self, number: int) -> float:
        """Return beta_l delta."""
        return self.shares[number - 1] * self.failure_probability


@dataclass(frozen=True, slots=True)
class Above:
    """What the stages above ask of the one being solved.

    ``gain``       factor by which an error of this layer's neurons reaches the output.
    ``pull``       the same for the pre-activations whose range is relied on, in units of what they may move.
    ``margin``     how far this layer's own pre-activations may move for the signs that the next stage relies on.
    """

    gain: float
    copies: int
    constants: int
    pull: float = 0.0
    margin: float = math.inf

    def reliance(self, layer: LayerSpec) -> float:
        """Return the largest factor by which a pre-activation error of ``layer`` uses up a range that is relied on."""
        return max(1 / min(layer.enlargement, self.margin), layer.lipschitz * self.pull)

    def own_error(self, layer: LayerSpec, budget: Budget, number: int) -> float:
        """Return A_l: its share of eps, and at most half its share of every range that is relied on."""
        gain, reliance = self.gain * layer.lipschitz, self.reliance(layer)
        share = budget.error(number) / gain if gain > 0 else math.inf
        within = 0.5 * budget.shares[number - 1] / reliance if reliance > 0 else math.inf
        return min(share, within, _LARGEST_OWN_ERROR) * _SHRINK

    def input_error(self, spec: NetworkSpec, number: int, budget: Budget) -> float:
        """Return a bound of e_{l-1} for a two-for-one stage: what the layers below may cause, seen through R_l."""
        layer = spec.layers[number - 1]
        gain = self.gain * layer.lipschitz * layer.row_sum
        if number == 1 or layer.row_sum == 0:
            return 0.0
        return min(budget.error_below(number) / gain if gain > 0 else math.inf, _largest_error(spec, number - 1))


def _largest_error(spec: NetworkSpec, number: int) -> float:
    """Return a bound of e_l that follows from the cap on every layer's own error alone."""
    error = 0.0
    for layer in spec.layers[:number]:
        error = layer.lipschitz * (_LARGEST_OWN_ERROR + layer.row_sum * error)
    return error
