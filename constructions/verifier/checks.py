"""Outcomes of a verification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``where`` locates the first failure (empty when ``ok``), ``detail`` says what was found."""

    name: str
    ok: bool
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks that could be made; checks that need an intact ticket are left out once it is found damaged.

    ``error`` is the certified sup error against the target, where one was given.
    """

    checks: tuple[Check, ...]
    error: float | None = None

    @property
    def ok(self) -> bool:
        """True when every check passed."""
        return all(check.ok for check in self.checks)

    def __str__(self) -> str:
        lines = []
        for check in self.checks:
            place = f" at {check.where}" if check.where else ""
            lines.append(f"{'ok  ' if check.ok else 'FAIL'} {check.name}{place}: {check.detail}")
        return "\n".join(lines)


class Damage(ValueError):
    """Something that prevents further checks; carries the failed check."""

    def __init__(self, name: str, where: str, detail: str) -> None:
        super().__init__(f"{name}: {where}: {detail}")
        self.check = Check(name, False, where, detail)


@dataclass(frozen=True, slots=True, eq=False)
class PlainLayer:
    """One layer of a ticket as found, unchecked; ``weights`` and ``checksums`` only where the ticket has them."""

    n_in: int
    n_out: int
    activation: str
    scale: float
    law: str
    bias: bool
    paired_rows: bool
    paired_columns: bool
    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray | None
    checksums: np.ndarray | None

    @property
    def columns(self) -> int:
        """Number of columns of the mask."""
        return self.n_in + int(self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class PlainTicket:
    """A ticket as found, unchecked."""

    seed: int
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    layers: tuple[PlainLayer, ...]


def plain_ticket(ticket: object) -> PlainTicket:
    """Copy what a ticket object says about itself, attribute by attribute."""
    architecture = _attribute(ticket, "architecture")
    records, masks = _attribute(architecture, "layers"), _attribute(ticket, "masks")
    weights = _attribute(ticket, "weights")
    if not len(records) == len(masks) == len(weights):
        raise Damage("record", "layers", f"{len(records)} records, {len(masks)} masks, {len(weights)} weight vectors")
    layers = tuple(_plain_layer(*parts) for parts in zip(records, masks, weights, strict=True))
    lower, upper = ([float(v) for v in side] for side in _attribute(architecture, "domain"))
    return PlainTicket(int(_attribute(ticket, "seed")), tuple(lower), tuple(upper), layers)


def _plain_layer(record: object, mask: object, weights: object) -> PlainLayer:
    fields = ("n_in", "n_out", "activation", "scale", "law", "bias", "paired_rows", "paired_columns")
    layer = PlainLayer(
        **{field: _attribute(record, field) for field in fields},
        indptr=np.asarray(_attribute(mask, "indptr")),
        indices=np.asarray(_attribute(mask, "indices")),
        weights=np.asarray(weights),
        checksums=None,
    )
    shape = tuple(_attribute(mask, "shape"))
    if shape != (layer.n_out, layer.columns):
        raise Damage("record", "layers", f"a mask of shape {shape} for a record of {(layer.n_out, layer.columns)}")
    return layer


def _attribute(thing: object, name: str):  # type: ignore[no-untyped-def]
    try:
        return getattr(thing, name)
    except AttributeError as error:
        raise TypeError(
            f"verify_ticket: {type(thing).__name__} has no attribute {name!r}; pass a path or a Ticket"
        ) from error
