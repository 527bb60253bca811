"""The experiment behind the table of constants: measured below proved, reproducible, and honest about what it skips."""

import pytest

from bounds.earlier.rows import STATEMENTS
from bounds.earlier.statement import Problem
from empirical.experiments import printed_constants
from empirical.experiments.printed_constants import PrintedConstantsConfiguration, measurement
from empirical.records import to_csv

TINY = PrintedConstantsConfiguration(
    activations=("tanh",), widths=((2, 2, 1),), tolerances=(0.3,), failure_probabilities=(0.3,), most_trials=4000
)


@pytest.fixture(scope="module")
def rows() -> dict[str, dict]:
    (record,) = printed_constants.run(TINY, lambda message: None)
    assert to_csv(record).count("\n") == len(STATEMENTS) + 1
    return {row["key"]: dict(row) for row in record.rows}


def test_every_statement_is_a_row(rows: dict[str, dict]) -> None:
    assert list(rows) == list(STATEMENTS)


def test_measured_constants_lie_below_the_proved_ones(rows: dict[str, dict]) -> None:
    measured = {key: row for key, row in rows.items() if row["constant_measured"] is not None}
    assert {"b22-cor-a2", "b22-thm2.5", "b22-thm2.6", "b22-thm2.7", "b22-thm2.9", "pensia"} <= set(measured)
    for row in measured.values():
        assert 0.2 * row["constant_proved"] < row["constant_measured"] <= row["constant_proved"]
        assert row["settings_measured"] == 1


def test_too_few_trials_measure_nothing() -> None:
    measure = measurement(PrintedConstantsConfiguration(most_trials=100))
    assert measure(Problem(law="uniform", tolerance=0.1, failure_probability=0.01, target=1.0)) is None
    assert measure(Problem(law="uniform", tolerance=0.1, failure_probability=0.3, target=1.0)) is not None


def test_the_grid_has_no_biases() -> None:
    for spec, _, _ in printed_constants.settings(PrintedConstantsConfiguration()):
        assert all(layer.nonzero_biases == 0 and layer.max_weight <= 1 for layer in spec.layers)
