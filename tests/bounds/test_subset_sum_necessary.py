"""Necessary sizes: exact sums, bounds that no measurement beats, and wrong variants that measurements refute."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bounds.laws import LAWS
from bounds.subset_sum import irwin_hall, lattice
from bounds.subset_sum.necessary import counting_size, first_moment, necessary_bound, reach, success_upper_bound
from bounds.subset_sum.queries import Query

# ---------------------------------------------------------------- Irwin-Hall, against brute force


def lattice_count(k: int, cells: int) -> np.ndarray:
    """How many of cells^k index tuples have each index sum: k discrete uniforms, by convolution of integers."""
    counts = np.ones(1, dtype=object)
    for _ in range(k):
        counts = np.convolve(counts, np.ones(cells, dtype=object))
    return counts


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
@given(x=st.fractions(-8, 8, max_denominator=50))
def test_irwin_hall_lies_between_discrete_sums(k: int, x: Fraction) -> None:
    """Rounding every uniform up and down to a grid of 40 cells gives bounds below and above, by counting."""
    cells = 40
    counts = lattice_count(k, cells)
    cumulated = np.cumsum(counts)

    def counted(limit: Fraction) -> Fraction:
        index = math.floor(limit)
        return Fraction(0) if index < 0 else Fraction(int(cumulated[min(index, counts.size - 1)]), cells**k)

    position = (x + k) / 2 * cells
    exact = irwin_hall.distribution(k, x)
    assert counted(position - k) <= exact <= counted(position)


def test_irwin_hall_known_values() -> None:
    """One and two uniforms by hand; symmetry; the integral against Simpson's rule, exact for cubics between knots."""
    assert irwin_hall.distribution(1, Fraction(1, 3)) == Fraction(2, 3)
    assert irwin_hall.distribution(2, Fraction(1)) == 1 - Fraction(1, 8)
    assert irwin_hall.distribution(30, Fraction(0)) == Fraction(1, 2)
    a, b = Fraction(0), Fraction(1)
    values = [irwin_hall.distribution(3, x) for x in (a, (a + b) / 2, b)]
    simpson = (values[0] + 4 * values[1] + values[2]) / 6
    assert irwin_hall.distribution(3, b, 1) - irwin_hall.distribution(3, a, 1) == simpson


@given(k=st.integers(1, 40), shift=st.integers(0, 64))
def test_irwin_hall_is_symmetric(k: int, shift: int) -> None:
    x = Fraction(shift, 17)
    assert irwin_hall.distribution(k, x) + irwin_hall.distribution(k, -x) == 1


def test_floats_would_have_been_useless() -> None:
    """The alternating sum in float64 is off by more than 1 at k = 40: why the fractions are needed."""
    k, x = 40, 35.0
    y = (x + k) / 2
    floats = sum((-1) ** j * math.comb(k, j) * (y - j) ** k for j in range(int(y) + 1)) / math.factorial(k)
    assert abs(floats - float(irwin_hall.distribution(k, Fraction(x)))) > 1


@given(size=st.integers(0, 9), x=st.integers(1, 24).map(lambda k: Fraction(k, 24)))
def test_out_of_reach_against_the_sum_over_signs(size: int, x: Fraction) -> None:
    """P(positive parts < x) by adding up, for each number of positive variables, the Irwin-Hall law on [0, 1]."""
    total = Fraction(1, 2**size)
    for k in range(1, size + 1):
        total += Fraction(math.comb(size, k), 2**size) * irwin_hall.distribution(k, 2 * x - k)
    assert irwin_hall.out_of_reach(size, x) == total


# ---------------------------------------------------------------- the lattice, against exact sums


@pytest.mark.parametrize("k", [2, 5, 12])
@pytest.mark.parametrize("target", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("tolerance", [0.1, 1e-3])
def test_lattice_is_above_and_close_for_u(k: int, target: float, tolerance: float) -> None:
    exact = float(irwin_hall.near(k, Fraction(target), Fraction(tolerance)))
    assert exact <= lattice.near("uniform", k, target, tolerance) <= exact * 1.1 + 1e-12


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_lattice_average_is_above_and_close_for_u(k: int) -> None:
    exact = float(irwin_hall.near_on_average(k, Fraction(1, 100)))
    assert exact <= lattice.near_on_average("uniform", k, 0.01) <= exact * 1.1


@pytest.mark.parametrize("k", [2, 3, 4])
def test_lattice_is_above_wherever_the_target_falls_in_its_cell(k: int) -> None:
    """Fifty targets and fifty intervals, which end anywhere in a cell, against the exact sums."""
    for step in range(1, 51):
        target, tolerance, wide = step / 50, 1e-4, step / 1000
        assert irwin_hall.near(k, Fraction(target), Fraction(tolerance)) <= lattice.near(
            "uniform", k, target, tolerance
        )
        inside = 2 * irwin_hall.distribution(k, 1 + Fraction(wide)) - 1
        assert Fraction(wide) * inside <= lattice.near_on_average("uniform", k, wide)


@pytest.mark.parametrize("size", [0, 1, 3, 10, 25])
@pytest.mark.parametrize("distance", [0.99, 0.2])
def test_lattice_reach_is_below_and_close_for_u(size: int, distance: float) -> None:
    exact = float(irwin_hall.out_of_reach(size, Fraction(distance)))
    assert exact * 0.98 <= lattice.out_of_reach("uniform", size, distance) <= exact


@pytest.mark.parametrize("law", ["product", "normal", "normal_product"])
def test_lattice_encloses_samples(law: str) -> None:
    """An independent oracle for the other laws: 200,000 draws of sums of four."""
    generator = np.random.default_rng(3)
    shape = (200_000, 4)
    draw = generator.standard_normal if law.startswith("normal") else lambda s: generator.uniform(-1, 1, s)
    draws = draw(shape) * draw(shape) if law.endswith("product") else draw(shape)
    sums = draws.sum(axis=1)
    z = generator.uniform(-1, 1, shape[0])
    for bound, share in (
        (lattice.near(law, 4, 0.5, 0.1), np.mean(np.abs(sums - 0.5) <= 0.1)),
        (lattice.near_on_average(law, 4, 0.1), np.mean(np.abs(sums - z) <= 0.1)),
    ):
        assert share - 0.005 <= bound <= share * 1.15
    unreached = np.mean(np.maximum(draws, 0).sum(axis=1) < 0.9)
    assert unreached - 0.02 <= lattice.out_of_reach(law, 4, 0.9) <= unreached + 0.005


# ---------------------------------------------------------------- bounds on success, against measurements


def served(law: str, size: int, tolerance: float, target: float | None, trials: int = 4000) -> int:
    """How often some subset sum is close enough, by listing all of them."""
    generator = np.random.default_rng([size, 2])
    draws = generator.uniform(-1, 1, (trials, size))
    if law == "product":
        draws *= generator.uniform(-1, 1, draws.shape)
    goal = generator.uniform(-1, 1, (trials, 1)) if target is None else target
    sums = np.zeros((trials, 1))
    for column in draws.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    return int(np.count_nonzero(np.min(np.abs(sums - goal), axis=1) <= tolerance))


def certain_success(law: str, size: int, tolerance: float, target: float | None) -> float:
    return float(binomtest(served(law, size, tolerance, target), 4000).proportion_ci(0.999).low)


CASES = [(4, 0.01, 1.0), (4, 0.2, 1.0), (8, 0.01, 0.5), (10, 0.001, None), (10, 0.001, 1.0), (6, 0.05, None)]


@pytest.mark.theorem
@pytest.mark.parametrize("law", ["uniform", "product"])
def test_success_never_beats_its_upper_bound(law: str) -> None:
    """Section 5: measured success <= success_upper_bound at every size, tolerance and target; wrong: half the bound."""
    limits = [certain_success(law, *case) for case in CASES]
    claimed = [success_upper_bound(size, tolerance, law, target) for size, tolerance, target in CASES]
    assert all(limit <= bound for limit, bound in zip(limits, claimed, strict=True))
    assert any(limit > bound / 2 for limit, bound in zip(limits, claimed, strict=True))
    assert sum(bound < 1 for bound in claimed) >= 4


@pytest.mark.theorem
def test_first_moment_at_ten_variables() -> None:
    """U, m = 10, tolerance .001: averaged bound .579, truth .415, .468 at z = 1; wrong: the empty subset alone."""
    bound = success_upper_bound(10, 0.001)
    assert 0.578 < bound <= 0.58
    frequency = binomtest(served("uniform", 10, 0.001, None), 4000).proportion_ci(0.999)
    assert frequency.low <= 0.415 <= frequency.high < bound
    assert frequency.low > bound / 2
    assert 0.4675 < success_upper_bound(10, 0.001, target=1.0) < 0.4685
    assert frequency.low > 0.001


def test_targets_near_zero_are_served_by_the_empty_subset() -> None:
    assert success_upper_bound(0, 0.01, target=0.005) == 1.0
    assert success_upper_bound(0, 0.01, target=0.5) == 0.0
    assert success_upper_bound(0, 0.01) == 0.01


@pytest.mark.theorem
@given(size=st.integers(1, 60), exponent=st.integers(1, 12))
def test_reach_contains_the_endpoint_event(size: int, exponent: int) -> None:
    """Endpoint: with probability 2^-m no variable is positive, so P(failure at z = 1) >= 2^-m; wrong: 2^(1-m)."""
    tolerance = 10.0**-exponent
    assert reach(size, tolerance, "uniform", 1.0) <= 1 - Fraction(1, 2**size) + Fraction(1, 2**52)
    assert certain_success("uniform", 1, 0.5, 1.0) > 1 - 2.0 ** (1 - 1)


@pytest.mark.theorem
@given(tolerance=st.floats(1e-13, 0.9))
def test_counting_bound(tolerance: float) -> None:
    """Counting, all z: the least m with 2^m >= 1/tolerance, exactly; m - 1 subsets of intervals are too short."""
    size = counting_size(tolerance)
    assert 2**size * Fraction(tolerance) >= 1
    assert 2 ** (size - 1) * Fraction(tolerance) < 1


@pytest.mark.theorem
def test_both_ends_at_once() -> None:
    """All z: P(reach both ends) <= P(reach one)^2 (Harris), measured; wrong: the cube."""
    generator = np.random.default_rng(9)
    draws = generator.uniform(-1, 1, (40_000, 6))
    high = np.maximum(draws, 0).sum(axis=1) >= 0.9
    low = np.maximum(-draws, 0).sum(axis=1) >= 0.9
    both = binomtest(int(np.count_nonzero(high & low)), draws.shape[0]).proportion_ci(0.999)
    one = reach(6, 0.1, "uniform", 1.0)
    assert both.low <= one**2 and both.low > one**3


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("law", "level", "expected"),
    [("uniform", 0.01, 15), ("uniform", 0.001, 20), ("product", 0.01, 24), ("product", 0.001, 31)],
)
def test_necessary_sizes_at_the_known_points(law: str, level: float, expected: int) -> None:
    assert necessary_bound(Query(level, level, law, "fixed"))[0] == expected


@pytest.mark.parametrize("law", LAWS)
def test_one_variable_fewer_is_excluded(law: str) -> None:
    """By some bound at z = 1 or on average the size below fails too often; at the size itself none excludes success."""
    for tolerance, failure_probability in ((0.05, 0.3), (0.01, 0.01), (1e-4, 0.5)):
        size, _ = necessary_bound(Query(tolerance, failure_probability, law, "fixed"))
        below = [success_upper_bound(size - 1, tolerance, law, target) for target in (1.0, None)]
        here = [success_upper_bound(size, tolerance, law, target) for target in (1.0, None)]
        assert min(below) < 1 - failure_probability <= min(here)


@pytest.mark.parametrize("quantifier", ["fixed", "all"])
@given(exponents=st.tuples(st.floats(0.5, 12), st.floats(0.5, 12)), steps=st.tuples(st.floats(0, 3), st.floats(0, 3)))
def test_necessary_is_monotone(quantifier: str, exponents: tuple[float, float], steps: tuple[float, float]) -> None:
    loose = [10.0**-exponent for exponent in exponents]
    strict = [level * 10.0**-step for level, step in zip(loose, steps, strict=True)]
    assert (
        necessary_bound(Query(*loose, "uniform", quantifier))[0]
        <= necessary_bound(Query(*strict, "uniform", quantifier))[0]
    )


def test_all_needs_at_least_what_fixed_needs() -> None:
    for law in LAWS:
        fixed, _ = necessary_bound(Query(0.003, 0.02, law, "fixed"))
        assert fixed <= necessary_bound(Query(0.003, 0.02, law, "all"))[0]


@pytest.mark.parametrize("level", [0.3, 0.1, 0.03, 0.01, 0.003, 0.001])
def test_all_is_the_largest_of_its_bounds_recomputed(level: float) -> None:
    """By plain float64 formulas: both ends through the sum over signs, counting through a logarithm."""
    size, method = necessary_bound(Query(level, level, "uniform", "all"))
    x = 1 - level

    def both_ends(m: int) -> float:
        return (1 - sum(math.comb(m, k) * x**k / math.factorial(k) for k in range(m + 1)) / 2**m) ** 2

    ends = next(m for m in range(60) if both_ends(m) >= 1 - level)
    assert size >= max(ends, math.ceil(math.log2(1 / level)))
    assert method != "reach, both ends" or size == ends


def test_first_moment_grows_with_size_and_tolerance() -> None:
    sizes = [first_moment(size, 1e-3, "uniform", 1.0) for size in range(14)]
    assert sizes == sorted(sizes) and sizes[-1] == 1.0
    tolerances = [first_moment(8, tolerance, "product", None) for tolerance in (1e-4, 1e-3, 1e-2)]
    assert tolerances == sorted(tolerances)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"size": -1, "tolerance": 0.1}, "size=-1"),
        ({"size": 3, "tolerance": 0.0}, "tolerance=0.0"),
        ({"size": 3, "tolerance": float("nan")}, "tolerance=nan"),
        ({"size": 3, "tolerance": 0.1, "law": "cauchy"}, "law='cauchy' is unknown; choose one of uniform"),
        ({"size": 3, "tolerance": 0.1, "target": 1.5}, "target=1.5"),
        ({"size": 3, "tolerance": 0.1, "target": float("nan")}, "target=nan"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        success_upper_bound(**arguments)
