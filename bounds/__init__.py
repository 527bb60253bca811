"""What the theory says: activations, radii, base-set sizes, tolerances and widths, symbolic and rigorous."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bounds.certificate import Certificate
from bounds.dense_network import dense_spec
from bounds.densities.law import DensityLaw
from bounds.densities.mass import DensityError
from bounds.enclosures.branch_and_bound import Verdict
from bounds.expansion import AssumptionError
from bounds.first_activation import Activation
from bounds.functions import ScalarFunction, x
from bounds.initialisation import InitialisationScales, initialisation_scales
from bounds.laws import Law
from bounds.named import activation, activations, scalar_function
from bounds.network import LayerSpec, NetworkSpec
from bounds.neuron_tolerances import neuron_tolerances
from bounds.padding import PaddedSpec, pad
from bounds.radius import EPS as eps
from bounds.radius import Y as y
from bounds.requirement import WidthRequirement
from bounds.subset_sum.grid_transfer import grid_transfer
from bounds.subset_sum.necessary import success_upper_bound
from bounds.subset_sum.size_bound import SizeBound, Status
from bounds.subset_sum.sizes import necessary_size, sufficient_size
from bounds.tolerances import parameter_tolerances
from bounds.widths.planning import width_requirement

if TYPE_CHECKING:
    from bounds.earlier.rows import earlier_rows
    from bounds.earlier.statement import EarlierRow

_ON_FIRST_USE = {"EarlierRow": "bounds.earlier.statement", "earlier_rows": "bounds.earlier.rows"}
"""Names whose modules write many formulas when imported: a tenth of a second that no other query should pay."""


def __getattr__(name: str) -> Any:
    """The names of ``_ON_FIRST_USE``; AttributeError for all others."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'bounds' has no attribute {name!r}")
    return getattr(import_module(_ON_FIRST_USE[name]), name)


__all__ = [
    "Activation",
    "AssumptionError",
    "Certificate",
    "DensityError",
    "DensityLaw",
    "EarlierRow",
    "InitialisationScales",
    "Law",
    "LayerSpec",
    "NetworkSpec",
    "PaddedSpec",
    "ScalarFunction",
    "SizeBound",
    "Status",
    "Verdict",
    "WidthRequirement",
    "activation",
    "activations",
    "dense_spec",
    "earlier_rows",
    "eps",
    "grid_transfer",
    "initialisation_scales",
    "necessary_size",
    "neuron_tolerances",
    "pad",
    "parameter_tolerances",
    "scalar_function",
    "success_upper_bound",
    "sufficient_size",
    "width_requirement",
    "x",
    "y",
]
