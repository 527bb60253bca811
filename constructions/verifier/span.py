"""Intervals whose two ends are balls: the verifier's arithmetic for ranges and differences.

``Span(low, high)`` is the set of real numbers between the least number of the ball ``low`` and the greatest of
``high``. A single ball would do for soundness, but its radius keeps 30 bits only, so the sign of a range's end
could be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flint import arb

from bounds.arithmetic import lower, upper

ZERO = arb(0)


@dataclass(frozen=True, slots=True)
class Span:
    """The reals between ``low`` and ``high``; every operation encloses the exact image."""

    low: arb
    high: arb

    @classmethod
    def of(cls, low: float, high: float) -> Span:
        """The interval between two floats."""
        return cls(arb(low), arb(high))

    @classmethod
    def symmetric(cls, radius: arb) -> Span:
        """The interval [-radius, radius]."""
        return cls(-radius, radius)

    @property
    def ends(self) -> tuple[float, float]:
        """The ends as floats, rounded outward."""
        return lower(self.low), upper(self.high)

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Span) -> Span:
        return Span(self.low - other.high, self.high - other.low)

    def shifted(self, value: arb) -> Span:
        """The interval moved by a real number."""
        return Span(self.low + value, self.high + value)

    def scaled(self, factor: arb) -> Span:
        """The interval times a real number."""
        one, two = factor * self.low, factor * self.high
        return Span(one.min(two), one.max(two))

    def hull(self, other: Span) -> Span:
        """The least interval that holds both."""
        return Span(self.low.min(other.low), self.high.max(other.high))

    def meet(self, other: Span) -> Span:
        """An interval that holds every common point."""
        return Span(self.low.max(other.low), self.high.min(other.high))

    def magnitude(self) -> arb:
        """A ball whose upper end bounds every absolute value in the interval."""
        return abs(self.low).max(abs(self.high))


def total(spans: Iterable[Span]) -> Span:
    """The sum of intervals."""
    result = Span(ZERO, ZERO)
    for span in spans:
        result = result + span
    return result


def product(one: Span, two: Span) -> Span:
    """All products of a number of ``one`` and a number of ``two``."""
    return two.scaled(one.low).hull(two.scaled(one.high))


def two_slopes(negative: arb, positive: arb, span: Span) -> Span:
    """The image of ``span`` under x -> positive * x for x >= 0, negative * x for x < 0."""
    low, high = span.ends
    if low >= 0:
        return span.scaled(positive)
    if high <= 0:
        return span.scaled(negative)
    left, right = Span(span.low, ZERO).scaled(negative), Span(ZERO, span.high).scaled(positive)
    return left.hull(right)
