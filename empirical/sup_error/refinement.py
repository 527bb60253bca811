"""A tighter certificate by cutting the box: every part is bounded by itself, the worst part is cut again.

On a smaller box slopes and ranges vary less, so the bounds approach the truth. The number of parts is fixed beforehand,
not the time, so that the result is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np

from empirical.sup_error.outward import FloatArray, Interval
from empirical.sup_error.target_facts import TargetFacts, restricted


class Part(NamedTuple):
    """One part of the box with its bounds; ``rank`` is minus their norm, ``number`` orders parts of equal rank."""

    rank: float
    number: int
    facts: TargetFacts
    per_output: FloatArray


def refine(
    bound: Callable[[TargetFacts], FloatArray],
    total: Callable[[FloatArray], float],
    facts: TargetFacts,
    first: FloatArray,
    parts: int,
    goal: float,
) -> tuple[FloatArray, Interval]:
    """Return bounds per output that hold on the whole box, from at most ``parts`` parts of it, and the worst part.

    ``first`` holds on the whole box, ``bound`` gives the bounds of one part, ``total`` their norm; cutting ends early
    once no norm is above ``goal``.
    """
    numbers = count()
    queue = [Part(-total(first), next(numbers), facts, first)]
    while len(queue) < parts and -queue[0].rank > goal:
        halves = _halves(queue[0].facts)
        if halves is None:
            break
        part = heappop(queue)
        for lower, upper in halves:
            half = restricted(part.facts, lower, upper)
            found = np.minimum(bound(half), part.per_output)
            heappush(queue, Part(-total(found), next(numbers), half, found))
    return np.max([part.per_output for part in queue], axis=0), queue[0].facts.domain


def _halves(facts: TargetFacts) -> list[tuple[FloatArray, FloatArray]] | None:
    """Cut where the first layer of the target varies most; None if no cut is left in float64."""
    lower, upper = facts.domain
    weights = np.abs(facts.layers[0].affine.weights).sum(axis=0)
    position = int(np.argmax((upper - lower) * (weights + weights.max(initial=0.0) * 2.0**-10)))
    middle = 0.5 * lower[position] + 0.5 * upper[position]
    if not lower[position] < middle < upper[position]:
        return None
    below, above = upper.copy(), lower.copy()
    below[position] = above[position] = middle
    return [(lower, below), (above, upper)]
