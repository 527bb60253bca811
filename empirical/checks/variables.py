"""Checks of the laws of the variables and of what one more variable does to the reachable set.

Sources: docs/subset-sums.md, sections 0, 3 and 4 (Lemmas 5 and 6, Theorem 7).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from flint import arb
from scipy.optimize import linprog
from scipy.special import k0

from bounds.arithmetic import ball, working_precision
from bounds.laws import LAWS
from bounds.subset_sum import compiled_step, plain_step
from bounds.subset_sum.computed import best_geometry, computed_size
from bounds.subset_sum.dynamic_program import Recursion, fixed_target
from bounds.subset_sum.growth import Geometry, Steps, steps
from bounds.subset_sum.queries import Query
from empirical.checks.draws import DRAWS, FloatArray, limits
from empirical.checks.inequality import Inequality, equal

_PLACES = (0.05, 0.3, 0.45, 0.7, 0.95)
_TRIALS = 20_000
_SIGMAS = 5.5
_STEP = 2.0**-20
_FLOATS = 1e-9
_SOLVER = 1e-8

DENSITIES: dict[str, Callable[[float], float]] = {
    "uniform": lambda t: 0.5 * (t <= 1),
    "product": lambda t: -math.log(min(t, 1.0)) / 2,
    "normal": lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi),
    "normal_product": lambda t: float(k0(t)) / math.pi,
}


@working_precision
def _claimed(law: str, name: str, t: float) -> float:
    return float(getattr(LAWS[law], name)(ball(t)))


def law(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """Density, mass and its integral against draws, each other and the density written a second time."""
    sizes = np.abs(DRAWS[name](generator, (_TRIALS,)))
    for t in _PLACES:
        low, high = limits(sizes <= t)
        mass, density = _claimed(name, "mass", t), _claimed(name, "density", t)
        yield Inequality(f"{name}: P(|X| <= {t}) drawn at least as often as", low, 2 * mass)
        yield Inequality(f"{name}: P(|X| <= {t}) drawn at most as often as", 2 * mass, high)
        yield equal(f"{name}: p({t})", density, DENSITIES[name](t), 1e-12)
        rise = _claimed(name, "mass", t + _STEP) - _claimed(name, "mass", t - _STEP)
        yield equal(f"{name}: F'({t})", rise / (2 * _STEP), density, 1e-5)
        area = _claimed(name, "mass_integral", t + _STEP) - _claimed(name, "mass_integral", t - _STEP)
        yield equal(f"{name}: G'({t})", area / (2 * _STEP), mass, 1e-5)
        found = np.maximum(t - sizes, 0.0) / 2
        spread = _SIGMAS * float(found.std()) / math.sqrt(_TRIALS)
        yield equal(f"{name}: E (t - |X|)+ / 2 at {t}", _claimed(name, "mass_integral", t), float(found.mean()), spread)


@working_precision
def contained_uniform(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """U[-c, c] with the claimed weight lies below the density: weight/(2c) <= p(t) for 0 < t <= c."""
    for c in (0.05, 0.3, 0.6, 0.95):
        weight = float(LAWS[name].weight(arb(c)))
        for t in np.linspace(c / 16, c, 16):
            yield Inequality(f"{name}: U[-{c}, {c}] below p({t:.4g})", weight / (2 * c), DENSITIES[name](t) + _FLOATS)


GEOMETRIES = (Geometry(0.5, 0.25, 0.25), Geometry(1.0, 0.5, 0.5), Geometry(0.25, 0.0, 0.125), Geometry(0.75, 0.3, 0.7))
_SHARES = (0.02, 0.2, 0.5, 0.8, 0.97)


def growth(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """Lemma 5: an interval at an end of the window grows on average by at least what is claimed."""
    draws = DRAWS[name](generator, (_TRIALS,))
    for geometry in GEOMETRIES:
        found = steps(name, geometry, np.array([*_SHARES, 1.0]), with_hits=False)
        for share, claimed in zip(_SHARES, found.mean, strict=False):
            grown = share + new_share(share, np.abs(draws) / (2 * geometry.half_width)) / 2
            allowed = float(grown.mean()) + _SIGMAS * float(grown.std()) / math.sqrt(_TRIALS)
            yield Inequality(f"{name}: E v' from v = {share} in {geometry}", claimed, allowed)


def new_share(share: float, shift: FloatArray) -> FloatArray:
    """What [0, v] + shift adds to [0, v] within [0, 1], shift >= 0; a shift to the other side adds nothing."""
    return np.asarray(np.maximum(0.0, np.minimum(share + shift, 1.0) - np.maximum(share, shift)))


def hits(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """Lemma 6: with the unreachable points gathered around the target, the next variable hits as often as claimed."""
    draws = DRAWS[name](generator, (_TRIALS,))
    for geometry in GEOMETRIES:
        found = steps(name, geometry, np.array([*_SHARES, 1.0]), with_hits=True)
        for share, claimed in zip(found.nodes, found.hit, strict=True):
            width, offset = geometry.half_width, geometry.target_offset
            gap = 2 * width * (1 - share)
            near = min(gap / 2, width - offset)
            landing = offset - draws
            inside = np.abs(landing) <= width
            missed = (landing <= offset + near) & (landing >= offset - (gap - near))
            yield Inequality(f"{name}: hit from v = {share} in {geometry}", claimed, limits(inside & ~missed)[1])


def starts(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """The share of the window within the tolerance of 0; windows hold 0 and every target asked for."""
    for geometry, tolerance in product(GEOMETRIES, (0.01, 0.2, 0.4)):
        low = max(geometry.origin_offset - tolerance, -geometry.half_width)
        high = min(geometry.origin_offset + tolerance, geometry.half_width)
        inside = (high - low) / (2 * geometry.half_width)
        yield Inequality(f"{geometry}.start({tolerance})", geometry.start(tolerance), inside + _FLOATS)
    for name, window in (("uniform", 1.0), ("uniform", 0.5), ("product", 1.0), ("product", 0.25)):
        chosen = best_geometry(name, window)
        reach = chosen.target_offset + chosen.origin_offset
        yield Inequality(f"{name}: every |z| <= {window} lies in the window", window, reach + _FLOATS)


def one_step(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """Theorem 7: no joint law of growth and hit beats the bound of one step (linear program on a coarse grid)."""
    recursion = fixed_target(name, Geometry(0.75, 0.3, 0.7), 6, 6)
    step = recursion.steps
    for number in (1, 4, 7):
        row = recursion.row(number)
        followings = [take(step, row) for take in STEPS]
        for i in range(0, step.nodes.size - 1, 5):
            last = int(np.searchsorted(step.nodes, min(2 * step.nodes[i], 1.0)))
            game = worst_case(step.nodes, row, i, last, step.mean[i], step.hit[i])
            for following in followings:
                allowed, before = following[i] + _SOLVER, following[:i].min(initial=1.0)
                yield Inequality(f"{name}: row {number + 1}, v = {step.nodes[i]:.4g}", min(game, before), allowed)


STEPS: tuple[Callable[[Steps, FloatArray], FloatArray], ...] = (
    lambda s, row: np.asarray(compiled_step.one_more_variable(s.nodes, s.mean, s.hit, s.last, row)),
    lambda s, row: plain_step.one_more_variable(
        s.nodes, s.mean, s.hit, s.last, row, plain_step.layout(s.nodes, s.last)
    ),
)
"""Both implementations of one step."""


def worst_case(grid: FloatArray, row: FloatArray, first: int, last: int, mean: float, hit: float) -> float:
    """The largest E[1{no hit} W(v')] over joint laws of (v', hit) with E v' >= mean and P(hit) >= hit."""
    places = np.append(grid[first], grid[first + 1 : last + 1])
    values = np.append(row[first], row[first:last])
    none = np.zeros(places.size)
    found = linprog(
        np.concatenate([-values, none]),
        A_ub=[-np.concatenate([places, places]), -np.concatenate([none, none + 1])],
        b_ub=[-min(mean, places[-1]), -hit],
        A_eq=[np.ones(2 * places.size)],
        b_eq=[1.0],
    )
    return -float(found.fun)


def answers(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """The size read off the rows: the share is rounded down to a node, its bound is at most delta."""
    recursion = fixed_target("uniform", Geometry(0.75, 0.3, 0.7), 4, 6)
    for share in (0.0101, 0.02, 0.0399, 0.13):
        size = recursion.size(share, 1e-4)
        if size is not None:
            yield Inequality(f"bound of {size} variables from v = {share}", bound_below(recursion, size, share), 1e-4)


def bound_below(recursion: Recursion, size: int, share: float) -> float:
    """The bound of the largest node that is at most the share."""
    return float(recursion.row(size)[recursion.steps.nodes <= share][-1])


def all_targets(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """All |z| <= 1, U: never fewer than a second recursion needs, whose majorant is too small by construction."""
    for tolerance, delta in ((0.01, 0.01), (0.1, 0.01), (0.01, 0.3)):
        claimed = computed_size(Query(tolerance, delta, "uniform", "all"))
        yield Inequality(
            f"all z, tolerance {tolerance}, delta {delta}", optimistic_size(tolerance, delta), claimed or math.inf
        )


def optimistic_size(tolerance: float, delta: float, count: int = 400) -> int:
    """Variables that growth v(1-v)/2 from tolerance/2 to 1 - tolerance/4 needs, by the polygon through the nodes."""
    h = tolerance / 2
    logits = np.linspace(math.log(h / (1 - h)), math.log((1 - h / 2) / (h / 2)), count)
    grid = np.append(1 / (1 + np.exp(-logits)), 1.0)
    row, size = np.where(grid < grid[-2], 1.0, 0.0), 0
    lasts = np.searchsorted(grid, np.minimum(2 * grid, 1.0), side="right")
    while row[0] > delta:
        pieces = [(grid[i:j], row[i:j], v + v * (1 - v) / 2) for i, (v, j) in enumerate(zip(grid, lasts, strict=True))]
        row, size = np.array([_hull_at(*piece) for piece in pieces]), size + 1
    return size


def _hull_at(places: FloatArray, values: FloatArray, mean: float) -> float:
    """The least concave majorant of finitely many points, at ``mean``."""
    left, right = places <= mean, places >= mean
    x, y, u, w = places[left, None], values[left, None], places[None, right], values[None, right]
    with np.errstate(invalid="ignore", divide="ignore"):
        chords = np.where(u > x, y + (w - y) * (mean - x) / (u - x), np.maximum(y, w))
    return float(chords.max(initial=float(values[left][-1])))
