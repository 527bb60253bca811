"""Checks of base-set sizes: sufficient ones against measurements and the proof's own game, necessary ones likewise.

Sources: docs/subset-sums.md, Theorem R and its corollaries, sections 5 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

import bounds
from bounds.subset_sum.closed_form import closed_form, contained_uniform_size
from bounds.subset_sum.computed import contained_size
from bounds.subset_sum.grid_transfer import SPACINGS, grid_transfer
from bounds.subset_sum.necessary import counting_size, success_upper_bound
from bounds.subset_sum.queries import Query
from empirical.checks.draws import CONFIDENCE, DRAWS, FloatArray, all_served, limits, served, subset_sums
from empirical.checks.inequality import Inequality
from empirical.checks.variables import DENSITIES
from empirical.frequency import success_frequency

_ENUMERATED = 12
_SEARCHED = 32
_FLOATS = 1e-9


def game_failure(size: int, tolerance: float, weight: float, half_width: float) -> float:
    """What Theorem R's proof gives when no step of it is rounded: rate^m r_0/r_*.

    The rate is the worst E[r']/r, r = (1-v)/v, over two-point laws of the growth N in {0, min(v, 1-v)} with mean
    v(1-v)/2, found on a grid of v; r_0 at v = h, r_* at v = 1 - h/2, h = tolerance/(2 half_width).
    """
    worst = 0.0
    for v in np.linspace(0.01, 0.99, 99):
        most = min(v, 1 - v)
        chance = v * (1 - v) / 2 / most
        after = chance * (1 - v - most) / (v + most) + (1 - chance) * (1 - v) / v
        worst = max(worst, after / ((1 - v) / v))
    h = tolerance / half_width / 2
    start, end = (1 - h) / h, (h / 2) / (1 - h / 2)
    return float((1 - weight + weight * worst) ** size * start / end)


def closed_forms(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """The size of each closed form leaves at most delta by the proof's own game; windows and blocks fit."""
    for tolerance, delta, weight, half_width in product((0.01, 0.03, 1e-4), (0.01, 0.2, 1e-7), (1.0, 0.34), (1.0, 3.0)):
        size = contained_uniform_size(tolerance, delta, weight, half_width)
        found = game_failure(size, tolerance, weight, half_width)
        yield Inequality(f"{size} variables containing U[-{half_width}, ..] by {weight}", found, delta)
    for name, quantifier, tolerance in product(DENSITIES, ("fixed", "all"), (0.1, 1e-3)):
        form = closed_form(Query(tolerance, 0.02, name, quantifier, 1.0))
        reached = form.half_width if quantifier == "all" else 2 * form.half_width - tolerance / form.blocks
        yield Inequality(f"{name}, {quantifier}: the window reaches 1/r", 1 / form.blocks, reached + _FLOATS)
        weight = 2 * form.half_width * DENSITIES[name](form.half_width)
        each = game_failure(form.size // form.blocks, tolerance / form.blocks, weight, form.half_width)
        yield Inequality(f"{name}, {quantifier}: failures of {form.blocks} blocks", each * form.blocks, 0.02)


def sufficient(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """At the sufficient size targets are served as often as promised; necessary <= sufficient."""
    for level, target in product((0.3, 0.05), (1.0, 0.55)):
        size = bounds.sufficient_size(level, level, law=name).size
        need = bounds.necessary_size(level, level, law=name).size
        yield Inequality(f"{name}: necessary <= sufficient at {level}", need, size)
        found = success_frequency(size, level, name, 2000, int(generator.integers(2**32)), target, CONFIDENCE)
        yield Inequality(f"{name}: {size} variables serve z = {target} within {level}", 1 - level, found.upper)


def mixtures(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Variables that are U[-a, a] with probability p and 0 otherwise serve one target as often as promised."""
    for weight, half_width, level in ((0.5, 1.0, 0.1), (0.5, 64.0, 0.1), (1.0, 1.0, 0.15)):
        tolerance = level * half_width
        size = contained_size(tolerance, level, weight, half_width, half_width)
        success = []
        for _ in range(250):
            count = int(generator.binomial(size, weight))
            row = generator.uniform(-half_width, half_width, (1, count))[:, :_ENUMERATED]
            success.append(bool(served(row, np.array([half_width]), tolerance)[0]) or count > _ENUMERATED)
        _, high = limits(np.array(success))
        yield Inequality(f"{size} variables containing U[-{half_width}, ..] by {weight}", 1 - level, high)


def success_bounds(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """P(success) measured by enumeration never exceeds the proved upper bound."""
    draws = DRAWS[name](generator, (4000, 9))
    goals: dict[float | None, FloatArray] = {z: np.full(4000, z) for z in (1.0, 0.3, -0.05)}
    goals[None] = generator.uniform(-1, 1, 4000)
    for size, tolerance, (target, places) in product((0, 1, 2, 5, 9), (0.25, 0.03, 0.003), goals.items()):
        low, _ = limits(served(draws[:, :size], places, tolerance))
        bound = success_upper_bound(size, tolerance, name, target)
        yield Inequality(f"{name}: {size} variables serve z = {target} within {tolerance}", low, bound)


def necessary(name: str, generator: np.random.Generator) -> Iterator[Inequality]:
    """With one variable fewer than necessary, z = 1 (or some |z| <= 1) is not served with probability 1 - delta."""
    for tolerance, delta in ((0.1, 0.1), (0.02, 0.3), (0.6, 0.05)):
        size = min(bounds.necessary_size(tolerance, delta, law=name).size - 1, _SEARCHED)
        if size >= 0:
            found = success_frequency(size, tolerance, name, 4000, int(generator.integers(2**32)), 1.0, CONFIDENCE)
            yield Inequality(f"{name}: {size} variables fail at z = 1, tolerance {tolerance}", found.lower, 1 - delta)
    draws = DRAWS[name](generator, (20_000, _ENUMERATED - 2))
    for tolerance, delta in product((0.9, 0.97), (0.03, 0.05, 0.08, 0.12, 0.15, 0.2, 0.3)):
        size = bounds.necessary_size(tolerance, delta, law=name, quantifier="all").size - 1
        if 0 <= size <= draws.shape[1]:
            low, _ = limits(all_served(draws[:, :size], tolerance))
            yield Inequality(f"{name}: {size} variables fail for some z, tolerance {tolerance}", low, 1 - delta)


def counting(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Base sets that serve all |z| <= 1: none is smaller than the counting bound, two of them attain it within one."""
    for tolerance in (0.6, 0.3, 0.1, 0.03, 0.004):
        size = next(m for m in range(20) if tolerance * 2**m >= 1 + tolerance)
        ladder = np.array([[2 * tolerance * 2.0**j * (-1 if j == size - 1 else 1) for j in range(size)]])
        everything = np.linspace(-1, 1, 401)
        gap = np.abs(subset_sums(ladder)[0][:, None] - everything).min(axis=0).max()
        if gap <= tolerance * (1 + 1e-12):
            yield Inequality(f"{size} variables serve all |z| <= 1 within {tolerance}", counting_size(tolerance), size)


def grids(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Weights at the ends of their grid cells move a subset sum by almost, never more than, what is set aside."""
    for (grid, spacing), size, factors in product(SPACINGS.items(), (1, 7, 40), (1, 2)):
        bits = {"grid53": 53, "grid24": 24}[grid]
        cells = [2**bits - 1 - int(k) for k in generator.integers(0, 4, size * factors)]
        moved = Fraction(0)
        for variable in range(size):
            own = cells[variable * factors : (variable + 1) * factors]
            centre = math.prod((Fraction(2 * k + 1, 2**bits) - 1 for k in own), start=Fraction(1))
            end = math.prod((Fraction(2 * k + 2, 2**bits) - 1 for k in own), start=Fraction(1))
            moved += abs(end - centre)
        yield Inequality(f"{grid}: {size} products of {factors} move a sum", moved, grid_transfer(size, factors, grid))
        yield Inequality(f"{grid}: spacing", Fraction(1, 2**bits), spacing)
