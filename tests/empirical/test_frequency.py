"""Success frequencies: exhaustive, reproducible, with intervals that keep their promise exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.subset_sum.necessary import success_upper_bound
from bounds.subset_sum.sizes import necessary_size, sufficient_size
from empirical.binomial import unnudged_limits
from empirical.experiments.base_sets import COLUMNS, BaseSetsConfiguration, experiment
from empirical.first_sizes import STREAM, TRANSFORMS, first_sizes, variables
from empirical.frequency import Frequency, clopper_pearson, measured_size, success_frequency
from empirical.records import to_csv

# ---------------------------------------------------------------- the search


def first_size_by_brute_force(row: np.ndarray, target: float, tolerance: float) -> int:
    """The least m such that some subset of the first m values is close enough, subset by subset."""
    for size in range(row.size + 1):
        for count in range(size + 1):
            if any(abs(math.fsum(chosen) - target) <= tolerance for chosen in combinations(row[:size], count)):
                return size
    return row.size + 1


@pytest.mark.parametrize("law", TRANSFORMS)
@pytest.mark.parametrize(("target", "tolerance"), [(1.0, 0.1), (-0.7, 0.05), (0.02, 0.01), (0.005, 0.01)])
def test_the_search_leaves_no_subset_out(law: str, target: float, tolerance: float) -> None:
    found = first_sizes(law, tolerance, 60, seed=3, target=target, max_size=8)
    draws = variables(law, 3, 0, 60, 8)
    assert found.tolist() == [first_size_by_brute_force(row, target, tolerance) for row in draws]


def test_more_than_twenty_variables_against_listed_sums() -> None:
    """Sizes beyond 20 use the same halves: compared with all 2^22 sums of one trial at a time."""
    draws = variables("uniform", 1, 0, 3, 22)
    for tolerance in (3e-7, 1e-6):
        found = first_sizes("uniform", tolerance, 3, seed=1, target=0.9, max_size=22)
        for row, size in zip(draws, found, strict=True):
            sums = np.zeros(1)
            least = 0
            while least < 22 and np.min(np.abs(sums - 0.9)) > tolerance:
                sums = np.concatenate([sums, sums + row[least]])
                least += 1
            served = np.min(np.abs(sums - 0.9)) <= tolerance
            assert size == (least if served else 23)


def test_frequency_grows_with_size_and_tolerance() -> None:
    by_size = [success_frequency(size, 0.02, trials=500).successes for size in range(0, 14)]
    assert by_size == sorted(by_size) and by_size[0] == 0 < by_size[-1]
    by_tolerance = [success_frequency(8, 10.0**-k, trials=500).successes for k in (3, 2, 1)]
    assert by_tolerance == sorted(by_tolerance) and by_tolerance[0] < by_tolerance[-1]


def test_the_average_over_targets_lies_between_truth_and_first_moment() -> None:
    """U, m = 10, tolerance .001, z ~ U[-1, 1]: the bound is .579, the truth .415."""
    frequency = success_frequency(10, 0.001, trials=20_000, target=None, confidence=0.999)
    assert frequency.lower <= 0.415 <= frequency.upper < success_upper_bound(10, 0.001) < 0.58
    worst = success_frequency(10, 0.001, trials=20_000, target=1.0, confidence=0.999)
    assert worst.upper < min(frequency.lower, success_upper_bound(10, 0.001, target=1.0))


# ---------------------------------------------------------------- draws


def test_same_seed_same_counts_with_one_or_two_threads() -> None:
    before = numba.get_num_threads()
    sizes = []
    try:
        for threads in (1, min(2, before)):
            numba.set_num_threads(threads)
            sizes.append(first_sizes("product", 0.01, 3000, seed=8, max_size=20))
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(*sizes)
    assert not np.array_equal(sizes[0], first_sizes("product", 0.01, 3000, seed=9, max_size=20))


def test_a_draw_depends_on_seed_trial_and_position_only() -> None:
    whole = variables("product", 5, 0, 20, 9)
    assert np.array_equal(whole[7:12, :4], variables("product", 5, 7, 5, 4))
    assert np.unique(whole).size == whole.size
    assert np.all(np.abs(whole) < 1) and STREAM != 0


@pytest.mark.parametrize(
    ("law", "variance"), [("uniform", 1 / 3), ("product", 1 / 9), ("normal", 1.0), ("normal_product", 1.0)]
)
def test_draws_have_the_variance_of_their_law(law: str, variance: float) -> None:
    draws = variables(law, 0, 0, 40_000, 2)
    assert abs(draws.mean()) < 0.02 and abs(draws.var() / variance - 1) < 0.06
    assert abs(np.mean(draws[:, 0] * draws[:, 1])) < 0.02


# ---------------------------------------------------------------- intervals


def exact_tail(successes: int, trials: int, probability: float | Fraction) -> Fraction:
    """P(Bin(trials, probability) >= successes), exactly."""
    p = Fraction(probability)
    return sum(
        (math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(successes, trials + 1)), start=Fraction(0)
    )


PAIRS = [(k, n) for n in (1, 2, 3, 7, 20, 41) for k in range(n + 1)]


def violations(limits: dict[tuple[int, int], tuple[float, float]], tail: Fraction) -> int:
    """How many limits leave more than ``tail`` on their outer side, in exact arithmetic."""
    count = 0
    for (k, n), (lower, upper) in limits.items():
        count += exact_tail(k, n, lower) > tail if k > 0 else lower != 0
        count += exact_tail(n - k, n, 1 - Fraction(upper)) > tail if k < n else upper != 1
    return count


@pytest.mark.theorem
def test_clopper_pearson_keeps_its_promise_exactly() -> None:
    """Both tails at the limits are <= alpha/2 in exact rationals for all (k, n); at the library's own they are not."""
    tail = Fraction(1, 40)
    assert violations({(k, n): clopper_pearson(k, n) for k, n in PAIRS}, tail) == 0
    assert violations({(k, n): unnudged_limits(k, n, 0.95) for k, n in PAIRS}, tail) > 20


def test_limits_are_tight() -> None:
    """Nudged by next to nothing: the interval is the library's up to a relative 1e-12, and moving inward breaks it."""
    for k, n in [*PAIRS, (9907, 10_000), (199_813, 200_000)]:
        lower, upper = clopper_pearson(k, n)
        plain_lower, plain_upper = unnudged_limits(k, n, 0.95)
        assert plain_lower * (1 - 1e-12) <= lower <= plain_lower
        assert plain_upper <= upper <= plain_upper * (1 + 1e-12)
    inner = clopper_pearson(5, 20)[0] * (1 + 1e-9)
    assert exact_tail(5, 20, inner) > Fraction(1, 40)


@given(n=st.integers(1, 25), p=st.fractions(0, 1, max_denominator=60))
@settings(max_examples=40)
def test_coverage_is_at_least_the_confidence(n: int, p: Fraction) -> None:
    """For every success probability the interval contains it with probability >= 95 %, exactly; 99 % is not claimed."""
    covered = Fraction(0)
    for k in range(n + 1):
        lower, upper = clopper_pearson(k, n)
        if Fraction(lower) <= p <= Fraction(upper):
            covered += math.comb(n, k) * p**k * (1 - p) ** (n - k)
    assert covered >= Fraction(95, 100)


def test_symmetry_and_ends() -> None:
    assert clopper_pearson(0, 50)[0] == 0.0 and clopper_pearson(50, 50)[1] == 1.0
    lower, upper = clopper_pearson(13, 50)
    mirrored = clopper_pearson(37, 50)
    assert abs(lower + mirrored[1] - 1) < 1e-14 and abs(upper + mirrored[0] - 1) < 1e-14
    wider = clopper_pearson(13, 50, 0.99)
    assert wider[0] < lower < 13 / 50 < upper < wider[1]


# ---------------------------------------------------------------- measured sizes and the experiment


def test_measured_size_is_the_first_whose_lower_limit_is_enough() -> None:
    measured = measured_size(0.1, 0.1, trials=4000, seed=2)
    assert measured.size is not None
    assert measured.frequency(measured.size).lower >= 0.9 > measured.frequency(measured.size - 1).lower
    assert measured.frequency(measured.size) == success_frequency(measured.size, 0.1, trials=4000, seed=2)
    assert measured_size(0.1, 1e-4, trials=100).size is None


@pytest.mark.parametrize(("law", "expected"), [("uniform", 16), ("product", 24)])
def test_measured_sizes_at_one_percent(law: str, expected: int) -> None:
    """U 16 and UU 24 at (.01, .01), between what is necessary and what is sufficient."""
    measured = measured_size(0.01, 0.01, law, trials=100_000, max_size=28)
    assert measured.size == expected
    assert necessary_size(0.01, 0.01, law).size <= expected <= sufficient_size(0.01, 0.01, law).size


def test_the_experiment_is_a_sandwich_and_reproducible() -> None:
    configuration = BaseSetsConfiguration(levels=(0.1, 0.03), trials_per_failure=300)
    messages: list[str] = []
    (record,) = experiment(configuration).run(messages.append)
    assert messages == ["uniform, 0.1", "uniform, 0.03", "product, 0.1", "product, 0.03"]
    assert record.columns == COLUMNS and len(record.rows) == experiment(configuration).cells == 4
    for row in record.rows:
        assert row["necessary"] <= row["measured"] <= row["sufficient"] <= row["closed_form"]
        assert row["lower"] >= 1 - row["failure_probability"] and row["note"] is None
        assert row["sufficient_over_measured"] == row["sufficient"] / row["measured"] < 1.75
    assert to_csv(record) == to_csv(experiment(configuration).run(messages.append)[0])


def test_a_size_out_of_reach_is_a_row_that_says_so() -> None:
    configuration = BaseSetsConfiguration(laws=("uniform",), levels=(0.01,), trials_per_failure=5, max_size=12)
    (record,) = experiment(configuration).run(lambda message: None)
    row = record.rows[0]
    assert row["measured"] is None and row["sufficient_over_measured"] is None
    assert "no size up to 12" in row["note"]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: success_frequency(45, 0.1), "max_size=45"),
        (lambda: success_frequency(-1, 0.1), "max_size=-1"),
        (lambda: success_frequency(5, 0.1, trials=0), "trials=0"),
        (lambda: success_frequency(5, -0.1), "tolerance=-0.1"),
        (lambda: success_frequency(5, 0.1, target=float("inf")), "target=inf"),
        (lambda: success_frequency(5, 0.1, law="cauchy"), "law='cauchy' is unknown"),
        (lambda: clopper_pearson(3, 2), "successes=3, trials=2"),
        (lambda: clopper_pearson(1, 2, 1.0), "confidence=1.0"),
        (lambda: Frequency.of(-1, 2), "successes=-1"),
    ],
)
def test_bad_arguments_are_named(call, named: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=named):
        call()
