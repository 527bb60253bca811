"""Which ticket layer stands for which target layer, and which ticket neuron copies which target neuron.

A helper layer is one whose moving neurons are all univariate (one surviving weight, nothing else); it is read
together with the layer above it. If the ticket has D layers and the target L, then D - L helper layers have to be
chosen, no two adjacent and not the last, such that the remaining layers have the target's activations. Two layers for
each and one layer more are tried first; other choices are ranked by how well the copies match. Copies are found by
evaluating both networks at sample points: a neuron copies the target neuron of its layer whose pre-activation is
nearest in the mean square. A wrong choice, of layers or of neurons, makes the certificate weaker, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, pairwise
from typing import NamedTuple

import numpy as np

from empirical.sup_error.anatomy import LiveLayer
from empirical.sup_error.evaluation import preactivations
from empirical.sup_error.expansion import expansion
from empirical.sup_error.outward import FloatArray, IndexArray
from empirical.sup_error.target_facts import TargetFacts

MAX_CHOICES = 64
SAMPLES = 32
CHUNK_ENTRIES = 2**22


class Alignment(NamedTuple):
    """``tracked[l]`` is the ticket layer that stands for target layer l, ``groups[l]`` the neurons its rows copy."""

    tracked: tuple[int, ...]
    groups: tuple[IndexArray, ...]
    mismatch: float


def align(facts: TargetFacts, layers: tuple[LiveLayer, ...], samples: FloatArray) -> Alignment | None:
    """Return the best alignment at ``samples`` (batch, n_0), or None if the ticket's layers do not fit the target's."""
    usual = _usual_helpers(len(layers), len(facts.layers))
    choices = [helpers for helpers in _choices(facts, layers) if _fits(helpers, facts, layers)]
    if not choices:
        return None
    if usual in choices:
        choices = [usual]
    ticket, target = preactivations(layers, samples), preactivations(facts.live, samples)
    found = [_alignment(facts, layers, helpers, ticket, target) for helpers in choices]
    return min(found, key=lambda alignment: alignment.mismatch)


def _usual_helpers(depth: int, target_depth: int) -> tuple[int, ...] | None:
    if depth == target_depth + 1:
        return (0,)
    return tuple(range(0, depth, 2)) if depth == 2 * target_depth else None


def _choices(facts: TargetFacts, layers: tuple[LiveLayer, ...]) -> Iterator[tuple[int, ...]]:
    surplus = len(layers) - len(facts.layers)
    if surplus < 0:
        return iter(())
    candidates = [
        t for t, layer in enumerate(layers[:-1]) if layer.univariate and expansion(layer.shape.name) is not None
    ]
    spread = (c for c in combinations(candidates, surplus) if all(b - a > 1 for a, b in pairwise(c)))
    return islice(spread, MAX_CHOICES)


def _tracked(helpers: tuple[int, ...], depth: int) -> tuple[int, ...]:
    return tuple(t for t in range(depth) if t not in helpers)


def _fits(helpers: tuple[int, ...], facts: TargetFacts, layers: tuple[LiveLayer, ...]) -> bool:
    tracked = _tracked(helpers, len(layers))
    return all(
        layers[t].shape.function.expression == layer.affine.shape.function.expression
        for t, layer in zip(tracked, facts.layers, strict=True)
    )


def _alignment(
    facts: TargetFacts,
    layers: tuple[LiveLayer, ...],
    helpers: tuple[int, ...],
    ticket: list[FloatArray],
    target: list[FloatArray],
) -> Alignment:
    tracked = _tracked(helpers, len(layers))
    groups, mismatch = [], 0.0
    for t, layer, live, theirs in zip(tracked[:-1], facts.layers, facts.live, target, strict=False):
        known = np.isin(live.neurons, layer.affine.distinct)
        if not known.any():  # the target is constant from here on; its first neuron serves
            groups.append(np.zeros(len(ticket[t]), dtype=np.int64))
            continue
        nearest, distance = _nearest(ticket[t], theirs[known])
        groups.append(live.neurons[known][nearest])
        mismatch += float(distance.max(initial=0.0))
    outputs = np.arange(len(facts.layers[-1].affine.bias))
    return Alignment(tracked, (*groups, outputs), mismatch)


def _nearest(points: FloatArray, centres: FloatArray) -> tuple[IndexArray, FloatArray]:
    """Return for every row of ``points`` the index of the nearest row of ``centres`` and its squared distance."""
    middle = centres.mean(axis=0)
    shifted, centred = points - middle, centres - middle
    norms = np.einsum("jm,jm->j", centred, centred)
    nearest = np.empty(len(points), dtype=np.int64)
    step = max(1, CHUNK_ENTRIES // max(1, len(centres)))
    for start in range(0, len(points), step):
        rows = slice(start, start + step)
        nearest[rows] = (norms - 2.0 * np.einsum("im,jm->ij", shifted[rows], centred)).argmin(axis=1)
    return nearest, ((points - centres[nearest]) ** 2).mean(axis=1)
