"""Theorem R and Lemma 5 of docs/subset-sums.md as executable statements, with wrong variants that must fail."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bounds.arithmetic import ball, lower, upper
from bounds.laws import LAWS
from bounds.subset_sum.closed_form import failure_bound
from tests.bounds.reachable import PARTS, Interval, complement, measure, near_pairs, unions

HALF = Fraction(1, 2)


def step_one_margin(union: list[Interval], factor: Fraction) -> Fraction:
    """E[N | A] - factor v(1-v) for U[-1, 1], the window [-1, 1] scaled to [0, 1]: near pairs are at distance <= 1/2."""
    share = measure(union)
    return near_pairs(complement(union), union, HALF) - factor * share * (1 - share)


@pytest.mark.theorem
@given(union=unions())
def test_theorem_r_step_one(union: list[Interval]) -> None:
    """Theorem R, step (i): E[N | A] >= v(1-v)/2, exactly, on random finite unions of intervals.

    E[N|A] = |{(x,y) in A^c x A: |x-y| <= 1}|/4 on [-1,1] is the measure of pairs at distance <= 1/2 on [0,1].
    """
    assert step_one_margin(union, HALF) >= 0


@pytest.mark.theorem
@pytest.mark.parametrize("k", range(1, PARTS))
def test_theorem_r_step_one_is_attained_at_the_edge_and_no_better(k: int) -> None:
    """Step (i) is an equality for an interval at the edge; with any larger factor it is false there."""
    edge = [(Fraction(0), Fraction(k, PARTS))]
    assert step_one_margin(edge, HALF) == 0
    assert step_one_margin(edge, HALF * Fraction(101, 100)) < 0


@pytest.mark.theorem
@given(union=unions(), distance=st.integers(1, 2 * PARTS).map(lambda k: Fraction(k, PARTS)))
def test_lemma_5_rearrangement(union: list[Interval], distance: Fraction) -> None:
    """Lemma 5 for every uniform kernel: pairs across the boundary are fewest for an interval at the edge."""
    edge = [(Fraction(0), measure(union))]
    assert near_pairs(union, complement(union), distance) >= near_pairs(edge, complement(edge), distance)


@pytest.mark.theorem
def test_lemma_5_wrong_variant_the_centred_interval() -> None:
    """The centred interval (Riesz's rearrangement) is *not* the worst set in a window: the edge has fewer pairs."""
    edge, centred = [(Fraction(0), HALF)], [(Fraction(1, 4), Fraction(3, 4))]
    quarter = Fraction(1, 4)
    assert near_pairs(edge, complement(edge), quarter) < near_pairs(centred, complement(centred), quarter)


def expected_ratio(share: Fraction, mean: Fraction) -> Fraction:
    """The largest E[r'] over laws of N on [0, min(v, 1-v)] with this mean: the chord, r = (1-v)/v."""
    most = min(share, 1 - share)
    weight = mean / most
    return (1 - weight) * (1 - share) / share + weight * (1 - share - most) / (share + most)


@pytest.mark.theorem
@given(k=st.integers(1, 999), extra=st.integers(0, 100))
def test_theorem_r_step_two(k: int, extra: int) -> None:
    """Theorem R, step (ii): E[r' | A] <= (3/4) r on the chord, for every mean that step (i) allows."""
    share = Fraction(k, 1000)
    least, most = share * (1 - share) / 2, min(share, 1 - share)
    mean = least + (most - least) * Fraction(extra, 100)
    assert expected_ratio(share, mean) <= Fraction(3, 4) * (1 - share) / share


@pytest.mark.theorem
@given(
    share=st.integers(1, 99).map(lambda k: Fraction(k, 100)),
    points=st.lists(st.integers(0, 50), min_size=1, max_size=9),
)
def test_theorem_r_step_two_chord(share: Fraction, points: list[int]) -> None:
    """The chord bounds E[r'] for every law of N: r is convex in N (exact, N uniform on any multiset of points)."""
    values = [min(share, 1 - share) * Fraction(point, 50) for point in points]
    mean = sum(values, start=Fraction(0)) / len(values)
    ratio = sum(((1 - share - n) / (share + n) for n in values), start=Fraction(0)) / len(values)
    assert ratio <= expected_ratio(share, mean)


@pytest.mark.theorem
def test_theorem_r_step_two_wrong_factors() -> None:
    """At v = 1/2 step (ii) is an equality: 3/4 cannot be improved, and 1/4 is false."""
    attained = expected_ratio(HALF, Fraction(1, 8))
    assert attained == Fraction(3, 4)
    assert attained > Fraction(74, 100) and attained > Fraction(1, 4)


def failures_to_cover(draws: np.ndarray, tolerance: float, window: float) -> int:
    """In how many rows intervals of half-length ``tolerance`` around all subset sums leave [-window, window] open."""
    sums = np.zeros((draws.shape[0], 1))
    for column in draws.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    sums.sort(axis=1)
    inside = np.clip(sums, -window - tolerance, window + tolerance)
    padded = np.concatenate(
        [np.full((len(sums), 1), -window - tolerance), inside, np.full((len(sums), 1), window + tolerance)], axis=1
    )
    return int(np.count_nonzero(np.diff(padded, axis=1).max(axis=1) > 2 * tolerance))


def sampled(law: str, size: int, trials: int) -> np.ndarray:
    generator = np.random.default_rng([size, 11])
    draws = generator.uniform(-1, 1, (trials, size))
    return draws * generator.uniform(-1, 1, (trials, size)) if law == "product" else draws


SIZES, TOLERANCES, TRIALS = (3, 5, 8, 13), (0.1, 0.25, 0.5, 0.9), 1000
Formula = Callable[[int, float], float]


@cache
def certain_failures(law: str, window: float) -> dict[tuple[int, float], float]:
    """Lower 99.9 % confidence limits of the failure probability for every size and tolerance."""
    limits = {}
    for size in SIZES:
        draws = sampled(law, size, TRIALS)
        for tolerance in TOLERANCES:
            failures = failures_to_cover(draws, tolerance, window)
            limits[size, tolerance] = binomtest(failures, TRIALS).proportion_ci(0.999).low
    return limits


def violated(law: str, window: float, formula: Formula) -> list[tuple[int, float]]:
    """The cases in which the observed failures exclude the claimed bound at 99.9 % confidence."""
    return [case for case, limit in certain_failures(law, window).items() if limit > formula(*case)]


def bound(size: int, tolerance: float, weight: float, half_width: float) -> float:
    return upper(failure_bound(size, tolerance, weight, half_width))


@pytest.mark.theorem
def test_theorem_r_statement() -> None:
    """Theorem R: P(some z in [-1,1] is not within eta of a subset sum of m U[-1,1]) <= 8 (3/4)^m / eta^2."""
    assert violated("uniform", 1.0, lambda m, eta: bound(m, eta, 1.0, 1.0)) == []
    assert any(bound(m, eta, 1.0, 1.0) < 1 for m in SIZES for eta in TOLERANCES), (
        "no case in which the statement says anything"
    )


@pytest.mark.theorem
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda m, eta: 0.75**m / eta**2 / 8, id="8 -> 1/8"),
        pytest.param(lambda m, eta: 8 * 0.25**m / eta**2, id="3/4 -> 1/4"),
        pytest.param(lambda m, eta: 8 * 0.5**m, id="eta forgotten, ideal rate"),
    ],
)
def test_theorem_r_wrong_variants_are_seen(wrong: Formula) -> None:
    """Theorem R with a wrong constant is excluded by the same measurements."""
    assert violated("uniform", 1.0, wrong)


@pytest.mark.theorem
def test_contained_uniform_statement() -> None:
    """Corollary 2 for UU through U[-1/2, 1/2] of weight ln2/2, all |z| <= 1/2; wrong: 8 -> 1/8 with weight 4p."""
    weight = lower(LAWS["product"].weight(ball(0.5)))
    assert violated("product", 0.5, lambda m, eta: bound(m, eta, weight, 0.5)) == []
    assert violated("product", 0.5, lambda m, eta: (1 - weight) ** m * (0.5 / eta) ** 2 / 8)
