"""Wrong theory is noticed: wrong variants of the formulas of ``bounds``, flagged by the suite's own checks.

Every variant claims more than is true. It is flagged when a check finds an inequality violated: a claim against a
measurement, a witness or an exact oracle, never against a stored value of the right formula.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import bounds
from bounds.subset_sum import compiled_step
from bounds.tolerances import _repaired_l1
from empirical.checks import ACTIVATION_CHECKS, THEORY_CHECKS, Check, Inequality, check_theory, perform
from tests.wrong_theory import (
    catalogue_approximation,
    catalogue_plans,
    catalogue_propagation,
    catalogue_sizes,
    catalogue_variables,
)
from tests.wrong_theory.mutation import Mutant, applied, dependents, run_checks, verdict

CATALOGUES: dict[str, tuple[Mutant, ...]] = {
    "approximation": catalogue_approximation.MUTANTS,
    "variables": catalogue_variables.MUTANTS,
    "sizes": catalogue_sizes.MUTANTS,
    "propagation": catalogue_propagation.MUTANTS,
    "plans": catalogue_plans.MUTANTS,
}
LEAST_COUNT = 40
LEAST_RATE = 0.95


def test_the_variants_are_many_and_spread() -> None:
    """At least 40, each with a text of its own, over at least 15 modules."""
    every = [mutant for mutants in CATALOGUES.values() for mutant in mutants]
    modules = Counter(mutant.module for mutant in every)
    print(f"\n{len(every)} wrong variants in {len(modules)} modules: {dict(modules)}")
    assert len(every) >= LEAST_COUNT and len(modules) >= 15
    assert len({mutant.wrong for mutant in every}) == len({(m.module, m.old, m.new) for m in every}) == len(every)
    known = {*ACTIVATION_CHECKS, *THEORY_CHECKS}
    assert all(mutant.checks and set(mutant.checks) <= known for mutant in every)


def uses(mutants: tuple[Mutant, ...]) -> dict[tuple[Any, ...], set[str]]:
    """The checks that a catalogue relies on, for each list of subjects."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for mutant in mutants:
        for subject in mutant.subjects or (None,):
            found.setdefault((subject,) if subject is not None else (), set()).update(mutant.checks)
    return found


@pytest.mark.theorem
@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_the_theory_as_it_is_passes_every_check(catalogue: str) -> None:
    """No false alarm: every check that a variant relies on, on the same subjects and with two seeds."""
    performed = 0
    for subjects, names in uses(CATALOGUES[catalogue]).items():
        for seed in (0, 1):
            for outcome in run_checks(tuple(sorted(names)), subjects, seed, quickly=False):
                assert outcome.ok, f"{subjects}, seed {seed}: {outcome}"
                performed += outcome.performed
    print(f"\n{catalogue}: {performed} inequalities hold")


@pytest.mark.theorem
@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_wrong_theory_is_noticed(catalogue: str) -> None:
    """At least 95 % of the wrong variants are flagged; survivors are printed."""
    verdicts = {mutant.wrong: verdict(mutant) for mutant in CATALOGUES[catalogue]}
    survivors = [wrong for wrong, found in verdicts.items() if found is None]
    for wrong, found in verdicts.items():
        print(f"\n  {wrong}: {found or 'SURVIVES'}", end="")
    print(f"\n{catalogue}: {len(verdicts) - len(survivors)} of {len(verdicts)} flagged; survivors: {survivors}")
    assert len(survivors) <= (1 - LEAST_RATE) * len(verdicts), survivors


# ---------------------------------------------------------------- the machinery itself

HARMLESS = Mutant(
    wrong="nothing: a factor 1",
    module="bounds.tolerances",
    old="gain *= Fraction(layer.column_sum) + share",
    new="gain *= 1 * (Fraction(layer.column_sum) + share)",
    checks=("repaired tolerances",),
)


def test_a_harmless_rewriting_is_not_flagged() -> None:
    assert verdict(HARMLESS) is None


def test_a_conservative_variant_is_not_flagged() -> None:
    """Claims less: nothing measured contradicts it, so it is no wrong theory."""
    cautious = Mutant(**{**vars_of(HARMLESS), "new": "gain *= 2 * Fraction(layer.column_sum) + share"})
    assert verdict(cautious) is None


def vars_of(mutant: Mutant) -> dict[str, Any]:
    return {name: getattr(mutant, name) for name in ("wrong", "module", "old", "new", "checks", "subjects")}


def test_the_formula_is_put_back() -> None:
    """After a variant, and after an exception under it, the old code runs and no cached value is left."""
    wrong = CATALOGUES["propagation"][0]
    code = _repaired_l1.__code__
    with pytest.raises(KeyError), applied(wrong):
        assert _repaired_l1.__code__ is not code
        raise KeyError
    assert _repaired_l1.__code__ is code
    assert all(outcome.ok for outcome in check_theory(names=("repaired tolerances",)))


def test_compiled_functions_are_replaced_by_plain_ones_and_put_back() -> None:
    wrong = next(m for m in CATALOGUES["variables"] if m.module.endswith("compiled_step"))
    before = compiled_step.majorant
    with applied(wrong):
        assert not hasattr(compiled_step.majorant, "py_func")
    assert compiled_step.majorant is before and hasattr(before, "py_func")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"old": "no such text"}, "occurs 0 times"),
        ({"old": "Fraction"}, "the formula has changed"),
        ({"new": "gain *= 1\n"}, "number of lines"),
        (
            {"old": "How accurate each parameter must be", "new": "How accurate any parameter must be"},
            "no live function",
        ),
    ],
)
def test_variants_that_no_longer_fit_are_refused(changes: dict[str, str], error: str) -> None:
    with pytest.raises((LookupError, ValueError), match=error), applied(Mutant(**{**vars_of(HARMLESS), **changes})):
        pass


def test_caches_of_dependents_are_known() -> None:
    assert {"bounds.widths.stages", "bounds.widths.planning", "constructions.plan"} <= dependents(
        "bounds.widths.subsets"
    )
    assert "bounds.laws" not in dependents("bounds.widths.planning")


def test_a_check_that_compares_nothing_is_not_ok() -> None:
    empty: Check[None] = Check(name="empty", statement="", oracle="", run=lambda _, generator: iter(()))
    assert not perform(empty, None).ok
    silent: Check[None] = Check(
        name="silent", statement="", oracle="", run=lambda _, generator: iter(()), applies=lambda _: "says nothing"
    )
    assert perform(silent, None).ok and perform(silent, None).not_applicable == "says nothing"


def test_nan_violates_and_guards_count() -> None:
    assert not Inequality("nan", float("nan"), 1.0).holds and not Inequality("nan", 1.0, float("nan")).holds

    def guarded(subject: None, generator: Any) -> Any:
        yield Inequality("fine", 0, 1)
        raise ArithmeticError("a guard")

    outcome = perform(Check(name="guarded", statement="", oracle="", run=guarded), None)
    assert not outcome.ok and outcome.performed == 1 and "a guard" in outcome.violations[0].what


def test_wrong_activations_of_a_user_are_refused_by_name() -> None:
    from empirical.checks import check_expression

    with pytest.raises(bounds.AssumptionError, match="m = m_plus"):
        check_expression(bounds.x**2)
    outcomes = check_expression(bounds.x + bounds.x**2 / 3, name="parabola")
    assert all(outcome.ok for outcome in outcomes), [str(v) for o in outcomes for v in o.violations]
    assert {outcome.check: outcome.not_applicable for outcome in outcomes}["tickets"] is not None
