"""Subsets of few variables (Theorem A2) and what a capped amplification costs at least (Theorem A1)."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from bounds.subset_sum.bounded_size import bounded_size
from bounds.subset_sum.capped_necessary import capped_necessary_size, capped_success_bound
from bounds.subset_sum.sizes import sufficient_size
from bounds.widths.subsets import SUBSET_RULES
from empirical.binomial import clopper_pearson

GRID = 4096


def added_share(reachable: np.ndarray, grown: np.ndarray, variable: int) -> float:
    """Share of the window that the translate of ``reachable`` by ``variable`` cells adds to ``grown``."""
    moved = np.zeros_like(reachable)
    if variable >= 0:
        moved[variable:] = reachable[: len(reachable) - variable]
    else:
        moved[:variable] = reachable[-variable:]
    return float((moved & ~grown).mean())


@pytest.mark.theorem
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("length", [1.0, 0.5])
def test_a_variable_adds_half_the_length_times_v_times_the_rest(seed: int, length: float) -> None:
    """Mean of the added share = ell v (1 - v')/2 for U[-1,1], whatever A and A' look like; a factor 2 is noticed."""
    generator = np.random.default_rng(seed)
    cells = 256
    reachable = np.repeat(generator.random(16) < 0.3, cells // 16)
    grown = reachable | np.repeat(generator.random(32) < 0.2, cells // 32)
    steps = range(-cells, cells + 1)
    inside = [added_share(reachable, grown, step) for step in steps]
    mean = math.fsum(inside) * (length / cells) / 2  # density 1/2, steps beyond the window leave it
    expected = length * reachable.mean() * (1 - grown.mean()) / 2
    assert mean == pytest.approx(expected, rel=1e-9)
    assert max(inside) <= reachable.mean()


def exact_failure(tolerance: float, length: float, blocks: int, per_block: int, hits: int) -> float:
    """The recursion without a grid, in rationals, with the documented caps .6 (1 + b/2)^(-.14 j), not below 1/64."""
    states: Counter[Fraction] = Counter({Fraction(tolerance) / Fraction(length): Fraction(1)})
    for block in reversed(range(blocks)):
        cap = Fraction(max(0.6 * (1 + per_block / 2) ** (-0.14 * block), 1 / 64))
        q = Fraction(length) * (1 - cap) / 2
        following: Counter[Fraction] = Counter()
        for n in range(per_block + 1):
            weight = math.comb(per_block, n) * q**n * (1 - q) ** (per_block - n)
            for share, mass in states.items():
                following[min(share * (n + 1), cap)] += mass * weight
        states = following
    return float(sum(mass * (1 - Fraction(length) * share / 2) ** hits for share, mass in states.items()))


@pytest.mark.theorem
@pytest.mark.parametrize(("tolerance", "delta", "length"), [(0.02, 0.05, 1.0), (0.003, 0.01, 1.0), (0.02, 0.05, 0.5)])
def test_size_holds_in_the_exact_recursion(tolerance: float, delta: float, length: float) -> None:
    """The grid loses less than half of the failure probability; two blocks or a few hits less break the bound."""
    bound = bounded_size(tolerance, delta, 3, length)
    assert bound is not None
    assert delta / 2 < exact_failure(tolerance, length, bound.blocks, 3, bound.hits) <= delta
    assert exact_failure(tolerance, length, bound.blocks - 2, 3, bound.hits) > delta
    assert exact_failure(tolerance, length, bound.blocks, 3, bound.hits - round(8 / length)) > delta


@pytest.mark.theorem
def test_the_last_variable_may_be_as_long_as_the_window() -> None:
    """A target near 0 is z minus a point of the window: the cap needs one length more than the blocks give."""
    bound = bounded_size(0.02, 0.05, 3, 0.5)
    assert bound is not None
    assert bound.excess == 0.5 * bound.blocks + 0.5 == 0.5 * bound.most_chosen


def capped_error(variables: np.ndarray, target: float, blocks: int, per_block: int, cap: float) -> float:
    """Least error over the subsets of at most one variable per block and one of the rest, sum |X| <= cap."""
    sums, totals = np.zeros(1), np.zeros(1)
    for block in range(blocks):
        own = np.concatenate([[0.0], variables[block * per_block : (block + 1) * per_block]])
        sums, totals = (sums[:, None] + own).ravel(), (totals[:, None] + np.abs(own)).ravel()
    rest = np.concatenate([[0.0], variables[blocks * per_block :]])
    error, total = np.abs(sums[:, None] + rest - target), totals[:, None] + np.abs(rest)
    return float(np.where(total <= cap, error, np.inf).min())


@pytest.mark.theorem
@pytest.mark.parametrize("length", [1.0, 0.5])
def test_promised_subsets_exist(length: float) -> None:
    """Drawn variables have a subset of the promised kind, at z = 1, at least as often as promised."""
    tolerance, delta = 0.1, 0.2
    bound = bounded_size(tolerance, delta, 8, length)
    assert bound is not None and bound.blocks <= 3
    generator = np.random.default_rng(11)
    cap = 1 + tolerance + bound.excess
    found = sum(
        capped_error(generator.uniform(-1, 1, bound.size), 1.0, bound.blocks, 8, cap) <= tolerance for _ in range(1000)
    )
    assert clopper_pearson(found, 1000, 0.99)[1] >= 1 - delta


def test_shorter_windows_and_larger_blocks_trade_variables_for_amplification() -> None:
    """Every remedy costs variables and lowers the cap; all need more variables than subsets without a limit."""
    bounds = [bounded_size(1e-6, 1e-6, b, ell) for b, ell in ((8, 1.0), (16, 1.0), (32, 1.0), (32, 0.5))]
    sizes = [bound.size for bound in bounds if bound]
    caps = [bound.excess for bound in bounds if bound]
    assert len(sizes) == 4
    assert sufficient_size(1e-6, 1e-6).size < sizes[0] < sizes[1] < sizes[2] < sizes[3]
    assert caps == sorted(caps, reverse=True)


@pytest.mark.parametrize("per_block", [8, 32])
def test_sizes_are_monotone(per_block: int) -> None:
    """Less tolerance, less failure probability or larger targets never need fewer variables."""
    levels = [10.0**-k for k in range(1, 8)]
    for first, second in itertools.pairwise(levels):
        for fixed in (1e-2, 1e-5):
            pairs = [(bounded_size(t, fixed, per_block), bounded_size(fixed, t, per_block)) for t in (first, second)]
            for small, large in zip(*pairs, strict=True):
                assert small is not None and large is not None and small.size <= large.size
    assert bounded_size(1e-3, 1e-3, 8, window=0.5).size <= bounded_size(1e-3, 1e-3, 8, window=1.0).size  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0.0, 0.1, 8), "tolerance"),
        ((0.1, 1.0, 8), "failure_probability"),
        ((0.1, 0.1, 0), "per_block"),
        ((0.1, 0.1, 8, 0.75), "window_length"),
        ((0.1, 0.1, 8, 2.0), "window_length"),
        ((0.1, 0.1, 8, 2.0**-50), "window_length"),
        ((0.1, 0.1, 8, math.nan), "window_length"),
        ((0.1, 0.1, 8.5), "per_block"),
        ((0.1, 0.1, True), "per_block"),
        ((0.1, 0.1, 2000), "per_block"),
        ((0.1, 0.1, 8, 1.0, 0.0), "window"),
        ((math.nan, 0.1, 8), "tolerance"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple[float, ...], named: str) -> None:
    """Every refusal names the argument."""
    with pytest.raises(ValueError, match=named):
        bounded_size(*arguments)  # type: ignore[arg-type]


@pytest.mark.theorem
@pytest.mark.parametrize("cap", [0.8, 1.5, 3.0])
def test_capped_success_bound_holds(cap: float) -> None:
    """Frequency of a subset with sum |X| <= cap within the tolerance of z = .7: below the bound, and not by much."""
    size, tolerance, trials = 8, 0.002, 4000
    masks = np.array(list(itertools.product([0, 1], repeat=size)), dtype=float).T
    variables = np.random.default_rng(5).uniform(-1, 1, (trials, size))
    hit = (np.abs(variables @ masks - 0.7) <= tolerance) & (np.abs(variables) @ masks <= cap)
    successes = int(hit.any(axis=1).sum())
    bound = float(capped_success_bound(size, tolerance, cap))
    assert clopper_pearson(successes, trials, 0.99)[0] <= bound <= 12 * successes / trials


def test_capped_success_bound_by_hand() -> None:
    """Three variables, cap B: eta (3 + 3 min(1, B) + min(1, B^2/2)); one hits alone, two and three share the cap."""
    for cap in (Fraction(1, 2), Fraction(5, 4), Fraction(3)):
        by_hand = 3 + 3 * min(1, cap) + min(1, cap**2 / 2)
        assert capped_success_bound(3, 0.125, float(cap)) == by_hand / 8


def test_bounded_amplification_costs_log_squared() -> None:
    """Doubling the digits multiplies the necessary size at cap 1 by nearly 4, and without a cap by 2."""
    capped = [capped_necessary_size(eta, 0.01, 1.0) for eta in (1e-6, 1e-12, 1e-24)]
    free = [capped_necessary_size(eta, 0.01, 1e9) for eta in (1e-6, 1e-12, 1e-24)]
    assert 3.3 < capped[1] / capped[0] < 4 and 3.5 < capped[2] / capped[1] < 4.1
    assert free == [20, 40, 80]
    assert capped[2] == pytest.approx(math.log(1e24) ** 2 / 4, rel=0.15)


def test_necessary_with_a_cap_stays_below_sufficient() -> None:
    """The sandwich for capped subsets: necessary at the cap of each bound <= its size."""
    for per_block, length in ((8, 1.0), (16, 1.0), (32, 0.5)):
        bound = bounded_size(1e-4, 1e-3, per_block, length)
        assert bound is not None
        assert capped_necessary_size(1e-4, 1e-3, 1 + 1e-4 + bound.excess) <= bound.size


def test_the_cap_of_a_family_counts_the_tolerance() -> None:
    """sum |X_k| <= |z| + eta + (J + 1) ell: what a plan calls the cap is all but |z|."""
    bound, found = bounded_size(0.25, 0.01, 8), SUBSET_RULES["blocks of 8"].size(0.25, 0.01, 1.0)
    assert bound is not None and found is not None and found.cap is not None
    assert bound.excess + 0.25 <= found.cap <= (bound.excess + 0.25) * (1 + 1e-9)


def test_bad_cap_is_refused() -> None:
    """A cap of zero, below zero or NaN is named."""
    for cap in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="cap"):
            capped_necessary_size(0.01, 0.01, cap)
        with pytest.raises(ValueError, match="cap"):
            capped_success_bound(4, 0.01, cap)


def test_the_dropped_tail_is_covered() -> None:
    """Terms are dropped at size 40 and cap 1/2; the bound exceeds the full sum, by less than 2^-59 of it."""
    cap = Fraction(1, 2)
    full = Fraction(1, 8) * sum(
        math.comb(40, k) * min(Fraction(1), cap ** (k - 1) / math.factorial(k - 1)) for k in range(1, 41)
    )
    assert full < capped_success_bound(40, 0.125, 0.5) <= full * (1 + Fraction(1, 2**59))
