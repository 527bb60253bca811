"""The artefact "parameters within these tolerances keep the output within eps" for the numbers of a network."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from bounds.arithmetic import exact_fraction
from bounds.artefacts import check_artefact
from bounds.artefacts.files import Artefact, least_reading, rational
from bounds.network import LayerSpec, NetworkSpec
from bounds.tolerances import parameter_tolerances

_NUMBERS = ("n_in", "n_out", "lipschitz", "enlargement", "input_l1", "row_sum", "column_sum")


def tolerances(spec: NetworkSpec, tolerance: float, norm: str = "linf") -> Artefact:
    """The artefact of ``bounds.parameter_tolerances(spec, tolerance, norm)``, repaired form.

    The checker does not know the product formula: it runs the error recursion it was derived from. Returns kind
    "tolerances" (docs/artefacts.md). Raises: ValueError as ``parameter_tolerances``.
    """
    per_layer = parameter_tolerances(spec, tolerance, norm)
    claim = _claim(spec, per_layer, least_reading(tolerance), norm)
    try:
        check_artefact.tolerances(claim)
    except ValueError:  # the float is a little larger than the decimal it prints as
        return _claim(spec, per_layer, exact_fraction(tolerance), norm)
    return claim


def layer_numbers(layer: LayerSpec, names: tuple[str, ...]) -> dict[str, Any]:
    """The named numbers of a layer, exact."""
    return {name: rational(getattr(layer, name)) for name in names}


def _claim(spec: NetworkSpec, per_layer: tuple[float, ...], tolerance: Fraction, norm: str) -> Artefact:
    return {
        "kind": "tolerances",
        "norm": norm,
        "tolerance": rational(tolerance),
        "tolerances": [rational(value) for value in per_layer],
        "layers": [layer_numbers(layer, _NUMBERS) for layer in spec.layers],
    }
