"""Architecture records of random source networks: everything about a ticket but its seed and its mask."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import bounds
from constructions.evaluation import FloatArray
from constructions.validation import checked_domain

FORMAT_VERSION = 1
LAWS = ("grid53", "grid24")


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer ``x -> phi(scale (mask * U) x)`` of a source network, U uniform on a grid in ]-1, 1[.

    ``law``             "grid53": (2k+1)/2^53 - 1; "grid24": (2k+1)/2^24 - 1.
    ``scale``           sigma > 0; a power of two keeps the weights exact.
    ``bias``            layer 1 only: column ``n_in`` of the generator is the bias.
    ``paired_rows``     neurons 2k and 2k+1 are (u, -u): row r is (-1)^r times base row r // 2, the bias
    included. ``paired_columns``  their outgoing weights are (v, -v): column c < n_in is (-1)^c times base
    column c // 2.

    Paired rows with paired columns above them are the looks-linear initialisation (B22, Assumption 2.2) up to a
    permutation of the neurons.
    """

    n_in: int
    n_out: int
    activation: str
    scale: float = 1.0
    law: str = "grid53"
    bias: bool = False
    paired_rows: bool = False
    paired_columns: bool = False

    def __post_init__(self) -> None:
        if self.n_in < 1 or self.n_out < 1:
            raise ValueError(f"LayerRecord: n_in={self.n_in}, n_out={self.n_out} must be positive; drop empty layers")
        if self.law not in LAWS:
            raise ValueError(f"LayerRecord: law={self.law!r} is unknown; choose one of {', '.join(LAWS)}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError(
                f"LayerRecord: scale={self.scale} must be positive and finite; give the layer's half-width"
            )
        for flag, width, what in (
            (self.paired_rows, self.n_out, "paired_rows"),
            (self.paired_columns, self.n_in, "paired_columns"),
        ):
            if flag and width % 2:
                raise ValueError(f"LayerRecord: {what} needs an even width, got {width}; neurons come in pairs (u, -u)")
        object.__setattr__(self, "activation", bounds.scalar_function(self.activation).name)
        object.__setattr__(self, "scale", float(self.scale))

    @property
    def columns(self) -> int:
        """Number of generator columns: the inputs, and one more for the bias."""
        return self.n_in + self.bias


@dataclass(frozen=True, slots=True, eq=False)
class Architecture:
    """The layers of a source network and the box its input comes from.

    Raises ``ValueError`` when widths do not chain, a layer but the first has a bias, or looks-linear flags do
    not match: layer l has paired rows exactly when layer l+1 has paired columns.
    """

    layers: tuple[LayerRecord, ...]
    domain: tuple[FloatArray, FloatArray]
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise ValueError("Architecture: a source network needs at least one layer, got none")
        if self.format_version != FORMAT_VERSION:
            raise ValueError(
                f"Architecture: format_version={self.format_version} is unknown, this release reads {FORMAT_VERSION}; "
                "use the release that wrote the ticket"
            )
        for index, (below, above) in enumerate(zip(self.layers, self.layers[1:], strict=False), start=1):
            _check_pair(index, below, above)
        first, last = self.layers[0], self.layers[-1]
        if first.paired_columns or last.paired_rows:
            raise ValueError(
                "Architecture: inputs and outputs are not paired; clear paired_columns / paired_rows there"
            )
        object.__setattr__(self, "domain", checked_domain(self.domain, first.n_in))

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return len(self.layers)

    @property
    def widths(self) -> tuple[int, ...]:
        """(n_0, ..., n_depth) of the source network."""
        return (self.layers[0].n_in, *(layer.n_out for layer in self.layers))


def _check_pair(index: int, below: LayerRecord, above: LayerRecord) -> None:
    if below.n_out != above.n_in:
        raise ValueError(
            f"Architecture: layer {index} has {below.n_out} neurons but layer {index + 1} takes {above.n_in} inputs; "
            "make them equal"
        )
    if above.bias:
        raise ValueError(f"Architecture: layer {index + 1} has bias=True, but only layer 1 of a source has biases")
    if below.paired_rows != above.paired_columns:
        raise ValueError(
            f"Architecture: layer {index} has paired_rows={below.paired_rows} but layer {index + 1} has "
            f"paired_columns={above.paired_columns}; set both or none"
        )


def signed_base(
    record: LayerRecord, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (base rows, base columns, sign) of the generator positions behind ``rows`` and ``columns``."""
    negative = np.zeros(np.broadcast_shapes(rows.shape, columns.shape), dtype=np.int64)
    if record.paired_rows:
        negative = negative + (rows & 1)
        rows = rows >> 1
    if record.paired_columns:
        paired = columns < record.n_in
        negative = negative + np.where(paired, columns & 1, 0)
        columns = np.where(paired, columns >> 1, columns)
    return rows, columns, 1.0 - 2.0 * (negative & 1)
