r"""From the scales a requirement asks for to the usual initialisations, and back.

A requirement asks for source layers U[-sigma_l, sigma_l]. Networks are drawn as U[-h_l, h_l], h_l = sqrt(6/fan_in)
(He), sqrt(6/(fan_in + fan_out)) (Glorot), sqrt(3/fan_in) (LeCun), or normally with the variance h_l^2 / 3. Multiplying
layer l by lambda_l = sigma_l / h_l turns one into the other. If every hidden activation is positively homogeneous,
phi(c t) = c phi(t) for c > 0, one factor at the end does it: for every mask

    f(lambda_1 W_1, lambda_1 b_1; ...; lambda_L W_L, lambda_1 ... lambda_L b_L)(x) = lambda_1 ... lambda_L f(W, b)(x)

(before the output activation), so biases of layer l need the factor lambda_1 ... lambda_l. A normal law of standard
deviation s contains U[-s, s] with weight sqrt(2/(pi e)) = .4839, the largest weight times half-width it offers.
Proof: ``docs/initialisation.md``. Source: B22 section 2 (lambda_l = 1/sigma_l); ours for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy

from bounds.arithmetic import ball, lower, working_precision
from bounds.enclosures.pieces import smooth_pieces
from bounds.functions import ScalarFunction, x
from bounds.laws import LAWS
from bounds.named import scalar_function
from bounds.requirement import WidthRequirement


@dataclass(frozen=True, slots=True)
class Scheme:
    """An initialisation: the ``variance`` of a weight from (fan_in, fan_out), and whether the law is normal."""

    name: str
    variance: Callable[[int, int], float]
    normal: bool = False

    def half_width(self, fan_in: int, fan_out: int) -> float:
        """Return h with U[-h, h] the law (uniform), or contained in it with :attr:`weight` (normal)."""
        return math.sqrt(self.variance(fan_in, fan_out) * (1 if self.normal else 3))

    @property
    def weight(self) -> float:
        """Mixture weight of that uniform law, rounded down; 1 for uniform schemes."""
        return _normal_weight() if self.normal else 1.0


@working_precision
def _normal_weight() -> float:
    return lower(LAWS["normal"].weight(ball(1)))


_VARIANCES: dict[str, Callable[[int, int], float]] = {
    "he": lambda fan_in, fan_out: 2 / fan_in,
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
}
SCHEMES: dict[str, Scheme] = {
    name + suffix: Scheme(name + suffix, variance, normal)
    for name, variance in _VARIANCES.items()
    for suffix, normal in (("", False), ("_normal", True))
}
"""The registry: "he", "glorot", "lecun" (uniform) and the same with "_normal"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerScale:
    """One source layer.

    ``fan_in``, ``fan_out``  widths below and above.
    ``required``     sigma_l: the requirement's weights are U[-sigma_l, sigma_l].
    ``drawn``        h_l of the scheme.
    ``factor``       lambda_l = sigma_l / h_l, by which the drawn weights are multiplied.
    ``bias_factor``  lambda_1 ... lambda_l, by which drawn biases are multiplied when only the output is rescaled.
    """

    fan_in: int
    fan_out: int
    required: float
    drawn: float
    factor: float
    bias_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialisationScales:
    """How a source network drawn by a scheme becomes the one a requirement asks for.

    ``layers``         one record per source layer.
    ``weight``         weight of the uniform law contained in the scheme's; below 1 base sets must be planned for it.
    ``homogeneous``    whether every hidden activation of the source is positively homogeneous.
    ``output_factor``  lambda_1 ... lambda_L: pruning the drawn network and multiplying its last pre-activations by it
                       gives the ticket exactly. None unless ``homogeneous``: then each layer needs its own factor.
    """

    scheme: str
    layers: tuple[LayerScale, ...]
    weight: float
    homogeneous: bool
    output_factor: float | None


def initialisation_scales(requirement: WidthRequirement, scheme: str = "he") -> InitialisationScales:
    """Return the scale factors between a scheme's source network and the requirement's.

    ``requirement``  of ``width_requirement``; the activations of its target are the source's.
    ``scheme``       "he", "glorot", "lecun", or one of these with "_normal".

    Returns :class:`InitialisationScales`. Raises ValueError for an unknown scheme.

    >>> from bounds import LayerSpec, NetworkSpec, width_requirement
    >>> layer = LayerSpec(n_in=2, n_out=1, activation="relu", lipschitz=1.0, enlargement=float("inf"), input_sup=1.0,
    ...     input_l1=2.0, support_l1=2.0, row_sum=1.0, column_sum=0.5, max_weight=0.5, max_bias=0.0, nonzero_weights=2,
    ...     nonzero_biases=0, row_nonzeros=2, one_signed_inputs=0, two_signed_inputs=2)
    >>> spec = NetworkSpec((layer,), ((-1.0, -1.0), (1.0, 1.0)))
    >>> scales = initialisation_scales(width_requirement(spec, "2L", 0.1, 0.01), "he")
    >>> [round(layer.factor * layer.drawn, 12) == layer.required for layer in scales.layers], scales.homogeneous
    ([True, True], True)
    """
    if scheme not in SCHEMES:
        raise ValueError(f"initialisation_scales: scheme={scheme!r} is unknown; choose one of {', '.join(SCHEMES)}")
    chosen = SCHEMES[scheme]
    layers, product = [], 1.0
    for sigma, (fan_in, fan_out) in zip(required_scales(requirement), _fans(requirement), strict=True):
        drawn = chosen.half_width(fan_in, fan_out)
        product *= sigma / drawn
        layers.append(
            LayerScale(
                fan_in=fan_in,
                fan_out=fan_out,
                required=sigma,
                drawn=drawn,
                factor=sigma / drawn,
                bias_factor=product,
            )
        )
    homogeneous = all(is_positively_homogeneous(function) for function in _hidden_functions(requirement))
    return InitialisationScales(
        scheme=scheme,
        layers=tuple(layers),
        weight=chosen.weight,
        homogeneous=homogeneous,
        output_factor=product if homogeneous else None,
    )


def required_scales(requirement: WidthRequirement) -> tuple[float, ...]:
    """Return sigma_l of every source layer: helper layers s, row layers sigma."""
    scales: list[float] = []
    for stage in requirement.stages:
        if stage.sizes.helper_scale is not None:
            scales.append(stage.sizes.helper_scale)
        scales.append(stage.sizes.sigma)
    return tuple(scales)


def is_positively_homogeneous(function: ScalarFunction) -> bool:
    """Return whether phi(c t) = c phi(t) for all c > 0: linear on either side of 0, and phi(0) = 0.

    >>> [is_positively_homogeneous(scalar_function(name)) for name in ("relu", "leaky_relu", "abs", "tanh", "hardtanh")]
    [True, True, True, False, False]
    """
    pieces = smooth_pieces(function.expression, x)
    # phi = t phi' on a piece makes phi = c t there; pieces of a continuous function can then only meet at 0
    return pieces is not None and all(
        sympy.simplify(piece.expression - x * sympy.diff(piece.expression, x)) == 0 for piece in pieces
    )


def _fans(requirement: WidthRequirement) -> list[tuple[int, int]]:
    return list(zip(requirement.widths[:-1], requirement.widths[1:], strict=True))


def _hidden_functions(requirement: WidthRequirement) -> list[ScalarFunction]:
    """Return the activations of the source's layers but the last."""
    functions = []
    for stage, layer in zip(requirement.stages, requirement.spec.layers, strict=True):
        if stage.block is not None:
            functions.append(stage.block.activation.function)
        functions.append(scalar_function(layer.activation))
    return functions[:-1]
