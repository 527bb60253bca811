"""The tracked neurons of one ticket layer, and what feeds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from empirical.sup_error.forms import Forms
from empirical.sup_error.outward import (
    FloatArray,
    IndexArray,
    Interval,
    Sparse,
    add,
    down,
    intersect,
    magnitude,
    multiply,
    take,
    up,
)
from empirical.sup_error.target_facts import TargetLayer


class LocalSlopes(NamedTuple):
    """Per target neuron: quotients of phi over its own range enlarged by its copies' errors, their centre and radius.

    ``curvature`` is kappa, a Lipschitz constant of phi' there, ``inf`` across a kink.
    """

    quotients: Interval
    centre: FloatArray
    radius: FloatArray
    curvature: FloatArray


@dataclass(frozen=True, eq=False)
class Feed:
    """How a level arises from the one below: ``delta = M (phi(z + delta') - phi(z)) + D y + constant``.

    ``weights`` is M, rows are the neurons fed; ``surplus`` is D, rows by target neurons below, within ``slack``.
    """

    below: Level
    weights: Sparse
    surplus: FloatArray
    slack: FloatArray
    constant: Interval


@dataclass(frozen=True, eq=False)
class Level:
    """Tracked neurons that copy the neurons ``groups`` of a target layer.

    ``error``  encloses by how much their pre-activations differ from the originals';
    ``forms``  the same differences as functions of the input;
    ``feed``   where they come from, None if from the input.
    """

    groups: IndexArray
    layer: TargetLayer
    error: Interval
    forms: Forms
    feed: Feed | None

    @cached_property
    def slopes(self) -> LocalSlopes:
        """The slopes of every target neuron of the layer, valid for all its copies."""
        low, high = np.zeros(len(self.layer.affine.bias)), np.zeros(len(self.layer.affine.bias))
        np.minimum.at(low, self.groups, self.error.low)
        np.maximum.at(high, self.groups, self.error.high)
        reached = Interval(down(self.layer.preactivation.low + low), up(self.layer.preactivation.high + high))
        quotients = self.layer.affine.shape.slopes(reached)
        centre = 0.5 * quotients.low + 0.5 * quotients.high
        radius = up(np.maximum(quotients.high - centre, centre - quotients.low))
        return LocalSlopes(quotients, centre, radius, self.layer.affine.shape.curvature(reached))

    @cached_property
    def size(self) -> FloatArray:
        """Bounds of the absolute differences of the pre-activations."""
        return magnitude(self.error)

    @cached_property
    def value_error(self) -> Interval:
        """Enclosures of ``phi(z + delta) - phi(z)``."""
        return multiply(take(self.slopes.quotients, self.groups), self.error)

    @cached_property
    def value(self) -> Interval:
        """Enclosures of the values of the neurons; where phi has one sign they have it too."""
        near = add(take(self.layer.value, self.groups), self.value_error)
        return intersect(near, self.layer.affine.shape.coarse_image(self.preactivation))

    @property
    def preactivation(self) -> Interval:
        """Enclosures of the pre-activations of the neurons."""
        return add(take(self.layer.preactivation, self.groups), self.error)
