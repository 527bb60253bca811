"""Evaluating the moving part of a network: in float64, with enclosures, and the error of the former.

No product runs through a threaded library, so every value is the same with any number of threads.
"""

from __future__ import annotations

import numpy as np

from empirical.sup_error.anatomy import LiveLayer
from empirical.sup_error.outward import FloatArray, Interval, add, exactly, inflation, intersect, magnitude


def preactivations(layers: tuple[LiveLayer, ...], inputs: FloatArray) -> list[FloatArray]:
    """Return the float64 pre-activations (neurons, batch) of every layer at ``inputs`` (batch, n_0)."""
    values, found = np.ascontiguousarray(inputs.T), []
    for layer in layers:
        offset = 0.5 * layer.offset.low + 0.5 * layer.offset.high
        found.append(layer.weights.csr @ values + offset[:, None])
        values = layer.shape.numeric.numpy(found[-1])
    return found


def outputs(layers: tuple[LiveLayer, ...], inputs: FloatArray) -> FloatArray:
    """Return the float64 outputs (batch, n_L) at ``inputs`` (batch, n_0)."""
    return np.ascontiguousarray(layers[-1].shape.numeric.numpy(preactivations(layers, inputs)[-1]).T)


def enclose_outputs(layers: tuple[LiveLayer, ...], point: FloatArray) -> Interval:
    """Enclose the real-number outputs at one input."""
    values = exactly(point)
    for layer in layers:
        values = layer.shape.image(add(layer.weights.image(values), layer.offset))
    return values


def layer_ranges(
    layers: tuple[LiveLayer, ...], domain: Interval, known: dict[int, Interval] | None = None
) -> list[tuple[Interval, Interval]]:
    """Enclose pre-activations and values of every layer over the box by interval arithmetic.

    ``known`` are further enclosures of the pre-activations of some layers.
    """
    values, found = domain, []
    for index, layer in enumerate(layers):
        before = add(layer.weights.image(values), layer.offset)
        if known and index in known:
            before = intersect(before, known[index])
        values = layer.shape.image(before)
        found.append((before, values))
    return found


def evaluation_error(
    layers: tuple[LiveLayer, ...], domain: Interval, ranges: list[tuple[Interval, Interval]]
) -> FloatArray:
    """Bound, for every output and all x in the box, the error of evaluating the network in float64, in any order.

    ``ranges`` as from :func:`layer_ranges`. Assumes the relative errors of ``constructions.nonlinearity``.
    """
    inputs, error = magnitude(domain), np.zeros(len(domain.low))
    for layer, (before, values) in zip(layers, ranges, strict=True):
        inherited = layer.weights.bound(error) + layer.offset_error
        absolute = (layer.weights.bound(inputs) + layer.offset_size) * inflation(1)
        terms = layer.weights.terms + layer.offset_terms
        inputs = magnitude(values)
        error = layer.shape.evaluation_error(before, inputs, inherited * inflation(1), absolute, terms)
    return error


def covers_float64(layers: tuple[LiveLayer, ...]) -> bool:
    """Whether the float64 evaluation of every activation has a known error."""
    return all(bool(np.isfinite(layer.shape.numeric.relative_error)) for layer in layers)
