"""Checks that the theory of ``bounds`` can fail: every claim held against an oracle that shares no code with it."""

from empirical.checks.inequality import Check, Inequality, Outcome, perform
from empirical.checks.registry import (
    ACTIVATION_CHECKS,
    THEORY_CHECKS,
    check_activation,
    check_expression,
    check_theory,
)

__all__ = [
    "ACTIVATION_CHECKS",
    "THEORY_CHECKS",
    "Check",
    "Inequality",
    "Outcome",
    "check_activation",
    "check_expression",
    "check_theory",
    "perform",
]
