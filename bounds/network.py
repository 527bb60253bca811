"""The numbers of a target network that the theory needs, and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

SIGN_MARGIN = 1.0
"""Signs of hidden neurons are those of phi on the target's pre-activations enlarged by this much on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """Numbers of one target layer ``x -> phi(W x + b)``; suprema are over the compact domain, rounded up.

    ``n_in``, ``n_out``        width below and width of the layer.
    ``activation``             name of phi (``bounds.scalar_function`` knows it).
    ``lipschitz``              T_l, a Lipschitz constant of phi on the pre-activations enlarged by ``enlargement``.
    ``enlargement``            how far beyond the target's own pre-activations ``lipschitz`` still holds (``inf``:
                               everywhere).
    ``input_sup``              sup_x max_j |x_j| of the layer's input.
    ``input_l1``               M_{l-1} = sup_x ||x||_1 of the layer's input.
    ``support_l1``             max over rows i of sum over j with w_ij != 0 of sup_x |x_j|  (at most ``input_l1``).
    ``row_sum``                R_l, largest row sum of |W|.
    ``column_sum``             C_l, largest column sum of |W|.
    ``max_weight, max_bias``   largest |w_ij|, largest |b_i|.
    ``nonzero_weights``        number of w_ij != 0.
    ``nonzero_biases``         number of b_i != 0.
    ``row_nonzeros``           largest number of w_ij != 0 in one row.
    ``one_signed_inputs``      number of inputs j with a nonzero weight whose range on the domain has one sign.
    ``two_signed_inputs``      number of inputs j with a nonzero weight whose range takes both signs.
    """

    n_in: int
    n_out: int
    activation: str
    lipschitz: float
    enlargement: float
    input_sup: float
    input_l1: float
    support_l1: float
    row_sum: float
    column_sum: float
    max_weight: float
    max_bias: float
    nonzero_weights: int
    nonzero_biases: int
    row_nonzeros: int
    one_signed_inputs: int
    two_signed_inputs: int

    def __post_init__(self) -> None:
        if self.n_in < 1 or self.n_out < 1:
            raise ValueError(f"LayerSpec: widths must be positive, got n_in={self.n_in}, n_out={self.n_out}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "activation":
                continue
            if math.isnan(value) or value < 0 or (math.isinf(value) and field.name != "enlargement"):
                raise ValueError(
                    f"LayerSpec: {field.name}={value} must be a finite non-negative number; "
                    "check the target's weights and that its domain is bounded"
                )


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Numbers of a target network: one :class:`LayerSpec` per weight layer and the domain box.

    >>> from bounds.dense_network import dense_spec
    >>> dense_spec((3, 4, 2), "tanh").widths
    (3, 4, 2)
    """

    layers: tuple[LayerSpec, ...]
    domain: tuple[tuple[float, ...], tuple[float, ...]]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("NetworkSpec: a network needs at least one layer, got none")
        for below, above in zip(self.layers, self.layers[1:], strict=False):
            if below.n_out != above.n_in:
                raise ValueError(f"NetworkSpec: a layer of {below.n_out} neurons feeds one of {above.n_in} inputs")

    @property
    def depth(self) -> int:
        """Number of weight layers L.

        >>> from bounds.dense_network import dense_spec
        >>> dense_spec((3, 4, 2), "tanh").depth
        2
        """
        return len(self.layers)

    @property
    def widths(self) -> tuple[int, ...]:
        """(n_0, ..., n_L).

        >>> from bounds.dense_network import dense_spec
        >>> dense_spec((3, 4, 2), "tanh").widths
        (3, 4, 2)
        """
        return (self.layers[0].n_in, *(layer.n_out for layer in self.layers))
