"""Helper pools: the union bound over classes that stay open, against exact tails and simulated assignments."""

import math

import numpy as np
import pytest

from bounds.widths.assignment import Group, binomial_lower_tail, open_class_probability, pool_size
from bounds.widths.spares import row_failure_allowed


@pytest.mark.theorem
@pytest.mark.parametrize("probability", [0.25, 0.5])
@pytest.mark.parametrize(("trials", "need"), [(10, 3), (40, 15), (200, 40), (7, 7), (5, 6), (30, 1)])
def test_chernoff_bounds_the_exact_binomial_tail(trials: int, need: int, probability: float) -> None:
    """P(Bin(T, q) < k) <= exp(-T KL((k-1)/T || q)); with 2 T in the exponent it fails."""
    exact = math.fsum(
        math.comb(trials, k) * probability**k * (1 - probability) ** (trials - k) for k in range(min(need, trials + 1))
    )
    bound = binomial_lower_tail(trials, probability, need)
    assert exact <= bound * (1 + 1e-12)
    if 0 < bound < 0.1:
        assert exact > bound**2


def simulated_failures(groups: list[Group], pool: int, trials: int) -> float:
    """Return how often the greedy assignment leaves a class open (classes of probability 1/2, or one of 1)."""
    generator = np.random.default_rng(5)
    failures = 0
    for _ in range(trials):
        free, short = pool, False
        for group in groups:
            for _ in range(group.count):
                if group.classes == 2:
                    first = int(generator.binomial(free, group.probability))
                    counts = [first, free - first]
                else:
                    counts = [int(generator.binomial(free, group.probability))]
                taken = [min(count, group.need) for count in counts]
                short |= min(taken) < group.need
                free -= sum(taken)
        failures += short
    return failures / trials


@pytest.mark.theorem
@pytest.mark.parametrize("failure_probability", [0.2, 0.05])
def test_the_pool_fills_every_class_as_often_as_promised(failure_probability: float) -> None:
    """The surplus of section 5 of docs/widths.md; a pool of just the total need fails far too often."""
    groups = [Group(1, 1, 4, 0.25), Group(2, 1, 6, 0.5), Group(3, 2, 5, 0.5)]
    pool = pool_size(groups, failure_probability)
    need = sum(group.total for group in groups)
    assert need < pool < 2 * need
    assert simulated_failures(groups, pool, 4000) <= failure_probability
    assert simulated_failures(groups, need, 4000) > failure_probability


def test_pool_is_the_smallest_by_its_bound_and_exact_without_signs() -> None:
    groups = [Group(5, 2, 20, 0.5)]
    pool = pool_size(groups, 1e-3)
    assert open_class_probability(groups, pool) <= 1e-3 < open_class_probability(groups, pool - 1)
    assert pool_size([Group(7, 1, 9, 1.0)], 1e-9) == 63
    assert pool_size([], 1e-3) == 0


def test_many_groups_cost_one_surplus_not_one_each() -> None:
    few, many = (pool_size([Group(count, 2, 50, 0.5)], 1e-6) - count * 100 for count in (2, 500))
    assert many <= few + 5


@pytest.mark.theorem
@pytest.mark.parametrize("need", [1, 20, 130])
@pytest.mark.parametrize("spares", [0, 1, 5])
def test_spare_rows_keep_the_promise(need: int, spares: int) -> None:
    """P(more than s of need + s independent rows fail) <= share; with s spares fewer it is exceeded."""
    share = 1e-4
    p = row_failure_allowed(need, spares, share, independent=True)

    def more_than(allowed: int, rows: int) -> float:
        return math.fsum(math.comb(rows, k) * p**k * (1 - p) ** (rows - k) for k in range(allowed + 1, rows + 1))

    assert more_than(spares, need + spares) <= share * (1 + 1e-9)
    if spares:
        assert more_than(spares - 1, need + spares - 1) > share


def test_markov_holds_for_fully_dependent_rows() -> None:
    p = row_failure_allowed(10, 4, 0.01, independent=False)
    assert p <= 0.01
    assert 14 * p / 5 <= 0.01 * (1 + 1e-12)
