"""What a ticket computes, read off its masks: which neurons are constant, which ones move with the input.

A neuron is *live* if a path of surviving weights leads from it to an output, *constant* if none leads to it from an
input, and *moving* otherwise. Dead neurons are dropped. The value of a constant is enclosed from the exact weights
and enters the layer above as part of an offset, so what remains is a smaller network of moving neurons: ``x^l =
phi_l(A_l x^(l-1) + o_l)``, o_l in an interval. Outputs count as moving even if they are constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from constructions.outward import gamma
from empirical.sup_error.outward import (
    TINY,
    FloatArray,
    IndexArray,
    Interval,
    Sparse,
    around,
    inflation,
    magnitude,
    midpoint_radius,
    row_sums,
    take,
)
from empirical.sup_error.shape import Shape, shape

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Matrices = list[tuple[csr_matrix, FloatArray]]


@dataclass(frozen=True, eq=False)
class LiveLayer:
    """One layer on its moving neurons: ``x -> phi(A x + o)``.

    ``neurons``       indices of the rows in the source layer; ``weights`` is A, exact; ``offset`` encloses o.
    ``offset_size``   sum of the absolute terms of o, ``offset_terms`` the largest number of them.
    ``offset_error``  bound of the error that the float64 values of the constants bring along.
    """

    neurons: IndexArray
    weights: Sparse
    offset: Interval
    offset_size: FloatArray
    offset_error: FloatArray
    offset_terms: int
    shape: Shape

    @cached_property
    def univariate(self) -> bool:
        """Whether every row has one surviving weight and nothing else."""
        return bool((self.weights.counts == 1).all() and not self.offset_size.any())


class Entries(NamedTuple):
    """Surviving weights of the live rows of a layer, by rows."""

    rows: IndexArray
    columns: IndexArray
    weights: FloatArray

    def at(self, chosen: Flags) -> Entries:
        """Return some of the entries."""
        return Entries(self.rows[chosen], self.columns[chosen], self.weights[chosen])


class Offset(NamedTuple):
    """Biases and constants of all rows of a layer, fields as in :class:`LiveLayer`."""

    value: Interval
    size: FloatArray
    error: FloatArray
    terms: int

    def at(self, rows: IndexArray) -> tuple[Interval, FloatArray, FloatArray, int]:
        """Return the offset of some rows."""
        return take(self.value, rows), self.size[rows], self.error[rows], self.terms


class Below(NamedTuple):
    """The neurons below a layer: which ones move; the value and evaluation error of the others."""

    moving: Flags
    value: Interval
    error: FloatArray


def live_layers(matrices: Matrices, activations: list[str]) -> tuple[LiveLayer, ...]:
    """Return the network of the moving neurons of a masked network with the given matrices and biases."""
    inputs = matrices[0][0].shape[1]
    below = Below(np.ones(inputs, dtype=bool), Interval(np.zeros(inputs), np.zeros(inputs)), np.zeros(inputs))
    entries = _live_entries(matrices)
    layers = []
    for index, ((_, bias), name) in enumerate(zip(matrices, activations, strict=True)):
        live = np.ones(len(bias), dtype=bool)
        moving = live.copy()
        if index + 1 < len(matrices):
            live, moving = np.zeros_like(live), np.zeros_like(live)
            live[entries[index + 1].columns] = True
            moving[entries[index].rows[below.moving[entries[index].columns]]] = True
        layer, below = _layer(entries[index], bias, shape(name), below, (live & ~moving, moving))
        layers.append(layer)
    return tuple(layers)


def _live_entries(matrices: Matrices) -> list[Entries]:
    live = np.ones(matrices[-1][0].shape[0], dtype=bool)
    found = []
    for matrix, _ in reversed(matrices):
        weight = csr_matrix(matrix)
        if not weight.has_canonical_format:
            raise ValueError(
                f"sup_error: a weight matrix of shape {weight.shape} has unsorted or repeated positions; "
                "call its sum_duplicates() first"
            )
        rows = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
        kept = live[rows] & (weight.data != 0.0)
        entries = Entries(rows[kept], weight.indices[kept].astype(np.int64), weight.data[kept].astype(np.float64))
        live = np.zeros(weight.shape[1], dtype=bool)
        live[entries.columns] = True
        found.append(entries)
    return found[::-1]


def _layer(
    entries: Entries, bias: FloatArray, phi: Shape, below: Below, kinds: tuple[Flags, Flags]
) -> tuple[LiveLayer, Below]:
    varies = below.moving[entries.columns]
    constant, moving = kinds
    offset = _offset(entries.at(~varies), bias, below)
    neurons = np.flatnonzero(moving)
    weights = _compressed(entries.at(varies), neurons, below.moving)
    layer = LiveLayer(neurons, weights, *offset.at(neurons), phi)
    return layer, _constants(np.flatnonzero(constant), offset, phi, moving)


def _compressed(entries: Entries, neurons: IndexArray, moving_below: Flags) -> Sparse:
    rows = np.searchsorted(neurons, entries.rows)
    columns = (np.cumsum(moving_below) - 1)[entries.columns]
    return Sparse(rows, columns, entries.weights, (len(neurons), int(moving_below.sum())))


def _offset(entries: Entries, bias: FloatArray, below: Below) -> Offset:
    """Enclose ``b + sum of weight times constant`` for every row; rows without constants keep their exact bias."""

    def sums(terms: FloatArray) -> FloatArray:
        return row_sums(entries.rows, terms, len(bias))

    if not len(entries.rows):
        return Offset(Interval(bias, bias), np.abs(bias), np.zeros(len(bias)), 1)
    terms = int(np.bincount(entries.rows).max()) + 1
    middle, radius = midpoint_radius(take(below.value, entries.columns))
    absolute = np.abs(entries.weights)
    size = (sums(absolute * np.abs(middle)) + np.abs(bias)) * inflation(terms)
    slack = (sums(absolute * radius) + gamma(terms + 1) * size) * inflation(terms) + TINY
    enclosed = around(sums(entries.weights * middle) + bias, slack)
    alone = np.bincount(entries.rows, minlength=len(bias)) == 0
    value = Interval(np.where(alone, bias, enclosed.low), np.where(alone, bias, enclosed.high))
    error = sums(absolute * below.error[entries.columns]) * inflation(terms)
    return Offset(value, np.where(alone, np.abs(bias), size + slack), error, terms)


def _constants(neurons: IndexArray, offset: Offset, phi: Shape, moving: Flags) -> Below:
    """Return what the layer above has to know of this layer, whose constants are ``neurons``."""
    value, error = Interval(np.zeros(len(moving)), np.zeros(len(moving))), np.zeros(len(moving))
    if len(neurons):
        preactivation, size, inherited, terms = offset.at(neurons)
        image = phi.proven_image(preactivation)
        value.low[neurons], value.high[neurons] = image
        error[neurons] = phi.evaluation_error(preactivation, magnitude(image), inherited, size, terms)
    return Below(moving, value, error)
