"""The supremum of the difference between a ticket and its target over the whole box, from both sides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from empirical.sup_error.alignment import SAMPLES
from empirical.sup_error.anatomy import live_layers
from empirical.sup_error.certificate import certify
from empirical.sup_error.outward import FloatArray, inflation
from empirical.sup_error.target_facts import target_facts
from empirical.sup_error.witness import Pair, search

if TYPE_CHECKING:
    from constructions.target import TargetNetwork
    from constructions.ticket import Ticket

NORMS = ("linf", "l1")
GOAL = 1.001
MET = 1.1


@dataclass(frozen=True, eq=False)
class SupError:
    """Two-sided bounds of ``sup over the box of ||ticket(x) - target(x)||``.

    ``lower``             proven at ``witness``, an input of the box, for the real-number functions;
    ``upper``             proven for all x, for the real-number functions and for every value that evaluating them in
                          float64 returns (if not ``covers_float64``: for the real-number functions only);
    ``norm``              "linf": largest output, "l1": sum over the outputs;
    ``per_output_upper``  the same as ``upper`` for each output by itself;
    ``real_upper``        ``upper`` without the float64 part;
    ``vacuous``           whether ``upper`` says no more than interval arithmetic on both networks separately would, and
                          the witness does not come within a tenth of it either;
    ``aligned``           whether the ticket's layers could be read as those of the target.
    """

    lower: float
    witness: FloatArray
    upper: float
    norm: str
    per_output_upper: FloatArray
    real_upper: float
    vacuous: bool
    aligned: bool
    covers_float64: bool

    @property
    def ratio(self) -> float:
        """``upper / lower``, infinite if nothing was found."""
        return self.upper / self.lower if self.lower > 0 else float("inf")


def sup_error(
    target: TargetNetwork,
    ticket: Ticket,
    norm: str = "linf",
    data: ArrayLike | None = None,
    seed: int = 0,
    starts: int = 16,
    parts: int = 1,
) -> SupError:
    """Bound the sup error of ``ticket`` as a copy of ``target`` over the target's domain, from both sides.

    ``lower <= sup_x ||ticket(x) - target(x)|| <= upper``.

    Assumptions: the activations are continuous; for the float64 part of ``upper``, and for ``lower``, the library
    functions have the relative errors that ``constructions.nonlinearity`` states.
    Args: ``target``; ``ticket`` with as many inputs and outputs (anything with ``matrices()`` and ``architecture``);
    ``norm`` "linf" or "l1"; ``data`` points (n, n_0) inside the domain to start the search from; ``seed`` >= 0 of the
    search; ``starts`` >= 0 points to ascend from (0: no gradient search, the fastest); ``parts`` >= 1 into how many
    parts the box may be cut for a tighter ``upper`` (each costs as much as the whole, and pays for few inputs).
    Returns: a :class:`SupError`; the same call returns the same numbers, with any number of threads.
    Raises: ``ValueError`` for an unknown norm, networks that do not fit, data outside the domain or not finite,
    negative seed or starts, activations that are not continuous.
    Source: the propagation and its proof are ours, docs/certificates.md; B22 Lemma 2.8 bounds a network of the
    target's own shape only.

    >>> from constructions.target import TargetNetwork
    >>> from constructions.ticket import Architecture, LayerRecord, Mask, Ticket
    >>> target = TargetNetwork([[[0.5]]], None, ["identity"], ([0.0], [1.0]))
    >>> source = Architecture((LayerRecord(n_in=1, n_out=1, activation="identity"),), target.domain)
    >>> ticket = Ticket(0, source, (Mask.from_positions([0], [0], (1, 1)),))
    >>> error = sup_error(target, ticket)
    >>> bool(error.lower <= abs(ticket.weights[0][0] - 0.5) <= error.upper), error.witness.tolist()
    (True, [1.0])
    """
    _check(target, ticket, norm, {"seed": (seed, 0), "starts": (starts, 0), "parts": (parts, 1)})
    points = _checked_data(target, data)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported as infinite
        return _both_sides(target, ticket, norm, points, seed, starts, parts)


def _both_sides(
    target: TargetNetwork, ticket: Ticket, norm: str, points: FloatArray | None, seed: int, starts: int, parts: int
) -> SupError:
    facts = target_facts(target)
    layers = live_layers(list(ticket.matrices()), [layer.activation for layer in ticket.architecture.layers])
    lower, upper = target.domain
    generator = np.random.default_rng([seed, 0xA11])
    samples = lower + (upper - lower) * generator.random((SAMPLES, len(lower)))
    found, witness = search(Pair(layers, facts.live, lower, upper, norm), points, seed, starts)
    total = partial(_total, norm=norm)
    certificate = certify(facts, layers, samples, parts, GOAL * found, total)
    if parts > 1:
        again = search(Pair(layers, facts.live, *certificate.worst, norm), None, seed, starts)
        found, witness = max((found, witness), again, key=lambda result: result[0])
    exact = total(certificate.exact)
    return SupError(
        lower=found,
        witness=witness,
        upper=total(certificate.per_output),
        norm=norm,
        per_output_upper=certificate.per_output,
        real_upper=exact,
        vacuous=not np.isfinite(exact) or not (exact < total(certificate.plain) or exact <= MET * found),
        aligned=certificate.aligned,
        covers_float64=certificate.covers_float64,
    )


def _total(per_output: FloatArray, norm: str) -> float:
    if norm == "linf":
        return float(per_output.max())
    return float(per_output.sum() * inflation(len(per_output)))


def _check(target: TargetNetwork, ticket: Any, norm: str, counts: dict[str, tuple[Any, int]]) -> None:
    if norm not in NORMS:
        raise ValueError(f"sup_error: norm={norm!r} is unknown; choose one of {', '.join(NORMS)}")
    for name, (value, least) in counts.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"sup_error: {name}={value!r} must be an integer >= {least}; choose another")
    mine, theirs = ticket.architecture.widths, target.widths
    for index, what in ((0, "inputs"), (-1, "outputs")):
        if mine[index] != theirs[index]:
            raise ValueError(
                f"sup_error: the ticket has {mine[index]} {what}, but the target has {theirs[index]}; "
                "compare a ticket with its own target"
            )


def _checked_data(target: TargetNetwork, data: ArrayLike | None) -> FloatArray | None:
    if data is None:
        return None
    points = np.asarray(data, dtype=np.float64)
    inputs = len(target.domain[0])
    if points.ndim != 2 or points.shape[1] != inputs:
        raise ValueError(f"sup_error: data has shape {points.shape}, but must be (n, {inputs}); flatten every sample")
    outside = ~((points >= target.domain[0]) & (points <= target.domain[1])).all(axis=1)
    if outside.any():
        raise ValueError(
            f"sup_error: data[{int(np.argmax(outside))}] lies outside the target's domain or is not finite; "
            "scale the data or widen the domain"
        )
    return points
