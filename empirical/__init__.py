"""What is measured: sup errors, success frequencies, experiments."""

from empirical.frequency import Frequency, clopper_pearson, success_frequency
from empirical.sup_error import SupError, sup_error

__all__ = ["Frequency", "SupError", "clopper_pearson", "success_frequency", "sup_error"]
