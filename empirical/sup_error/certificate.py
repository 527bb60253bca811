"""The certified upper bound: the difference between ticket and target, propagated layer by layer.

Assumptions: none on the ticket beyond its matrices; the target's activations are continuous; the float64 part assumes
the relative errors stated in ``constructions.nonlinearity``. Proofs: docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empirical.sup_error.alignment import Alignment, align
from empirical.sup_error.anatomy import LiveLayer
from empirical.sup_error.blocks import Block, direct_block, fused_block
from empirical.sup_error.evaluation import covers_float64, evaluation_error, layer_ranges
from empirical.sup_error.expansion import expansion
from empirical.sup_error.levels import Level
from empirical.sup_error.outward import FloatArray, Interval, magnitude, subtract, up
from empirical.sup_error.propagation import first_level, next_level
from empirical.sup_error.refinement import refine
from empirical.sup_error.target_facts import TargetFacts

NEGLIGIBLE = 2.0**-20


@dataclass(frozen=True, eq=False)
class Certificate:
    """Bounds of ``|ticket_i(x) - target_i(x)|`` over the box, one per output.

    ``exact``         for the real-number functions;
    ``evaluation``    error of computing both in float64, to be added (0 where it is not known, see ``covers_float64``);
    ``plain``         what separate interval arithmetic on both networks gives;
    ``worst``         the part of the box with the largest bound;
    ``aligned``       whether the ticket's layers could be read as the target's.
    """

    exact: FloatArray
    evaluation: FloatArray
    plain: FloatArray
    worst: Interval
    aligned: bool
    covers_float64: bool

    @property
    def per_output(self) -> FloatArray:
        """Bounds of what evaluating both networks in float64 can differ by, rounded up."""
        return up(self.exact + self.evaluation)


def certify(
    facts: TargetFacts,
    layers: tuple[LiveLayer, ...],
    samples: FloatArray,
    parts: int = 1,
    goal: float = 0.0,
    total: Callable[[FloatArray], float] = np.max,
) -> Certificate:
    """Bound the difference of the ticket made of ``layers`` and the target.

    ``samples`` serve to find the copies; the box is cut into at most ``parts`` parts, fewer if ``total`` of the bounds
    reaches ``goal`` before.
    """
    ranges = layer_ranges(layers, facts.domain)
    plain = known(magnitude(subtract(ranges[-1][1], facts.layers[-1].value)))
    alignment = align(facts, layers, samples)
    tracked = None if alignment is None else track(facts, layers, alignment)

    def bound(part: TargetFacts) -> FloatArray:
        if alignment is not None:
            return known(magnitude(track(part, layers, alignment).value_error))
        return known(magnitude(subtract(layer_ranges(layers, part.domain)[-1][1], part.layers[-1].value)))

    first = plain if tracked is None else np.minimum(plain, known(magnitude(tracked.value_error)))
    exact, worst = refine(bound, total, facts, first, parts, goal)
    covered = covers_float64(layers) and covers_float64(facts.live)
    rounding = np.zeros_like(exact)
    if covered:
        rounding = _evaluation(facts, layers, ranges)
        if alignment is not None and tracked is not None and not (rounding <= NEGLIGIBLE * exact).all():
            ranges = layer_ranges(layers, facts.domain, _tracked_ranges(alignment, tracked))
            rounding = np.minimum(rounding, _evaluation(facts, layers, ranges))
    return Certificate(exact, rounding, plain, worst, alignment is not None, covered)


def known(bounds: FloatArray) -> FloatArray:
    """Return bounds in which what overflow made undefined is infinite."""
    return np.where(np.isnan(bounds), np.inf, bounds)


def _evaluation(
    facts: TargetFacts, layers: tuple[LiveLayer, ...], ranges: list[tuple[Interval, Interval]]
) -> FloatArray:
    return known(up(evaluation_error(layers, facts.domain, ranges) + facts.evaluation_error))


def _tracked_ranges(alignment: Alignment, outputs: Level) -> dict[int, Interval]:
    """Enclose the pre-activations of the tracked layers of the ticket, from the outputs down."""
    found, level = {}, outputs
    for position in reversed(alignment.tracked):
        found[position] = level.preactivation
        level = level.feed.below if level.feed is not None else level
    return found


def track(facts: TargetFacts, layers: tuple[LiveLayer, ...], alignment: Alignment) -> Level:
    """Return the level of the outputs: the tracked layers of the ticket are followed one by one."""
    level: Level | None = None
    below = -1
    for layer, position, groups in zip(facts.layers, alignment.tracked, alignment.groups, strict=True):
        block = _block(layers, position, below, facts.domain if level is None else level.value)
        offset = layers[position].offset
        if level is None:
            level = first_level(block, offset, groups, facts)
        else:
            level = next_level(block, offset, groups, level, layer, facts.basis)
        below = position
    assert level is not None, "a target has at least one layer"
    return level


def _block(layers: tuple[LiveLayer, ...], position: int, below: int, values: Interval) -> Block:
    if position - below == 1:
        return direct_block(layers[position])
    helpers = layers[position - 1]
    found = expansion(helpers.shape.name)
    assert found is not None, "the alignment chose helpers without an expansion"
    return fused_block(helpers, layers[position], values, found)
