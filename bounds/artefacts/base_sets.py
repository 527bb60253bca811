"""The artefact "m variables suffice": a grid on which the checker's recursion proves the number, or the closed form.

The file holds nodes v_i (shares of the window), lower bounds of growth and hit at each of them and the geometry. The
sequences W_n are functions of these by a fixed rule (docs/artefacts.md), so the checker computes them itself, in
integers. Only the grid is searched for: from coarse to fine until it proves the size that ``bounds`` states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bounds.arithmetic import ball, exact_fraction, lower, working_precision
from bounds.artefacts.files import Artefact, least_reading, rational
from bounds.laws import LAWS
from bounds.subset_sum.closed_form import closed_form
from bounds.subset_sum.computed import best_geometry
from bounds.subset_sum.dynamic_program import Recursion
from bounds.subset_sum.growth import Geometry, Steps, steps
from bounds.subset_sum.queries import Query
from bounds.subset_sum.sizes import sufficient_size

CHECKED_LAWS = ("uniform", "product")
"""Laws whose distribution the stand-alone checker knows."""
_GEOMETRY_WINDOWS = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
_WEIGHT_UNIT = 2**40
_UNIT_BITS = 16
_MOST_UNIT_BITS = 52
_MARGIN = 1 - 2.0**-20
"""The grid's size is found in float64; the checker rounds elsewhere."""


class NoSizeError(ValueError):
    """No grid reaches the tolerance."""


@dataclass(frozen=True, slots=True)
class GridRule:
    """Nodes per halving of v below 1/2 and of 1 - v above it, and the number of halvings of 1 - v."""

    below: int
    above: int
    halvings: int


_RULES = (
    GridRule(24, 8, 3),
    GridRule(48, 8, 3),
    GridRule(96, 16, 3),
    GridRule(96, 48, 4),
    GridRule(96, 96, 5),
    GridRule(192, 96, 6),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is claimed of every base set, in exact numbers.

    ``weight``  each variable follows the law with at least this probability, whatever the others are.
    """

    law: str
    tolerance: Fraction
    failure_probability: Fraction
    quantifier: str = "fixed"
    window: Fraction = Fraction(1)
    weight: Fraction = Fraction(1)

    @property
    def fixed(self) -> bool:
        """Whether the target is given in advance."""
        return self.quantifier == "fixed"


def base_set(
    tolerance: Any, failure_probability: Any, law: str = "uniform", quantifier: str = "fixed", window: Any = 1
) -> Artefact:
    """The artefact that so many variables suffice, for the size ``bounds.sufficient_size`` states.

    Arguments as there; floats stand for the decimals they print as where these are smaller. Returns kind
    "dynamic-program" or "closed-form" (docs/artefacts.md), whichever proves less; ``size`` is larger than the stated
    one where no grid of the list proves that. Raises: ValueError for a law the checker does not know or values out of
    range; NoSizeError (a ValueError) when no grid reaches the tolerance.

    >>> claim = base_set(0.1, 0.1)
    >>> claim["kind"], claim["size"], len(claim["nodes"])
    ('dynamic-program', 12, 92)
    """
    if law not in CHECKED_LAWS:
        raise ValueError(f"base_set: law={law!r} is not in the artefact format; use one of {', '.join(CHECKED_LAWS)}")
    bound = sufficient_size(float(tolerance), float(failure_probability), law, quantifier, window=float(window))
    problem = Problem(
        law, least_reading(tolerance), least_reading(failure_probability), quantifier, exact_fraction(window)
    )
    return claim_of(problem, bound.size)


def claim_of(problem: Problem, size: int) -> Artefact:
    """The artefact for a problem, aiming at ``size`` variables."""
    if problem.tolerance >= problem.window:
        return _record("closed-form", problem, 0) | {"half_width": rational(problem.window)}
    explicit = _closed_form_claim(problem)
    if explicit is not None and explicit["size"] <= size:
        return explicit
    found = _recursion_claim(problem, size)
    candidates = [claim for claim in (found, explicit) if claim is not None]
    if not candidates:
        raise NoSizeError(f"{problem}: no grid reaches this tolerance; ask for a larger one")
    return min(candidates, key=lambda claim: int(claim["size"]))


def _record(kind: str, problem: Problem, size: int) -> Artefact:
    return {
        "kind": kind,
        "law": problem.law,
        "weight": rational(problem.weight),
        "quantifier": problem.quantifier,
        "window": rational(problem.window),
        "tolerance": rational(problem.tolerance),
        "failure_probability": rational(problem.failure_probability),
        "size": size,
    }


def _recursion_claim(problem: Problem, size: int) -> Artefact | None:
    """The claim on the first grid that proves ``size``, else on the one that proves least; None if none proves any."""
    best: tuple[int, Artefact] | None = None
    for rule in _RULES:
        grid = _grid(problem, rule)
        proved = grid.size_of(problem)
        if proved is not None and (best is None or proved < best[0]):
            best = proved, grid.claim(problem, proved)
        if proved is not None and proved <= size:
            break
    return None if best is None else best[1]


@dataclass(frozen=True, slots=True)
class Grid:
    """Integer nodes, means and hits over a common unit, and the geometry they belong to."""

    unit: int
    nodes: list[int]
    mean: list[int]
    hit: list[int]
    geometry: Geometry
    first_row: NDArray[np.float64]

    def size_of(self, problem: Problem) -> int | None:
        """How many variables the recursion proves on this grid (in float64, rounded up); None if too many."""
        shares = np.array(self.nodes) / self.unit
        last = np.searchsorted(self.nodes, [min(2 * k, self.unit) for k in self.nodes])
        rounded = Steps(shares, np.array(self.mean) / self.unit, np.array(self.hit) / self.unit, last.astype(np.int64))
        return Recursion(rounded, [self.first_row]).size(float(shares[0]), float(problem.failure_probability) * _MARGIN)

    def claim(self, problem: Problem, size: int) -> Artefact:
        """The artefact for this grid."""
        return _record("dynamic-program", problem, size) | {
            "half_width": rational(self.geometry.half_width),
            "target_offset": rational(self.geometry.target_offset),
            "origin_offset": rational(self.geometry.origin_offset),
            "unit": self.unit,
            "nodes": self.nodes,
            "mean": self.mean,
            "hit": self.hit,
        }


def _grid(problem: Problem, rule: GridRule) -> Grid:
    """Nodes from the reachable share to 1, means and hits in ball arithmetic rounded down to the unit."""
    geometry = _geometry(problem)
    start = _start(problem, geometry)
    unit = 1 << min(_MOST_UNIT_BITS, _UNIT_BITS + math.ceil(-math.log2(start)))  # nodes stay exact in float64
    halvings = rule.halvings if problem.fixed else math.ceil(math.log2(4 * geometry.half_width / problem.tolerance))
    nodes = _nodes(start, unit, rule, halvings)
    shares = np.array(nodes) / unit
    weight = lower(ball(problem.weight))
    rounded = steps(problem.law, geometry, shares, problem.fixed, weight)
    missing = [2 * exact_fraction(geometry.half_width) * (1 - Fraction(k, unit)) for k in nodes]
    open_up_to = problem.tolerance - exact_fraction(geometry.half_width) * Fraction(nodes[0], unit)
    return Grid(
        unit=unit,
        nodes=nodes,
        mean=[math.floor(exact_fraction(float(value)) * unit) for value in rounded.mean],
        hit=[math.floor(exact_fraction(float(value)) * unit) for value in rounded.hit],
        geometry=geometry,
        first_row=np.array([1.0 if problem.fixed or gap > open_up_to else 0.0 for gap in missing]),
    )


def _geometry(problem: Problem) -> Geometry:
    if not problem.fixed:
        return Geometry(float(problem.window), float(problem.window), 0.0)
    return best_geometry(problem.law, next(known for known in _GEOMETRY_WINDOWS if known >= problem.window))


def _start(problem: Problem, geometry: Geometry) -> Fraction:
    """The share of the window that is reachable without variables: all of it (fixed), or half the tolerance (all)."""
    width, origin = exact_fraction(geometry.half_width), exact_fraction(geometry.origin_offset)
    if not problem.fixed:
        return problem.tolerance / (2 * width)
    return min(Fraction(1, 2), (problem.tolerance + min(problem.tolerance, width - origin)) / (2 * width))


def _nodes(start: Fraction, unit: int, rule: GridRule, halvings: int) -> list[int]:
    """Integers from start * unit to unit; below unit/2 halves of halves, so that doubling leads to a node or beside."""
    first = math.floor(start * unit)
    octave = {round(unit / 2 * 2 ** (-j / rule.below)) for j in range(rule.below)}
    below = {k >> shift for k in octave for shift in range(unit.bit_length()) if k >> shift > first}
    above = {unit - round(unit / 2 * 2 ** (-j / rule.above)) for j in range(halvings * rule.above + 1)}
    return sorted({first, *below, *above, unit})


def _closed_form_claim(problem: Problem) -> Artefact | None:
    """The claim by Corollaries 2-4, None where they have no plan; its size is the least that exact rationals prove."""
    query = Query(
        float(problem.tolerance),
        float(problem.failure_probability),
        problem.law,
        problem.quantifier,
        float(problem.window),
    )
    try:
        plan = closed_form(query)
    except ValueError:
        return None
    blocks, reach = plan.blocks, problem.window + problem.tolerance if problem.fixed else 2 * problem.window
    half_width = max(exact_fraction(plan.half_width), reach / (2 * plan.blocks))
    contained = _floor_to(_weight(problem.law, half_width) * problem.weight, _WEIGHT_UNIT)
    if contained == 0:
        return None
    start = 8 * blocks * (half_width * blocks / problem.tolerance) ** 2 / problem.failure_probability
    size = max(0, math.floor(math.log(start) / -math.log1p(-float(contained) / 4)) - 1)
    while start * (1 - contained / 4) ** size > 1:
        size += 1
    return _record("closed-form", problem, blocks * size) | {
        "half_width": rational(half_width),
        "blocks": blocks,
        "contained": rational(contained),
    }


@working_precision
def _weight(law: str, half_width: Fraction) -> Fraction:
    """A rational at or below the weight with which the law contains U[-c, c]; 0 where it has none."""
    return exact_fraction(max(0.0, lower(LAWS[law].weight(ball(half_width)))))


def _floor_to(value: Fraction, unit: int) -> Fraction:
    return Fraction(math.floor(value * unit), unit)
