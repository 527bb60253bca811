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
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_matrix

from constructions.outward import UNIT_ROUNDOFF, gamma
from empirical.sup_error.anatomy import LiveLayer, live_layers
from empirical.sup_error.evaluation import evaluation_error, layer_ranges
from empirical.sup_error.forms import Basis, Forms
from empirical.sup_error.outward import (
    TINY,
    FloatArray,
    IndexArray,
    Interval,
    Sparse,
    add,
    dense_image,
    exactly,
    inflation,
    intersect,
    multiply,
    symmetric,
    take,
    zeros,
)
from empirical.sup_error.shape import Shape, shape

if TYPE_CHECKING:
    from constructions.target import TargetNetwork


class Affine(NamedTuple):
    """What one layer ``y = phi(W y' + b)`` of the target is, wherever its input comes from.

    ``weights``, ``slack``  W with merged columns and a bound of the rounding of that sum, (n_out, n_in);
    ``distinct``            the neurons that stand for themselves.
    """

    weights: FloatArray
    slack: FloatArray
    bias: FloatArray
    shape: Shape
    distinct: IndexArray


@dataclass(frozen=True, eq=False)
class TargetLayer:
    """One layer on a box: enclosures of its pre-activations and values, forms of the values."""

    affine: Affine
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
        layers = enumerate(zip(self.layers, self.live, strict=True))
        known = {index: take(layer.preactivation, live.neurons) for index, (layer, live) in layers}
        return evaluation_error(self.live, self.domain, layer_ranges(self.live, self.domain, known))


_FACTS: WeakKeyDictionary[TargetNetwork, TargetFacts] = WeakKeyDictionary()


def target_facts(target: TargetNetwork) -> TargetFacts:
    """Return the facts about ``target``, which is immutable, from a cache that lives as long as it does."""
    found = _FACTS.get(target)
    if found is None:
        matrices = [(csr_matrix(weight), bias) for weight, bias in zip(target.weights, target.biases, strict=True)]
        live = live_layers(matrices, list(target.activations))
        found = _FACTS[target] = _on_box(_affine_layers(target), live, *target.domain)
    return found


def restricted(facts: TargetFacts, lower: FloatArray, upper: FloatArray) -> TargetFacts:
    """Return the facts about the same target on a smaller box."""
    return _on_box([layer.affine for layer in facts.layers], facts.live, lower, upper)


def _affine_layers(target: TargetNetwork) -> list[Affine]:
    layers = []
    merge = np.arange(len(target.domain[0]))
    for weight, bias, name in zip(target.weights, target.biases, target.activations, strict=True):
        merged, slack = _merge_columns(weight, merge)
        merge = _representatives(weight, bias)
        layers.append(Affine(merged, slack, bias, shape(name), np.unique(merge)))
    return layers


def _on_box(affine: list[Affine], live: tuple[LiveLayer, ...], lower: FloatArray, upper: FloatArray) -> TargetFacts:
    basis, value = Basis.of_box(lower, upper), Interval(lower, upper)
    identity = np.eye(len(lower))
    forms = Forms.on(basis, basis.coefficients(identity, identity), zeros(len(lower)))
    layers: list[TargetLayer] = []
    for layer in affine:
        layers.append(_layer(basis, forms, value, layer))
        forms, value = layers[-1].forms, layers[-1].value
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


def _layer(basis: Basis, forms: Forms, inputs: Interval, affine: Affine) -> TargetLayer:
    weights, slack, bias, phi, _ = affine
    coefficients, rest = forms.image(Sparse.dense(weights))
    spread = (slack * forms.sizes).sum(axis=1) * inflation(len(forms.sizes)) + TINY
    preforms = Forms.on(basis, coefficients, add(rest, exactly(bias), symmetric(spread)))
    plain = add(dense_image(weights, slack, inputs), exactly(bias))
    preactivation = intersect(plain, preforms.range(basis))
    slope, intercept = phi.chord(preactivation)
    rounding = 2 * UNIT_ROUNDOFF * np.abs(slope) * preforms.sizes
    rest = add(multiply(exactly(slope), preforms.rest), intercept, symmetric(rounding))
    forms = Forms.on(basis, coefficients * slope[:, None], rest)
    return TargetLayer(affine, preactivation, intersect(phi.proven_image(preactivation), forms.range(basis)), forms)
