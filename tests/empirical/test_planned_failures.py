"""Planned mode is honest: ten thousand planned builds fail no more often than promised."""

from constructions.build import build
from constructions.target import TargetNetwork
from empirical.frequency import clopper_pearson
from empirical.sup_error import sup_error

TARGET = TargetNetwork([[[0.7, -0.4]], [[0.6]]], [[0.3], [0.1]], ["relu", "identity"], ([-1.0, -1.0], [1.0, 1.0]))
TOLERANCE, DELTA, BUILDS, MEASURED_EVERY = 0.1, 0.1, 10_000, 50


def test_ten_thousand_planned_builds_fail_at_most_with_the_promised_probability() -> None:
    failures = 0
    for seed in range(BUILDS):
        result = build(TARGET, "L+1", tolerance=TOLERANCE, failure_probability=DELTA, seed=seed)
        kept = result.success
        if kept and seed % MEASURED_EVERY == 0:
            kept = sup_error(TARGET, result.ticket, starts=0).upper <= TOLERANCE
        failures += not kept
    lower, upper = clopper_pearson(failures, BUILDS)
    print(f"{failures} of {BUILDS} planned builds failed, interval [{lower:.2g}, {upper:.2g}], promised {DELTA}")
    assert upper <= DELTA
