"""Certified sup errors between a target network and a ticket."""

from empirical.sup_error.both_sides import SupError, sup_error

__all__ = ["SupError", "sup_error"]
