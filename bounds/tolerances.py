r"""How accurate each parameter must be so that the network's output is within a tolerance (Lemma 2.8 of B22).

Repaired forms (proofs: ``docs/error-propagation.md``), for two networks of one architecture whose parameters of layer l
differ by at most eps_l; T_(l..L) = T_l ... T_L, M_{l-1} = sup ||x^(l-1)||_1 of the target:

    l1    eps_l = (eps/(n_l L)) / max{1, T_(l..L) (1+M_{l-1}) prod_{k=l+1}^{L} (C_k + eps/L)},        C_k column sums
    linf  eps_l = (eps/L)       / max{1, T_(l..L) (1+M_{l-1}) prod_{k=l+1}^{L} (R_k + n_{k-1} eps_k)}, R_k row sums

The printed form of B22 is kept beside them, with its readings selectable, because the suite audits it: it is *not*
valid. ``form="per_layer"`` splits eps over the layers by what they need instead of evenly (``sharper_tolerances``); one
tolerance per neuron, from the weights themselves, is ``bounds.neuron_tolerances``. All arithmetic is exact in
rationals; results are rounded down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bounds.arithmetic import is_finite_real
from bounds.network import LayerSpec, NetworkSpec
from bounds.sharper_tolerances import per_layer

READINGS: dict[str, Callable[[LayerSpec], float]] = {
    "row-sum": lambda layer: layer.row_sum,
    "column-sum": lambda layer: layer.column_sum,
    "max-entry": lambda layer: layer.max_weight,
}


def round_down(value: Fraction) -> float:
    """Return the largest float64 not above ``value``."""
    nearest = float(value)
    return nearest if Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)


def round_up(value: Fraction) -> float:
    """Return the smallest float64 not below ``value``."""
    return -round_down(-value)


def check_open_unit(name: str, value: float, call: str) -> None:
    """Raise ValueError unless 0 < value < 1 (NaN is refused too)."""
    if not (is_finite_real(value) and 0 < value < 1):
        raise ValueError(f"{call}: {name}={value!r} must satisfy 0 < {name} < 1; choose for example {name}=0.01")


def parameter_tolerances(
    spec: NetworkSpec,
    tolerance: float,
    norm: str = "linf",
    form: str = "repaired",
    reading: str = "row-sum",
    product_to: str = "L-1",
) -> tuple[float, ...]:
    """Return eps_1, ..., eps_L: how far every parameter of layer l may be off.

    Assumptions: both networks have the architecture and activations of ``spec``. The spec's Lipschitz constants must
    hold on the pre-activations of both: the repaired forms are shrunk until these stay within
    ``LayerSpec.enlargement``.

    ``norm``        "linf" (largest output) or "l1" (sum over outputs).
    ``form``        "repaired" (proved), "per_layer" (proved; fewer variables in total, single layers may get less) or
                    "printed" (B22 as printed, refuted in several readings; l1 in the paper).
    ``reading``     printed form only: what ||W||_inf means, "row-sum", "column-sum" or "max-entry".
    ``product_to``  printed form only: the product's last factor, "L-1" (as printed) or "L".

    Returns floats rounded down, one per layer. Raises ValueError for a tolerance outside (0, 1) or an unknown choice.
    Source: B22 Lemma 2.8; the repaired forms are ours.
    """
    check_open_unit("tolerance", tolerance, "parameter_tolerances")
    _check_choice("norm", norm, ("linf", "l1"))
    _check_choice("form", form, tuple(FORMS))
    _check_choice("reading", reading, tuple(READINGS))
    _check_choice("product_to", product_to, ("L-1", "L"))
    request = _Request(spec, Fraction(tolerance), norm, reading, product_to)
    return tuple(round_down(value) for value in FORMS[form](request))


@dataclass(frozen=True, slots=True)
class _Request:
    """A checked question to one of the forms."""

    spec: NetworkSpec
    eps: Fraction
    norm: str
    reading: str
    product_to: str


def _repaired_within_range(
    spec: NetworkSpec, eps: Fraction, form: Callable[[NetworkSpec, Fraction], list[Fraction]]
) -> list[Fraction]:
    """Return the form for the largest of eps, eps/2, eps/4, ... whose shifts stay where T_l is known to hold."""
    while not _within_range(spec, form(spec, eps)):
        eps /= 2
    return form(spec, eps)


def _within_range(spec: NetworkSpec, tolerances: Sequence[Fraction]) -> bool:
    """Return whether (1 + M) eps_l + (R + n eps_l) e_{l-1} stays within ``LayerSpec.enlargement`` in all layers."""
    error = Fraction(0)
    for layer, eps in zip(spec.layers, tolerances, strict=True):
        shift = eps * (1 + Fraction(layer.input_l1)) + (Fraction(layer.row_sum) + layer.n_in * eps) * error
        if shift > layer.enlargement:
            return False
        error = Fraction(layer.lipschitz) * shift
    return True


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"parameter_tolerances: {name}={value!r} is unknown; choose one of {', '.join(known)}")


def _repaired_l1(spec: NetworkSpec, eps: Fraction) -> list[Fraction]:
    """Return the repaired l1 form, layer 1 first."""
    share = eps / spec.depth
    gain = Fraction(1)
    result: list[Fraction] = []
    for layer in reversed(spec.layers):
        gain *= Fraction(layer.lipschitz)
        result.append(share / layer.n_out / max(Fraction(1), gain * (1 + Fraction(layer.input_l1))))
        gain *= Fraction(layer.column_sum) + share
    return result[::-1]


def _repaired_linf(spec: NetworkSpec, eps: Fraction) -> list[Fraction]:
    """Return the repaired linf form, solved from the last layer down, layer 1 first."""
    share = eps / spec.depth
    gain = Fraction(1)
    result: list[Fraction] = []
    for layer in reversed(spec.layers):
        gain *= Fraction(layer.lipschitz)
        result.append(share / max(Fraction(1), gain * (1 + Fraction(layer.input_l1))))
        gain *= Fraction(layer.row_sum) + layer.n_in * result[-1]
    return result[::-1]


def _printed(spec: NetworkSpec, eps: Fraction, size: Callable[[LayerSpec], float], last: int) -> list[Fraction]:
    """Return B22's Lemma 2.8 with the product over k = l+1..last and one T for all layers, layer 1 first."""
    depth = spec.depth
    uniform = max(Fraction(layer.lipschitz) for layer in spec.layers)
    result = []
    for index, layer in enumerate(spec.layers, start=1):
        product = math.prod(
            (Fraction(size(spec.layers[k - 1])) + eps / depth for k in range(index + 1, last + 1)), start=Fraction(1)
        )
        bracket = uniform ** (depth - index + 1) * (1 + Fraction(layer.input_l1)) * (1 + eps / depth) * product
        if bracket == 0:
            raise ValueError(
                f"parameter_tolerances: the printed form of Lemma 2.8 divides by zero at layer {index} "
                "(T = 0 or a zero weight matrix above); use form='repaired'"
            )
        result.append(eps / (layer.n_out * depth) / bracket)
    return result


def _as_repaired(request: _Request) -> list[Fraction]:
    return _repaired_within_range(request.spec, request.eps, _REPAIRED[request.norm])


def _as_per_layer(request: _Request) -> list[Fraction]:
    spec = request.spec
    return per_layer(spec, request.eps, request.norm, _as_repaired(request), lambda found: _within_range(spec, found))


def _as_printed(request: _Request) -> list[Fraction]:
    last = request.spec.depth - 1 if request.product_to == "L-1" else request.spec.depth
    return _printed(request.spec, request.eps, READINGS[request.reading], last)


_REPAIRED: dict[str, Callable[[NetworkSpec, Fraction], list[Fraction]]] = {"linf": _repaired_linf, "l1": _repaired_l1}
FORMS: dict[str, Callable[[_Request], list[Fraction]]] = {
    "repaired": _as_repaired,
    "per_layer": _as_per_layer,
    "printed": _as_printed,
}
"""The forms of Lemma 2.8, by name."""
