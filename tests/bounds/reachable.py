"""Exact helpers for the reachable set: finite unions of intervals with rational ends, and pairs at bounded distance."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

Interval = tuple[Fraction, Fraction]
PARTS = 24


def unions() -> st.SearchStrategy[list[Interval]]:
    """Random proper unions of disjoint intervals in [0, 1] with ends on a grid of 1/24."""
    ends = st.lists(st.integers(0, PARTS), min_size=2, max_size=10, unique=True)
    return ends.map(lambda chosen: _intervals(sorted(chosen))).filter(lambda union: 0 < measure(union) < 1)


def _intervals(ends: list[int]) -> list[Interval]:
    return [(Fraction(a, PARTS), Fraction(b, PARTS)) for a, b in zip(ends[::2], ends[1::2], strict=False)]


def measure(union: list[Interval]) -> Fraction:
    return sum((b - a for a, b in union), start=Fraction(0))


def complement(union: list[Interval]) -> list[Interval]:
    """Complement in [0, 1]."""
    ends = [Fraction(0), *(end for interval in union for end in interval), Fraction(1)]
    return [(a, b) for a, b in zip(ends[::2], ends[1::2], strict=True) if a < b]


def near_pairs(first: list[Interval], second: list[Interval], distance: Fraction) -> Fraction:
    """Measure of {(x, y) in first x second : |x - y| <= distance}, exactly."""
    below = sum((_below(i, j, distance) for i in first for j in second), start=Fraction(0))
    far = sum((_below(i, j, -distance) for i in first for j in second), start=Fraction(0))
    return below - far


def _below(x: Interval, y: Interval, shift: Fraction) -> Fraction:
    """Measure of {x - y <= shift} on a rectangle: the second difference of max(u, 0)^2/2."""
    corners = ((y[1] - x[0], 1), (y[0] - x[0], -1), (y[1] - x[1], -1), (y[0] - x[1], 1))
    return sum((sign * max(corner + shift, Fraction(0)) ** 2 / 2 for corner, sign in corners), start=Fraction(0))
