"""The checks by name: those about one activation, and those about the theory that needs none."""

from __future__ import annotations

import sympy

import bounds
from bounds import Activation
from bounds.laws import LAWS
from empirical.checks import approximation, building_blocks, plans, propagation, sizes, variables
from empirical.checks.inequality import Check, Outcome, Run, perform

ACTIVATION_CHECKS: dict[str, Check[Activation]] = {
    check.name: check
    for check in (
        Check(
            name="slopes",
            statement="m_plus, m_minus and d are the one-sided slopes and the value at 0, and m is not 0",
            oracle="difference quotients in 50 digits",
            run=approximation.slopes,
        ),
        Check(
            name="majorants",
            statement="|e(t)| <= K t^p up to each majorant's radius",
            oracle="e at points in 50 digits",
            run=approximation.majorants,
            applies=approximation.has_majorants,
        ),
        Check(
            name="radii",
            statement="|e| <= eps within the closed-form and the exact radius",
            oracle="search for a witness in 50 digits",
            run=approximation.radii,
        ),
        Check(
            name="minimax",
            statement="|e| <= eps within the minimax radius, with slopes that do not cancel",
            oracle="search for a witness in 50 digits",
            run=approximation.best_slopes,
        ),
        Check(
            name="gap functions",
            statement="g = eps/a increases and g^-1 is its inverse; the radius is a(eps) rounded down",
            oracle="the symbolic formulas in 50 digits",
            run=approximation.gap_functions,
            applies=approximation.has_majorants,
        ),
        Check(
            name="lemma 2.4",
            statement="|x - (phi(x) - phi(-x))/m| <= 2 eps/|m| for |x| <= a(eps)",
            oracle="phi at points in 50 digits",
            run=approximation.lemma_2_4,
        ),
        Check(
            name="certificates",
            statement="what has a witness against it is never proved, and witnesses are witnesses",
            oracle="search for a witness in 50 digits",
            run=approximation.certificates,
        ),
        Check(
            name="remainders",
            statement="remainder_bound is a bound of |e|",
            oracle="e at points in 50 digits",
            run=approximation.remainders,
        ),
        Check(
            name="lipschitz",
            statement="T bounds every slope, everywhere and on intervals; ranges hold every value",
            oracle="difference quotients and values in 50 digits",
            run=approximation.lipschitz,
        ),
        Check(
            name="blocks",
            statement="base sets within eta of w: blocks err by at most eta kappa |x| + N sigma r (B22 Thms 2.5, 2.6)",
            oracle="blocks evaluated neuron by neuron in 50 digits",
            run=building_blocks.blocks,
        ),
        Check(
            name="constants",
            statement="constants lie in their range with the probability claimed",
            oracle="constants evaluated one by one in 50 digits",
            run=building_blocks.constants,
        ),
        Check(
            name="tickets",
            statement="planned tickets keep their promise (B22 Thms 2.5, 2.6, 2.9)",
            oracle="three tickets built and compared with their target on a grid",
            run=building_blocks.tickets,
            applies=building_blocks.is_registered,
        ),
    )
}
"""What is claimed for one activation."""


def _of_law(name: str, statement: str, oracle: str, run: Run[str]) -> list[Check[None]]:
    """One check per registered law of the variables."""
    return [Check(name=f"{name}: {law}", statement=statement, oracle=oracle, run=_on(law, run)) for law in LAWS]


def _on(law: str, run: Run[str]) -> Run[None]:
    return lambda _, generator: run(law, generator)


def _plain(name: str, statement: str, oracle: str, run: Run[None]) -> list[Check[None]]:
    return [Check(name=name, statement=statement, oracle=oracle, run=run)]


THEORY_CHECKS: dict[str, Check[None]] = {
    check.name: check
    for check in (
        *_plain(
            "refusals", "exactly the functions with m = 0 are refused", "difference quotients", approximation.refusals
        ),
        *_of_law("law", "density, mass and its integral are those of the variables", "draws", variables.law),
        *_of_law("contained uniform", "2 c p(c) of U[-c, c] fits below p", "p once more", variables.contained_uniform),
        *_of_law("growth", "Lemma 5", "draws on an interval at the window's end", variables.growth),
        *_of_law("hits", "Lemma 6", "draws on the worst set", variables.hits),
        *_of_law("one step", "Theorem 7", "linear program over joint laws", variables.one_step),
        *_plain("starts", "A_0 and the windows", "interval intersection", variables.starts),
        *_plain("answers", "sizes read off the recursion", "the rows, searched plainly", variables.answers),
        *_plain(
            "all targets", "all |z| <= 1 at once", "a recursion too optimistic by construction", variables.all_targets
        ),
        *_plain("closed forms", "Theorem R, Corollaries 2 to 4", "the proof's game, unrounded", sizes.closed_forms),
        *_of_law("sufficient sizes", "P(success) >= 1 - delta", "exhaustive search", sizes.sufficient),
        *_plain("mixtures", "Corollary 8", "enumeration", sizes.mixtures),
        *_of_law("success bounds", "no success above the bound", "enumeration", sizes.success_bounds),
        *_of_law("necessary sizes", "fewer variables fail too often", "exhaustive search", sizes.necessary),
        *_plain("counting", "2^m >= 1/eps", "base sets that serve everything", sizes.counting),
        *_plain("grids", "the continuous law's transfer to the grid", "cell ends in exact rationals", sizes.grids),
        *_plain(
            "repaired tolerances", "Lemma 2.8 repaired", "attack in exact rationals", propagation.repaired_tolerances
        ),
        *_plain("rounding", "tolerances are rounded down", "an attack without slack", propagation.rounding),
        *_plain("pools", "helper pools fill their classes", "exact tails, simulated filling", propagation.pools),
        *_plain("plans", "a planned ticket stays within its tolerance", "the worst admissible ticket", plans.attacks),
        *_plain("failure budgets", "a plan fails with at most delta", "union bound written again", plans.failures),
        *_plain("base sets of plans", "as many variables as the theorem asks", "their law and range", plans.base_sets),
        *_plain("rows of plans", "every row and constant is there", "counting", plans.rows),
        *_plain("spare rows", "enough rows succeed", "exact tails, rows failing together", propagation.spare_rows),
    )
}
"""What is claimed without an activation."""


def check_activation(
    activation: Activation,
    seed: int = 0,
    names: tuple[str, ...] = tuple(ACTIVATION_CHECKS),
    until_violated: bool = False,
) -> list[Outcome]:
    """Run every check about one activation, a user's own included.

    >>> import bounds
    >>> [outcome.ok for outcome in check_activation(bounds.activation("relu"), names=("slopes", "radii"))]
    [True, True]
    """
    return [perform(ACTIVATION_CHECKS[name], activation, seed, until_violated) for name in names]


def check_expression(expression: sympy.Expr, name: str = "mine", seed: int = 0) -> list[Outcome]:
    """Derive an activation from an expression in ``bounds.x`` and run every check about it.

    Raises: bounds.AssumptionError, ValueError when the expression is refused.
    """
    return check_activation(bounds.Activation.from_expression(expression, name), seed)


def check_theory(
    seed: int = 0, names: tuple[str, ...] = tuple(THEORY_CHECKS), until_violated: bool = False
) -> list[Outcome]:
    """Run every check that needs no activation.

    >>> [outcome.ok for outcome in check_theory(names=("counting", "grids"))]
    [True, True]
    """
    return [perform(THEORY_CHECKS[name], None, seed, until_violated) for name in names]
