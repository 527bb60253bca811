"""Subsets of at most k, of exactly k, of one sign: proofs against exhaustive search, order, monotonicity, refusals."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from bounds.arithmetic import ball
from bounds.laws import LAWS, Law
from bounds.subset_sum import block_choice, limited_size, one_sign, positive_sums
from bounds.subset_sum.block_choice import BlockPlan, least_plan, start_share
from bounds.subset_sum.positive_sums import near_positive
from bounds.subset_sum.queries import Query, Subsets
from bounds.subset_sum.sizes import necessary_size, sufficient_size
from bounds.subset_sum.thinning import enough_trials, least_trials
from bounds.subset_sum.variants import VARIANTS

SAMPLERS = {
    "uniform": lambda g, shape: g.uniform(-1, 1, shape),
    "product": lambda g, shape: g.uniform(-1, 1, shape) * g.uniform(-1, 1, shape),
    "normal": lambda g, shape: g.standard_normal(shape),
    "normal_product": lambda g, shape: g.standard_normal(shape) * g.standard_normal(shape),
}


def sums_of(draws: np.ndarray, count: int) -> np.ndarray:
    """All sums of exactly ``count`` variables, (trials, subsets)."""
    chosen = np.array(list(combinations(range(draws.shape[1]), count)))
    return draws[:, chosen].sum(axis=2)


def unserved(draws: np.ndarray, counts: range, target: float, tolerance: float) -> int:
    """How many trials have no sum of the allowed numbers of variables within the tolerance."""
    served = np.zeros(len(draws), dtype=bool)
    for count in counts:
        served |= np.any(np.abs(sums_of(draws, count) - target) <= tolerance, axis=1)
    return int(np.count_nonzero(~served))


def certainly_above(failures: int, trials: int) -> float:
    return binomtest(failures, trials).proportion_ci(0.999).low


# ---------------------------------------------------------------- sufficient sizes against exhaustive search


@pytest.mark.theorem
@pytest.mark.parametrize("target", [1.0, -0.4, 0.15])
@pytest.mark.parametrize(("kind", "k"), [("at_most", 2), ("at_most", 3), ("exactly", 2), ("exactly", 3)])
def test_theorem_11_against_exhaustive_search(kind: str, k: int, target: float) -> None:
    """U, tolerance .1, failure probability .1: the size proved fails at most that often; a quarter of it fails more."""
    size, trials = sufficient_size(0.1, 0.1, subsets=kind, subset_size=k).size, 400
    counts = range(1, k + 1) if kind == "at_most" else range(k, k + 1)
    draws = np.random.default_rng(1).uniform(-1, 1, (trials, size))
    assert certainly_above(unserved(draws, counts, target, 0.1), trials) <= 0.1
    quarter = np.random.default_rng(2).uniform(-1, 1, (trials, size // 4))
    assert kind == "exactly" or certainly_above(unserved(quarter, counts, 1.0, 0.1), trials) > 0.1


@pytest.mark.theorem
@pytest.mark.parametrize("law", ["uniform", "normal"])
@pytest.mark.parametrize("target", [0.9, 0.3])
def test_theorem_13_against_search_up_to_three_variables(law: str, target: float) -> None:
    """One sign: even subsets of at most three positive variables fail at most as often as promised."""
    size = sufficient_size(0.1, 0.1, law, subsets="one_sign", smallest=target, window=target).size
    draws = SAMPLERS[law](np.random.default_rng(3), (300, size))
    draws[draws < 0] = 99.0
    assert certainly_above(unserved(draws, range(1, 4), target, 0.1), 300) <= 0.1


@pytest.mark.theorem
def test_corollary_12_fillers() -> None:
    """Exactly 6 of m by 4 fillers and exactly 2, played through; what is left stays in [-1, 1]."""
    generator, trials, failures = np.random.default_rng(4), 600, 0
    size = sufficient_size(0.15, 0.1, subsets="exactly", subset_size=6).size
    for _ in range(trials):
        left, position, used = 0.8, 0, 0
        draws = generator.uniform(-1, 1, size)
        while used < 4 and position < size:
            if draws[position] * left > 0 and abs(draws[position]) <= 1:
                left, used = left - draws[position], used + 1
            assert abs(left) <= 1
            position += 1
        rest = draws[position:]
        sums = rest[:, None] + rest[None, :]
        np.fill_diagonal(sums, 99)
        failures += not (used == 4 and np.any(np.abs(sums - left) <= 0.15))
    assert certainly_above(failures, trials) <= 0.1


@pytest.mark.theorem
@pytest.mark.parametrize("law", ["uniform", "product", "normal"])
def test_a_bridge_is_found_at_least_as_often_as_said(law: str) -> None:
    """P(|X - z| <= c) is least at the largest |z| and met there; what is left after a bridge is at most c."""
    draws = SAMPLERS[law](np.random.default_rng(12), 200_000)
    for window, c in ((1.0, 0.5), (1.0, 0.25), (0.6, 0.5)):
        chance = limited_size._within(law, window, c)
        for z in (0.0, 0.3 * window, -window):
            found = binomtest(int(np.count_nonzero(np.abs(draws - z) <= c)), draws.size).proportion_ci(0.999)
            assert found.high >= chance and (abs(z) < window or found.low <= chance)


@pytest.mark.theorem
@pytest.mark.parametrize(("kind", "k"), [("at_most", 2), ("exactly", 2), ("at_most", 3)])
def test_other_laws_by_a_bridge_and_thinning(kind: str, k: int) -> None:
    """UU at z = 1, tolerance .1: single variables, pairs, and triples with one of the first 40 variables."""
    size, trials, failures = sufficient_size(0.1, 0.1, "product", subsets=kind, subset_size=k).size, 80, 0
    generator = np.random.default_rng(13)
    for _ in range(trials):
        draws = generator.uniform(-1, 1, size) * generator.uniform(-1, 1, size)
        pairs = np.add.outer(draws, draws)[np.triu_indices(size, 1)]
        sums = pairs if kind == "exactly" else np.concatenate([draws, pairs])
        served = bool(np.any(np.abs(sums - 1) <= 0.1))
        if not served and k == 3:
            rest = draws[40:]
            far = np.add.outer(rest, rest)[np.triu_indices(rest.size, 1)]
            served = bool(np.any(np.abs(np.add.outer(draws[:40], far) - 1) <= 0.1))
        failures += not served
    assert certainly_above(failures, trials) <= 0.1


# ---------------------------------------------------------------- budgets: every part of a size, added up again


def tail_below(size: int, chance: float, successes: int) -> float:
    return float(binom(size, chance).cdf(successes - 1))


@pytest.mark.parametrize(("law", "c", "weight"), [("product", 0.5, math.log(2) / 2), ("normal", 1.0, 0.4839414)])
@pytest.mark.parametrize(("chosen", "groups"), [(4, 2), (5, 2), (6, 3)])
def test_groups_add_up(law: str, c: float, weight: float, chosen: int, groups: int) -> None:
    """z/r within eta/r in units of the contained uniform, delta/(2r) each, and thinning with delta/2."""
    query = Query(0.03, 0.02, law, "fixed", 1.0)
    size = limited_size._in_groups(query, chosen, True, groups)
    if (law, groups) == ("product", 3):
        c, weight = max(((k / 64, k / 64 * math.log(64 / k)) for k in range(22, 64)), key=lambda pair: pair[1])
    window, eta = 1 / groups / c, 0.03 / groups / c
    counts = [chosen // groups + (g < chosen % groups) for g in range(groups)]
    plans = [least_plan(start_share(eta, min(1.0, window)), 0.02 / (2 * groups), n, True) for n in counts]
    usable = sum(plan.size for plan in plans if plan is not None)
    assert size is not None and tail_below(size, weight, usable) <= 0.01 * 1.001
    assert tail_below(size - 4, weight, usable) > 0.01


def test_uniform_variables_need_no_thinning() -> None:
    query = Query(0.03, 0.02, "uniform", "fixed", 1.0)
    plan = least_plan(start_share(0.03, 1.0), 0.02, 4, True)
    assert plan is not None and limited_size._in_groups(query, 4, True, 1) == plan.size


@pytest.mark.parametrize(("law", "chance"), [("uniform", 0.5), ("normal", 0.3413447)])
def test_fillers_add_up(law: str, chance: float) -> None:
    """delta/4 for the fillers, P(0 < X <= 1) each; the rest serves any |z| <= 1 with 3 delta/4, whatever the window."""
    for window in (1.0, 0.4):
        query = Query(0.05, 0.02, law, "fixed", window)
        size = limited_size._with_fillers(query, 30, 4)
        served = limited_size._at_target(Query(0.05, 0.02 * 0.75 * (1 - 2.0**-50), law, "fixed", 1.0), 4, False)
        assert size is not None and served is not None
        assert tail_below(size - served, chance, 26) <= 0.005 * 1.001
        assert tail_below(size - served - 1, chance, 26) > 0.005
    assert limited_size._with_fillers(query, 4, 4) == limited_size._at_target(query, 4, False)


def test_a_bridge_adds_up() -> None:
    """UU, c = 1/2: P(|X - 1| <= 1/2) = 1/2 - F(1/2), delta/4 for none among M; then |z| <= 1/2 with 3 delta/4."""
    query = Query(0.05, 0.02, "product", "fixed", 1.0)
    rest = Query(0.05, 0.02 * 0.75 * (1 - 2.0**-50), "product", "fixed", 0.5)
    size, served = limited_size._bridged(query, 5, False, 0.5), limited_size._in_groups(rest, 4, False, 1)
    assert size is not None and served is not None
    missed = 1 - (0.5 - 0.25 * (1 - math.log(0.5)))
    assert missed ** (size - served) <= 0.005 < missed ** (size - served - 1)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("chosen", [2, 3, 4])
def test_plans_fail_at_most_as_often_as_asked(keep: bool, chosen: int) -> None:
    """The plan returned, through psi without a grid: below the failure probability for one family of caps, not far."""
    for start, delta in ((0.2, 0.1), (0.05, 0.01)):
        plan = least_plan(start, delta, chosen, keep)
        assert plan is not None and plan.blocks == chosen - 1
        found = [
            psi(plan.blocks, plan.per_block, plan.hits, int(keep), table_caps(plan.blocks, family), start)
            for family in range(len(block_choice._CAPS))
        ]
        assert 0.2 * delta <= min(found) <= delta


@pytest.mark.parametrize("law", ["uniform", "product", "normal"])
def test_one_sign_adds_up(law: str) -> None:
    """Exactly k usable variables for the target 0 at tolerance eta k/|z|, weight s p(s), s = 2 |z|/k, delta/2 twice."""
    density = {
        "uniform": lambda t: 0.5 * (t <= 1),
        "product": lambda t: -math.log(min(t, 1.0)) / 2,
        "normal": lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi),
    }[law]
    query = Query(0.01, 0.02, law, "fixed", 0.8, Subsets("one_sign", None, 0.5))
    found = list(one_sign._usable(query, 0.5, 0.8))
    assert len(found) > 5
    for (usable, weight), k in zip(found, range(13 - len(found), 13), strict=True):
        assert weight == pytest.approx(2 * 0.5 / k * density(2 * 0.8 / k), rel=1e-9)
        plan = least_plan(start_share(0.01 * k / 0.8, 0.0), 0.01, k, keep=False)
        assert plan is not None and plan.size <= usable <= plan.size + 1
    size = one_sign._cell_size(query, 0.5, 0.8, 0)
    assert any(tail_below(size, weight, usable) <= 0.01 * 1.001 for usable, weight in found)


# ---------------------------------------------------------------- the recursion of Theorem 11


def psi(blocks: int, per_block: int, hits: int, keep: int, caps: list[float], share: float) -> float:
    """psi_j without a grid, term by term; caps[j - 1] is c_j."""
    if blocks == 0:
        return (1 - share / 2) ** hits
    cap = caps[blocks - 1]
    chances = binom(per_block, (1 - cap) / 2).pmf(range(per_block + 1))
    return sum(
        chance * psi(blocks - 1, per_block, hits, keep, caps, min(share * (keep + n), cap))
        for n, chance in enumerate(chances)
    )


def table_caps(blocks: int, family: int) -> list[float]:
    per, doublings = block_choice._PER_DOUBLING, block_choice._DOUBLINGS
    return [2.0 ** (block_choice._cap(j, family) / per - doublings) for j in range(1, blocks + 1)]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("blocks", "per_block"), [(1, 5), (2, 4), (3, 3), (3, 6)])
def test_the_table_is_above_the_recursion_and_close(keep: bool, blocks: int, per_block: int) -> None:
    """On nodes 2^-(i/24): never below psi computed without a grid, at most 12 % above it."""
    for family in range(len(block_choice._CAPS)):
        table = block_choice._row(blocks, per_block, keep, family)
        for i in (230, 380, 480, 570):
            share = 2.0 ** (i / block_choice._PER_DOUBLING - block_choice._DOUBLINGS)
            for h in (5, 20, 30):
                expected = psi(blocks, per_block, block_choice._HITS[h], keep, table_caps(blocks, family), share)
                chance = (1 - table_caps(blocks, family)[-1]) / 2
                assert chance > 0
                assert expected * (1 - 1e-6) <= table[h, i] <= min(1.0, 1.12 * expected + 1e-9)


def block_process(generator: np.random.Generator, plan: BlockPlan, keep: bool, target: float, eta: float) -> bool:
    """Whether the scheme itself serves the target: one variable of each block per point, the last from the hits."""
    points = np.zeros(1)
    low = -min(eta, 1 - target)
    for _ in range(plan.blocks):
        shifted = (points[:, None] + generator.uniform(-1, 1, plan.per_block)[None, :]).ravel()
        shifted = shifted[(shifted >= low - eta) & (shifted <= low + 1 + eta)]
        points = np.concatenate([points, shifted]) if keep else shifted
    last = generator.uniform(-1, 1, plan.hits)
    return bool(points.size and np.any(np.abs(points[:, None] + last[None, :] - target) <= eta))


@pytest.mark.theorem
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("target", [1.0, 0.3])
def test_theorem_11_bounds_its_own_process(keep: bool, target: float) -> None:
    """psi against the scheme played 1,500 times; wrong: psi with twice the variables, as if no chance were halved."""
    generator, eta = np.random.default_rng(8), 0.05
    start, family = start_share(eta, target), 0
    exceeded = 0
    for plan in (BlockPlan(1, 8, 10), BlockPlan(2, 4, 10), BlockPlan(2, 3, 6)):
        failures = sum(not block_process(generator, plan, keep, target, eta) for _ in range(1500))
        caps = table_caps(plan.blocks, family)
        bound = psi(plan.blocks, plan.per_block, plan.hits, int(keep), caps, start)
        assert certainly_above(failures, 1500) <= bound
        doubled = psi(plan.blocks, 2 * plan.per_block, 2 * plan.hits, int(keep), caps, start)
        exceeded += certainly_above(failures, 1500) > doubled
    assert exceeded > 0


@given(st.data())
def test_the_two_point_law_is_the_worst(data: st.DataObject) -> None:
    """A convex decreasing psi that is flat beyond c: any law on [0, v] with mean >= q v does no worse than v Ber(q)."""
    slopes = sorted(data.draw(st.lists(st.integers(0, 9), min_size=8, max_size=8)), reverse=True)
    values = 1 - np.concatenate([[0], np.cumsum(slopes)]) / 100
    grid = np.linspace(0, 1, 9)
    u, v = data.draw(st.floats(0, 0.9)), data.draw(st.floats(0.01, 0.5))
    places = np.array(data.draw(st.lists(st.floats(0, 1), min_size=1, max_size=5)))
    law = np.interp(np.minimum(u + v * places, 1), grid, values).mean()
    q = places.mean()
    worst = (1 - q) * np.interp(u, grid, values) + q * np.interp(min(u + v, 1), grid, values)
    assert law <= worst + 1e-12


def test_the_start_lies_in_the_window() -> None:
    """At |z| = 1 only one side of 0 is in W; at 0 both are; never more than the window."""
    assert start_share(0.1, 1.0) == pytest.approx(0.1) and start_share(0.1, 1.0) <= 0.1
    assert start_share(0.1, 0.95) == pytest.approx(0.15) and start_share(0.1, 0.0) == pytest.approx(0.2)
    assert start_share(0.9, 0.0) == 1.0


@given(start=st.floats(1e-5, 0.5), delta=st.floats(1e-6, 0.5), k=st.integers(1, 8), keep=st.booleans())
@settings(max_examples=20)
def test_plans_are_monotone_and_add_up(start: float, delta: float, k: int, keep: bool) -> None:
    plan = least_plan(start, delta, k, keep)
    if plan is None:
        return
    assert plan.chosen == k and plan.size == (k - 1) * plan.per_block + plan.hits
    for easier in (least_plan(min(1.0, 1.5 * start), delta, k, keep), least_plan(start, min(1.0, 2 * delta), k, keep)):
        assert easier is not None and easier.size <= plan.size
    if not keep:
        kept = least_plan(start, delta, k, True)
        assert kept is not None and kept.size <= plan.size


def test_the_shift_is_a_power_below_the_factor() -> None:
    for factor in range(1, 60):
        shift = block_choice.node_shift(factor, block_choice._PER_DOUBLING)
        assert 2**shift <= factor**block_choice._PER_DOUBLING < 2 ** (shift + 1)


# ---------------------------------------------------------------- thinning and first moments


@given(n=st.integers(1, 60), p=st.floats(0.02, 1.0), delta=st.floats(1e-5, 0.5))
def test_thinning_is_the_least_number_of_trials(n: int, p: float, delta: float) -> None:
    m = least_trials(n, p, delta)
    assert enough_trials(m, n, p, delta) or p == 1.0
    assert binom(m, p).cdf(n - 1) <= delta * (1 + 1e-9)
    assert m == n or binom(m - 1, p).cdf(n - 1) > delta * (1 - 1e-9)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("target", "tolerance"), [(0.9, 0.05), (0.3, 0.02), (0.06, 0.05)])
def test_positive_sums_from_above(law: str, target: float, tolerance: float) -> None:
    """P(k positive variables within the tolerance) against 400,000 draws: above, and at most half more."""
    draws = SAMPLERS[law](np.random.default_rng(9), (400_000, 4))
    for k in range(1, 5):
        hits = np.all(draws[:, :k] > 0, axis=1) & (np.abs(draws[:, :k].sum(axis=1) - target) <= tolerance)
        count, bound = int(hits.sum()), near_positive(law, k, target, tolerance)
        interval = binomtest(count, draws.shape[0]).proportion_ci(0.999)
        assert interval.low <= bound
        assert bound <= 1.5 * interval.high + 1e-5


@pytest.mark.parametrize("law", ["product", "normal", "normal_product"])
def test_a_coarse_lattice_is_still_above(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 6 cells the roundings are large: the bound stays above the frequency, because sums move by that much."""
    draws = SAMPLERS[law](np.random.default_rng(14), (300_000, 4))
    caches = (positive_sums._cells, positive_sums._masses, positive_sums._on_lattice)
    with monkeypatch.context() as patch:
        patch.setattr(positive_sums, "_CELLS", 6)
        for cache in caches:
            cache.cache_clear()
        for k, target, tolerance in ((2, 0.9, 0.01), (3, 0.5, 0.005), (4, 0.6, 0.02)):
            hits = np.all(draws[:, :k] > 0, axis=1) & (np.abs(draws[:, :k].sum(axis=1) - target) <= tolerance)
            least = binomtest(int(hits.sum()), draws.shape[0]).proportion_ci(0.999).low
            assert near_positive(law, k, target, tolerance) >= least
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("law", ["product", "normal"])
def test_cells_are_centred_at_their_lattice_points(law: str) -> None:
    """P(X > 0 in [(j - 1/2) g, (j + 1/2) g]) from above and closely; g = reach/256."""
    found, spacing, mass = positive_sums._cells(law, 0.8), 0.8 / 256, LAWS[law].mass
    for j in (0, 1, 5, 100, 256):
        exact = float((mass(ball((j + 0.5) * spacing)) - mass(ball(max(0.0, (j - 0.5) * spacing)))).mid())
        assert exact - 1e-15 <= found[j] <= exact + 1e-12


def test_counting_asks_for_as_many_subsets_as_intervals() -> None:
    """Targets in [-1, 1] within .1 need ten subsets: of at most 2 of 4 variables there are 11, of 3 there are 7."""
    counts = {
        kind: VARIANTS[kind].bounds(Query(0.1, 0.01, "uniform", "all", 1.0, Subsets(kind, 2)))["counting"]
        for kind in ("at_most", "exactly")
    }
    assert [counts["at_most"](m) for m in (2, 3, 4)] == [0.0, 0.0, 1.0]
    assert [counts["exactly"](m) for m in (3, 4, 5)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("law", LAWS)
def test_the_last_variable_is_taken_at_its_best_place(law: str) -> None:
    """sup over u in [low, high] of P(X > 0, |X - u| <= eps): at u = eps or at the end nearest to it, and attained."""
    mass, eps = LAWS[law].mass, 0.1
    for low, high in ((-0.2, -0.05), (-0.05, 0.05), (0.02, 0.07), (0.05, 0.2), (0.2, 0.4)):
        values = [
            float((mass(ball(max(u + eps, 0.0))) - mass(ball(max(u - eps, 0.0)))).mid())
            for u in np.linspace(low, high, 101)
        ]
        found = positive_sums._last(law, ball(low), ball(high), ball(eps))
        assert max(values) <= found + 1e-15 and found <= max(values) + 2e-3


def test_positive_sums_of_uniform_variables_are_exact() -> None:
    """2^-k (b^k - a^k)/k! while b <= 1; a law with a density uses its supremum."""
    exact = Fraction(1, 8) * ((Fraction(0.75)) ** 3 - Fraction(0.25) ** 3) / 6
    assert 0 <= near_positive("uniform", 3, 0.5, 0.25) - exact <= 1e-16
    from sympy import Abs, exp

    from bounds.functions import x

    laplace = Law.from_density(exp(-Abs(x)) / 2, "laplace")
    assert near_positive(laplace, 3, 0.5, 0.25) == pytest.approx(float(exact), rel=1e-4)


@pytest.mark.theorem
@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("law", ["uniform", "product", "normal"])
def test_success_bounds_are_above_the_observed_success(kind: str, law: str) -> None:
    """Every bound of every kind against exhaustive search with 6 and 9 variables at z = 1 and z = .4."""
    generator = np.random.default_rng(10)
    for z in (1.0, 0.4):
        query = Query(0.03, 0.01, law, "fixed", z, Subsets(kind, 3 if VARIANTS[kind].takes_size else None, z))
        for m in (6, 9):
            draws = SAMPLERS[law](generator, (3000, m))
            counts = {"at_most": range(1, 4), "exactly": range(3, 4), "one_sign": range(1, m + 1)}[kind]
            if kind == "one_sign":
                draws[draws < 0] = 99.0
            served = 3000 - unserved(draws, counts, z, 0.03)
            least = binomtest(served, 3000).proportion_ci(0.999).low
            bounds = VARIANTS[kind].bounds(query)
            assert bounds and all(bound(m) >= least for bound in bounds.values())
            assert all(bound(m) <= bound(m + 1) for bound in bounds.values())


# ---------------------------------------------------------------- the answers


@pytest.mark.parametrize("law", ["uniform", "product", "normal"])
@pytest.mark.parametrize("quantifier", ["fixed", "all"])
def test_necessary_at_most_sufficient(law: str, quantifier: str) -> None:
    unrestricted = necessary_size(0.1, 0.05, law, quantifier).size
    for kind, variant in VARIANTS.items():
        for k in (1, 3, 9, 40) if variant.takes_size else (None,):
            options = {"law": law, "quantifier": quantifier, "subsets": kind, "subset_size": k}
            needed, enough = (f(0.1, 0.05, **options) for f in (necessary_size, sufficient_size))
            assert needed.size <= enough.size and enough.method == kind and enough.status == "proved"
            assert quantifier == "all" or kind != "at_most" or needed.size >= unrestricted - 1
            assert f"{enough.size} i.i.d. variables" in enough.statement and str(needed.size) in needed.statement
            assert k is None or f"{k} of them" in enough.statement


def test_at_most_falls_with_k_down_to_any_subset_and_exactly_needs_k() -> None:
    any_subset = sufficient_size(0.01, 0.01).size
    sizes = [sufficient_size(0.01, 0.01, subsets="at_most", subset_size=k).size for k in (1, 2, 3, 5, 9, 24, 25, 60)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-3] > sizes[-2] == sizes[-1] == any_subset == 25
    for k in (1, 7, 30, 80):
        exact = sufficient_size(0.01, 0.01, subsets="exactly", subset_size=k).size
        assert exact >= max(k, necessary_size(0.01, 0.01, subsets="exactly", subset_size=k).size)
        assert exact >= sufficient_size(0.01, 0.01, subsets="at_most", subset_size=k).size


@given(
    kind=st.sampled_from(list(VARIANTS)),
    law=st.sampled_from(["uniform", "normal"]),
    exponents=st.tuples(st.floats(0.7, 2.5), st.floats(0.5, 4)),
    steps=st.tuples(st.floats(0, 0.7), st.floats(0, 2)),
    k=st.integers(1, 7),
)
@settings(max_examples=10)
def test_sizes_are_monotone_in_both_levels(
    kind: str, law: str, exponents: tuple[float, float], steps: tuple[float, float], k: int
) -> None:
    loose = [10.0**-exponent for exponent in exponents]
    strict = [level * 10.0**-step for level, step in zip(loose, steps, strict=True)]
    options = {"law": law, "subsets": kind, "subset_size": k if VARIANTS[kind].takes_size else None}
    for question in (necessary_size, sufficient_size):
        assert question(*loose, **options).size <= question(*strict, **options).size


def test_one_sign_is_tight_for_all_small_targets_and_logarithmic_for_none() -> None:
    """Over all |z| <= 1 one variable must fall into (0, 2 eps): ln(1/delta)/eps, attained; a fixed z needs fewer."""
    for level in (0.01, 0.001):
        needed, enough = (f(level, level, subsets="one_sign") for f in (necessary_size, sufficient_size))
        assert needed.size == enough.size == math.ceil(math.log(level) / math.log1p(-level))
        assert needed.method.startswith("smallest variable")
        fixed = sufficient_size(level, level, subsets="one_sign", smallest=1.0).size
        assert sufficient_size(level, level).size < fixed < enough.size / 2
    sizes = [sufficient_size(0.01, 0.05, subsets="one_sign", smallest=z, window=z).size for z in (1.0, 0.5, 0.25)]
    assert sizes == sorted(sizes)
    ranges = [sufficient_size(0.01, 0.05, subsets="one_sign", smallest=z).size for z in (1.0, 0.5, 0.25, 0.0)]
    assert ranges == sorted(ranges) and ranges[1] >= max(sizes[:2])


def test_a_law_with_a_density_has_restricted_subsets_too() -> None:
    from sympy import Abs, Max

    from bounds.functions import x

    triangular = Law.from_density(Max(0, 1 - Abs(x)), "triangular")
    for kind, k in (("at_most", 4), ("exactly", 4), ("one_sign", None)):
        options = {"law": triangular, "subsets": kind, "subset_size": k, "window": 0.5}
        needed, enough = (f(0.05, 0.05, **options).size for f in (necessary_size, sufficient_size))
        assert 0 < needed <= enough


def test_no_variable_is_needed_where_the_empty_subset_serves_and_may() -> None:
    for kind, k in (("at_most", 3), ("one_sign", None)):
        assert sufficient_size(0.3, 0.01, window=0.2, subsets=kind, subset_size=k).size == 0
    assert sufficient_size(0.3, 0.01, window=0.2, subsets="exactly", subset_size=3).size >= 3
    assert necessary_size(0.3, 0.01, window=0.2, subsets="exactly", subset_size=3).size >= 3


def test_the_net_serves_every_target() -> None:
    query = limited_size.on_net(Query(0.1, 0.01, "uniform", "all", 0.7))
    assert query.quantifier == "fixed" and query.tolerance == 0.05 and query.failure_probability <= 0.01 / 14
    points = -0.7 + 0.05 + 0.1 * np.arange(14)
    assert np.max(np.min(np.abs(np.linspace(-0.7, 0.7, 999)[:, None] - points), axis=1)) <= 0.05 + 1e-12


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"subsets": "some"}, "subsets='some' is unknown; choose one of any, at_most, exactly, one_sign"),
        ({"subsets": "at_most"}, "subsets='at_most' needs subset_size=k"),
        ({"subset_size": 3}, "subsets='any' takes no subset_size=3"),
        ({"subsets": "one_sign", "subset_size": 3}, "takes no subset_size=3"),
        ({"subsets": "exactly", "subset_size": 0}, "subset_size=0 must be a whole number >= 1"),
        ({"subsets": "exactly", "subset_size": 2.5}, "subset_size=2.5 must be a whole number >= 1"),
        ({"subsets": "exactly", "subset_size": True}, "subset_size=True"),
        ({"subsets": "one_sign", "smallest": 1.5}, "smallest=1.5 must satisfy 0 <= smallest <= window=1.0"),
        ({"subsets": "one_sign", "smallest": math.nan}, "smallest=nan"),
        ({"subsets": "one_sign", "smallest": -0.1}, "smallest=-0.1"),
    ],
)
def test_bad_arguments_are_named(change: dict, named: str) -> None:
    for question in (sufficient_size, necessary_size):
        with pytest.raises(ValueError, match=named):
            question(0.1, 0.1, **change)


def test_only_computed_sizes_exist_for_restricted_subsets() -> None:
    with pytest.raises(ValueError, match="method='closed_form' serves subsets='any' only"):
        sufficient_size(0.1, 0.1, method="closed_form", subsets="one_sign")
