"""Subset-sum solvers: one interface, stated rules, back ends that return the same masks bit for bit."""

from constructions.solvers.interface import BACK_ENDS, solve_subset_sums
from constructions.solvers.problem import OBJECTIVES, Solutions
from constructions.solvers.values import exact_errors

__all__ = ["BACK_ENDS", "OBJECTIVES", "Solutions", "exact_errors", "solve_subset_sums"]
