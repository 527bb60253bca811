"""The lower side: an input at which ticket and target differ by much, found by search and evaluated with enclosures.

Candidates: given data points, corners of the box (all of them for at most ten inputs, otherwise a seeded sample),
seeded random points, and projected ascent from the best of them: steps along the sign of the gradient, to the corner
it points to and to random points nearby, halved again and again. Search is plain float64 and proves nothing; the
difference at the best inputs is then enclosed, so what is reported is a lower bound of the supremum.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from empirical.sup_error.anatomy import LiveLayer
from empirical.sup_error.evaluation import enclose_outputs, outputs, preactivations
from empirical.sup_error.outward import FloatArray, Interval, subtract

if TYPE_CHECKING:
    from empirical.sup_error.shape import Shape

ALL_CORNERS = 10
SAMPLED_CORNERS = 64
RANDOM_POINTS = 32, 2048
FEW_RANDOM_POINTS = 128
RANDOM_WORK = 2**24
BATCH_ENTRIES = 2**23
HALVINGS = 8
STEPS_PER_HALVING = 2
PROBES = 4
FINALISTS = 3


@dataclass(frozen=True, eq=False)
class Pair:
    """Ticket and target side by side on the box."""

    ticket: tuple[LiveLayer, ...]
    target: tuple[LiveLayer, ...]
    lower: FloatArray
    upper: FloatArray
    norm: str

    @property
    def weights(self) -> int:
        """Number of weights of the ticket that are evaluated."""
        return 1 + sum(len(layer.weights.entries) for layer in self.ticket)

    def difference(self, points: FloatArray) -> FloatArray:
        """Return the error at every point (batch, n_0), in float64; -1 where it overflows, which proves nothing."""
        found = self.measure(self.signed(points))
        return np.where(np.isfinite(found), found, -1.0)

    def signed(self, points: FloatArray) -> FloatArray:
        """Return ticket minus target (batch, n_L) at every point, in float64."""
        widest = max(len(layer.neurons) for layer in self.ticket)
        step = max(1, BATCH_ENTRIES // widest)
        parts = [
            outputs(self.ticket, part) - outputs(self.target, part)
            for part in (points[start : start + step] for start in range(0, len(points), step))
        ]
        return np.concatenate(parts)

    def measure(self, differences: FloatArray) -> FloatArray:
        """Return the norm of every row."""
        sizes = np.abs(differences)
        return sizes.sum(axis=1) if self.norm == "l1" else sizes.max(axis=1)

    def gradient(self, points: FloatArray) -> FloatArray:
        """Return the gradient of the error at every point, (batch, n_0)."""
        mine, theirs = preactivations(self.ticket, points), preactivations(self.target, points)
        values = [layers[-1].shape.numeric.numpy(z[-1]) for layers, z in ((self.ticket, mine), (self.target, theirs))]
        signed = values[0] - values[1]
        weight = np.sign(signed)
        if self.norm == "linf":
            weight = np.where(np.arange(len(signed))[:, None] == np.abs(signed).argmax(axis=0), weight, 0.0)
        slope = _backward(self.ticket, mine, weight) - _backward(self.target, theirs, weight)
        return slope.T

    def enclosed(self, point: FloatArray) -> float:
        """Return a proven lower bound of the error at one input."""
        low = least_magnitude(subtract(enclose_outputs(self.ticket, point), enclose_outputs(self.target, point)))
        if self.norm == "linf":
            return float(low.max())
        total = low.sum()
        return float(total - 2.0**-52 * len(low) * total)


def least_magnitude(values: Interval) -> FloatArray:
    """Return the least |v| over each interval, 0 where overflow left nothing known."""
    return np.fmax(np.fmax(values.low, -values.high), 0.0)


def _backward(layers: tuple[LiveLayer, ...], before: list[FloatArray], weight: FloatArray) -> FloatArray:
    for layer, z in zip(reversed(layers), reversed(before), strict=True):
        weight = layer.weights.csr.T @ (weight * derivative(layer.shape, z))
    return weight


def derivative(phi: Shape, points: FloatArray) -> FloatArray:
    """Return phi' at every point by automatic differentiation, on one thread (0 where it is undefined)."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        argument = torch.tensor(points, requires_grad=True)
        value = phi.numeric.torch(argument)
        value.sum().backward()
    finally:
        torch.set_num_threads(threads)
    if argument.grad is None:
        return np.zeros_like(points)
    return np.nan_to_num(argument.grad.numpy())


def candidates(pair: Pair, data: FloatArray | None, generator: np.random.Generator, count: int) -> FloatArray:
    """Return the points to begin with: data, corners, the centre, ``count`` random points."""
    inputs = len(pair.lower)
    if inputs <= ALL_CORNERS:
        bits = np.array(list(product((False, True), repeat=inputs)))
    else:
        bits = generator.random((SAMPLED_CORNERS, inputs)) < 0.5
    corners = np.where(bits, pair.upper, pair.lower)
    spread = generator.random((count, inputs))
    inside = pair.lower + (pair.upper - pair.lower) * spread
    given = np.empty((0, inputs)) if data is None else data
    points = np.concatenate((given, corners, 0.5 * pair.lower[None] + 0.5 * pair.upper[None], inside))
    return np.clip(points, pair.lower, pair.upper)


def ascend(pair: Pair, points: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return the best points met from each of ``points`` (batch, n_0).

    Every step tries the sign of the gradient, the corner it points to and random points nearby; steps shrink by halves.
    """
    best, error = points.copy(), pair.difference(points)
    width = pair.upper - pair.lower
    for halving in range(HALVINGS):
        for _ in range(STEPS_PER_HALVING):
            slope = pair.gradient(best)
            corners = np.where(slope > 0, pair.upper, np.where(slope < 0, pair.lower, best))
            moves = width * 0.5 ** (halving + 1) * np.sign(slope)
            nearby = width * 0.5 ** (halving + 1) * (2.0 * generator.random((PROBES, *best.shape)) - 1.0)
            trials = np.concatenate((corners[None], (best + moves)[None], best + nearby))
            trials = np.clip(trials, pair.lower, pair.upper)
            errors = pair.difference(trials.reshape(-1, best.shape[1])).reshape(len(trials), -1)
            chosen = errors.argmax(axis=0), np.arange(len(best))
            better = errors[chosen] > error
            best[better], error[better] = trials[chosen][better], errors[chosen][better]
    return best


def beginnings(pair: Pair, points: FloatArray, starts: int) -> FloatArray:
    """Return ``starts`` points to ascend from: the best ones, then the best for each output and sign, then others.

    The last third is taken as it comes, so that not all ascents climb the same hill.
    """
    signed = pair.signed(points)
    best = np.argsort(-pair.measure(signed), kind="stable")[: max(1, starts // 3)]
    tops = np.concatenate((signed.argmax(axis=0), signed.argmin(axis=0)))
    values = np.concatenate((signed.max(axis=0), -signed.min(axis=0)))
    tops = tops[np.argsort(-values, kind="stable")][: max(1, starts // 3)]
    chosen = np.concatenate((best, tops, np.arange(len(points))[::-1]))
    _, first = np.unique(chosen, return_index=True)
    return points[chosen[np.sort(first)[:starts]]]


def search(pair: Pair, data: FloatArray | None, seed: int, starts: int) -> tuple[float, FloatArray]:
    """Return a proven lower bound of the supremum and the input that attains it."""
    generator = np.random.default_rng([seed, 0x5EED])
    count = int(np.clip(RANDOM_WORK // pair.weights, *RANDOM_POINTS)) if starts else FEW_RANDOM_POINTS
    points = candidates(pair, data, generator, count)
    ranked = points[np.argsort(-pair.difference(points), kind="stable")]
    if starts:
        ascended = ascend(pair, beginnings(pair, points, starts), generator)
        points = np.concatenate((ascended, ranked[:FINALISTS]))
        ranked = points[np.argsort(-pair.difference(points), kind="stable")]
    proven = [pair.enclosed(point) for point in ranked[: FINALISTS if starts else 1]]
    first = int(np.argmax(proven))
    return proven[first], ranked[first]
