"""Solvers of subset-sum problems."""
