"""What the certificate needs to know of a target network, computed once per target.

Per layer l = 1..L: enclosures of the pre-activations z and of the values y = phi(z) over the box, and forms of both
in the input, ``z, y in F t(x) + r``: affine layers map forms to forms exactly up to rounding, phi is replaced by a
chord, ``phi(z) in c z + r'``.

Neurons of one layer with equal rows and biases are one function. They are merged: the first stands for all, and the
columns of the layer above are added up, because no matching can tell their copies apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_matrix

from constructions.outward import UNIT_ROUNDOFF, gamma
from empirical.sup_error.anatomy import LiveLayer, live_layers
from empirical.sup_error.evaluation import evaluation_error, layer_ranges
from empirical.sup_error.forms import Basis, Forms
from empirical.sup_error.outward import (
    FloatArray,
    IndexArray,
    Interval,
    Sparse,
    add,
    exactly,
    inflation,
    intersect,
    multiply,
    zeros,
)
from empirical.sup_error.shape import Shape, shape

if TYPE_CHECKING:
    from constructions.target import TargetNetwork


@dataclass(frozen=True, eq=False)
class TargetLayer:
    """One layer ``y = phi(z)``, ``z = W y' + b`` of the target.

    ``weights``, ``slack``  W with merged columns and a bound of the rounding of that sum, (n_out, n_in).
    ``distinct``            the neurons that stand for themselves.
    ``preactivation``, ``value``, ``forms``  enclosures of z and y, forms of y.
    """

    weights: FloatArray
    slack: FloatArray
    bias: FloatArray
    shape: Shape
    distinct: IndexArray
    preactivation: Interval
    value: Interval
    forms: Forms


@dataclass(frozen=True, eq=False)
class TargetFacts:
    """The target as the certificate sees it; ``live`` serves its evaluation."""

    basis: Basis
    domain: Interval
    layers: tuple[TargetLayer, ...]
    live: tuple[LiveLayer, ...]

    @cached_property
    def evaluation_error(self) -> FloatArray:
        """Bounds of the error of evaluating the outputs in float64."""
        return evaluation_error(self.live, self.domain, layer_ranges(self.live, self.domain))


_FACTS: WeakKeyDictionary[TargetNetwork, TargetFacts] = WeakKeyDictionary()


def target_facts(target: TargetNetwork) -> TargetFacts:
    """Return the facts about ``target``, which is immutable, from a cache that lives as long as it does."""
    found = _FACTS.get(target)
    if found is None:
        found = _FACTS[target] = _facts(target)
    return found


def _facts(target: TargetNetwork) -> TargetFacts:
    lower, upper = target.domain
    basis = Basis.of_box(lower, upper)
    identity = np.eye(len(lower))
    forms = Forms.on(basis, basis.coefficients(identity, identity), zeros(len(lower)))
    layers: list[TargetLayer] = []
    merge = np.arange(len(lower))
    ranges = zip(target.preactivation_ranges(), target.ranges()[1:], strict=True)
    for weight, bias, name, (before, after) in zip(
        target.weights, target.biases, target.activations, ranges, strict=True
    ):
        merged, slack = _merge_columns(weight, merge)
        layer = _layer(basis, forms, (merged, slack, bias), shape(name), (Interval(*before), Interval(*after)))
        layers.append(layer)
        forms, merge = layer.forms, _representatives(weight, bias)
    matrices = [(csr_matrix(weight), bias) for weight, bias in zip(target.weights, target.biases, strict=True)]
    live = live_layers(matrices, list(target.activations))
    return TargetFacts(basis, Interval(lower, upper), tuple(layers), live)


def _representatives(weight: FloatArray, bias: FloatArray) -> IndexArray:
    """Return for every neuron the first neuron of its layer with the same row and bias."""
    _, first, inverse = np.unique(np.column_stack((weight, bias)), axis=0, return_index=True, return_inverse=True)
    return first[inverse.ravel()]


def _merge_columns(weight: FloatArray, representatives: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Add the columns of equal neurons up; return the sums and a bound of their rounding."""
    if (representatives == np.arange(len(representatives))).all():
        return weight, np.zeros_like(weight)
    merged, sizes = np.zeros_like(weight), np.zeros_like(weight)
    np.add.at(merged.T, representatives, weight.T)
    np.add.at(sizes.T, representatives, np.abs(weight).T)
    return merged, gamma(len(representatives)) * sizes * inflation(len(representatives))


def _layer(
    basis: Basis,
    forms: Forms,
    affine: tuple[FloatArray, FloatArray, FloatArray],
    phi: Shape,
    ranges: tuple[Interval, Interval],
) -> TargetLayer:
    weight, slack, bias = affine
    coefficients, rest = forms.image(Sparse.dense(weight))
    spread = slack @ forms.sizes * inflation(len(forms.sizes))
    preforms = Forms.on(basis, coefficients, add(rest, exactly(bias), Interval(-spread, spread)))
    preactivation = intersect(ranges[0], preforms.range(basis))
    value = intersect(ranges[1], phi.proven_image(preactivation))
    slope, intercept = phi.chord(preactivation)
    scaled = coefficients * slope[:, None]
    rounding = 2 * UNIT_ROUNDOFF * np.abs(slope) * preforms.sizes
    rest = add(multiply(exactly(slope), preforms.rest), intercept, Interval(-rounding, rounding))
    distinct = np.unique(_representatives(weight, bias))
    return TargetLayer(weight, slack, bias, phi, distinct, preactivation, value, Forms.on(basis, scaled, rest))
