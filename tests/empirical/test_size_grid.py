"""The grid of base-set sizes: the chain in all 36 cells, the interval of a size, the command and its reasons."""

from __future__ import annotations

import csv
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.laws import LAWS
from bounds.subset_sum.sizes import necessary_size, sufficient_size
from constructions.philox import uniform
from empirical import first_sizes as first_sizes_module
from empirical.binomial import clopper_pearson
from empirical.experiments.size_grid import COLUMNS, LEVELS, SizeGridConfiguration, experiment, run
from empirical.experiments.size_grid_command import main, markdown
from empirical.first_sizes import STREAM, first_sizes, variables
from empirical.records import to_csv
from empirical.size_interval import size_interval, trials_needed

SMALL = SizeGridConfiguration(
    laws=("uniform", "product"), tolerances=(0.1, 0.01), failure_probabilities=(0.1, 0.01, 1e-5), trials=6000
)


@pytest.fixture(scope="module")
def record():
    (made,) = run(SMALL, lambda message: None)
    return made


@pytest.mark.parametrize("law", LAWS)
def test_the_chain_holds_and_is_monotone_in_all_cells(law: str) -> None:
    """necessary <= sufficient in all 36 cells, both growing as either level shrinks."""
    sizes = np.array(
        [[(necessary_size(e, d, law).size, sufficient_size(e, d, law).size) for d in LEVELS] for e in LEVELS]
    )
    assert sizes.shape == (6, 6, 2) and np.all(sizes[..., 0] <= sizes[..., 1])
    assert np.all(np.diff(sizes, axis=0) >= 0) and np.all(np.diff(sizes, axis=1) >= 0)
    assert np.all(sizes[..., 1] <= (3.05 if law in ("uniform", "product") else 4) * sizes[..., 0])


def test_the_bounds_of_a_whole_table_are_quick() -> None:
    """36 cells of two laws in seconds of processor time (promised: a minute)."""
    start = time.process_time()
    for law in ("uniform", "product"):
        for e in LEVELS:
            for d in LEVELS:
                necessary_size(e * 0.999, d, law), sufficient_size(e * 0.999, d, law)
    assert time.process_time() - start < 60


def test_measured_cells_lie_in_between(record) -> None:
    measured = [row for row in record.rows if row["measured"] is not None]
    assert len(measured) == 8 and record.columns == COLUMNS
    for row in measured:
        assert row["necessary"] <= row["measured_lower"] <= row["measured"] <= row["sufficient"] and row["note"] is None
        assert row["measured_over_necessary"] == row["measured"] / row["necessary"]
        assert row["sufficient_over_measured"] == row["sufficient"] / row["measured"] < 1.75
        limit = clopper_pearson(row["trials"] - row["failures"], row["trials"])[0]
        assert limit >= 1 - row["failure_probability"]


def test_unmeasured_cells_say_what_they_need(record) -> None:
    unmeasured = [row for row in record.rows if row["measured"] is None]
    assert {row["failure_probability"] for row in unmeasured} == {1e-5} and len(unmeasured) == 4
    for row in unmeasured:
        assert row["note"] == "not measured: needs at least 368887 trials"
        assert row["necessary"] <= row["measured_lower"] and row["sufficient_over_measured"] is None


def test_too_few_variables_is_another_reason() -> None:
    configuration = SizeGridConfiguration(
        laws=("uniform",), tolerances=(0.01,), failure_probabilities=(0.01,), trials=2000, max_size=12
    )
    (made,) = run(configuration, lambda message: None)
    (row,) = made.rows
    assert row["measured"] is None and "with 12 variables, the most that are searched" in row["note"]
    fails = int(np.count_nonzero(first_sizes("uniform", 0.01, 2000, 0, 1.0, 12) > 12))
    assert f"{fails} of 2000 trials fail" in row["note"]


def test_the_counts_are_those_of_the_search(record) -> None:
    for law in SMALL.laws:
        sizes = first_sizes(law, 0.1, SMALL.trials, 0, 1.0, SMALL.max_size)
        for row in record.rows:
            if (row["law"], row["tolerance"]) == (law, 0.1) and row["measured"] is not None:
                assert row["failures"] == np.count_nonzero(sizes > row["measured"])


def test_the_record_is_reproducible_and_depends_on_the_seed(record) -> None:
    again = experiment(SMALL).run(lambda message: None)[0]
    assert to_csv(again) == to_csv(record) and again.key == record.key
    other = SizeGridConfiguration(laws=("uniform",), tolerances=(0.1,), failure_probabilities=(0.1,), trials=997)
    counts = {
        run(SizeGridConfiguration(**{**_fields(other), "seed": s}), _quiet)[0].rows[0]["failures"] for s in (1, 2, 3)
    }
    assert len(counts) > 1


def _quiet(message: str) -> None:
    pass


def _fields(configuration: SizeGridConfiguration) -> dict:
    return {name: getattr(configuration, name) for name in configuration.__dataclass_fields__}


def test_fewer_trials_where_a_trial_is_slow() -> None:
    configuration = SizeGridConfiguration(trials=1000)
    assert [configuration.trials_at(t) for t in LEVELS] == [1000, 1000, 1000, 316, 100, 32]


def test_the_two_stages_of_a_search_give_what_one_stage_gives() -> None:
    """More than 16 variables are drawn only for the trials that need them: same draws, same targets, same sizes."""
    trials = np.arange(400)
    draws = first_sizes_module._drawn("product", 3, trials, 24)
    goals = first_sizes_module.targets(None, 3, 0, 400)
    expected = first_sizes_module._searched(draws, goals, 1e-3)
    found = first_sizes("product", 1e-3, 400, seed=3, target=None, max_size=24)
    assert np.array_equal(found, expected) and np.count_nonzero(found > 16) > 10


def test_each_variable_has_draws_of_its_own() -> None:
    """Variable k of a trial is made of the draws 2k and 2k + 1, or of 2k alone."""
    draws = uniform(5, first_sizes_module.VARIABLES, np.arange(6)[:, None], np.arange(14), stream=STREAM)
    assert np.array_equal(variables("product", 5, 0, 6, 7), draws[:, ::2] * draws[:, 1::2])
    assert np.array_equal(variables("uniform", 5, 0, 6, 7), draws[:, ::2])


# ---------------------------------------------------------------- the interval of a least size


def exact_coverage(failures: list[Fraction], trials: int, delta: Fraction) -> Fraction:
    """P(interval contains m*) for two sizes with nested events: m = 1 fails with failures[0], m = 2 with failures[1].

    m = 0 always fails and m = 3 never does.
    """
    least = next(m for m, f in enumerate([Fraction(1), *failures, Fraction(0)]) if f <= delta)
    covered = Fraction(0)
    for first in range(trials + 1):
        for second in range(trials + 1 - first):
            never = trials - first - second
            chance = math.comb(trials, first) * math.comb(trials - first, second)
            weight = chance * (1 - failures[0]) ** first * (failures[0] - failures[1]) ** second * failures[1] ** never
            found = size_interval([0, first, first + second, trials], trials, float(delta))
            upper = 4 if found.upper is None else found.upper
            covered += weight * (found.lower <= least <= upper)
    return covered


@pytest.mark.theorem
@given(parts=st.tuples(st.integers(1, 19), st.integers(1, 19)))
@settings(max_examples=12)
def test_the_interval_of_the_least_size_keeps_its_promise(parts: tuple[int, int]) -> None:
    """Coverage >= 95 % exactly, however the two failure probabilities lie around delta = .25."""
    more, less = sorted(parts, reverse=True)
    assert exact_coverage([Fraction(more, 20), Fraction(less, 20)], 24, Fraction(1, 4)) >= Fraction(95, 100)


def test_trials_needed_is_the_least_number() -> None:
    for delta in (0.1, 0.01, 0.003):
        needed = trials_needed(delta)
        assert clopper_pearson(needed, needed)[0] >= 1 - delta > clopper_pearson(needed - 1, needed - 1)[0]
    assert trials_needed(0.01, 0.99) > trials_needed(0.01)


# ---------------------------------------------------------------- the command


def test_the_command_prints_and_writes(tmp_path, capsys) -> None:
    assert main(["--trials", "400", "--laws", "uniform", "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    text = (tmp_path / "size_grid.md").read_text()
    assert text.strip() == printed.out.strip() and "[6/6] uniform, tolerance 1e-06" in printed.err
    assert "--trials 400 --laws uniform --seed 0" in text and "| 0.1 | 9 <= " in text
    rows = list(csv.DictReader((tmp_path / "size_grid.csv").read_text().splitlines()))
    assert len(rows) == 36 and {row["law"] for row in rows} == {"uniform"}
    for row in rows:
        shown = f"{row['necessary']} <= "
        assert shown in text and (row["measured"] or row["note"])


def test_the_table_shows_intervals_and_letters(record) -> None:
    lines = markdown(record).splitlines()
    rows = [line for line in lines if line.startswith("| 0.1 |")]
    assert len(rows) == 2 and all("[a]" in line for line in rows)
    assert sum(line.startswith("- [a] not measured: needs at least") for line in lines) == 2


@pytest.mark.parametrize("arguments", [["--trials", "0"], ["--trials", "many"], ["--laws", "cauchy"]])
def test_bad_options_are_refused(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as leave:
        main(arguments)
    assert leave.value.code == 2 and arguments[1] in capsys.readouterr().err
