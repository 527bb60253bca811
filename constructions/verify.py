"""Verification of tickets by code that shares nothing with the builder.

Own generator, own file reading, own forward pass, own error propagation; of the other packages only ``bounds``
is used.
"""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from bounds.arithmetic import is_finite_real
from constructions.verifier.checks import Check, Damage, PlainTicket, Verification, plain_ticket
from constructions.verifier.file import read_plain
from constructions.verifier.forward import check_forward
from constructions.verifier.propagation import certified_errors
from constructions.verifier.structure import check_checksums, check_mask, check_record, check_weights, regenerate

__all__ = ["Check", "Verification", "verify_ticket"]


def verify_ticket(
    path_or_ticket: str | PathLike[str] | Any, target: Any = None, tolerance: float | None = None
) -> Verification:
    """Check a ticket, a file or an object, against its own record and, where given, against its target.

    Checks, in this order: ``manifest`` and ``digests`` (files), ``record`` (widths, flags, scales), ``mask``
    (binary, sorted, in range), ``checksums`` (files: rows against regenerated weights), ``weights`` (every
    weight carried equals scale * Philox(seed, layer, row, column) bit for bit), ``forward`` (objects: the call
    agrees with an own pass in balls), ``domain`` and ``error`` (with ``target``): a certified upper bound of
    sup |ticket - target| over the target's domain, the largest output counting (linf), compared with
    ``tolerance`` where one is given. What is certified is the real-number function of the weights, without
    float64 rounding of an evaluation.

    Returns a :class:`Verification`; a damaged ticket is a failed check, not an exception. Raises
    ``FileNotFoundError`` for a missing file, ``ValueError`` for a tolerance without a target, ``TypeError`` for
    an object that is no ticket.
    """
    if tolerance is not None and (target is None or not (is_finite_real(tolerance) and tolerance > 0)):
        raise ValueError(
            f"verify_ticket: tolerance={tolerance!r} must be positive, finite and needs a target; pass target="
        )
    checks: list[Check] = []
    try:
        ticket = _read(path_or_ticket, checks)
        source = _check_parts(ticket, checks)
    except Damage as damage:
        return Verification((*checks, damage.check))
    if not isinstance(path_or_ticket, (str, PathLike)):
        checks.append(check_forward(ticket, source, path_or_ticket))
    if target is None:
        return Verification(tuple(checks))
    return _compare(ticket, source, target, tolerance, checks)


def _read(path_or_ticket: Any, checks: list[Check]) -> PlainTicket:
    if not isinstance(path_or_ticket, (str, PathLike)):
        return plain_ticket(path_or_ticket)
    ticket, found = read_plain(Path(path_or_ticket))
    checks.extend(found)
    return ticket


def _check_parts(ticket: PlainTicket, checks: list[Check]) -> list[np.ndarray]:
    """Append the checks of record, mask, checksums and weights; return the regenerated weights."""
    checks.append(check_record(ticket))
    checks.append(check_mask(ticket))
    source = regenerate(ticket)
    if ticket.layers[0].checksums is not None:
        checks.append(check_checksums(ticket, source))
    checks.append(check_weights(ticket, source))
    return source


def _compare(
    ticket: PlainTicket, source: list[np.ndarray], target: Any, tolerance: float | None, checks: list[Check]
) -> Verification:
    checks.append(_check_domain(ticket, target))
    if not checks[-1].ok:
        return Verification(tuple(checks))
    errors = certified_errors(ticket, source, target)
    worst = max(errors)
    if tolerance is None:
        ok, compared = math.isfinite(worst), "no tolerance was given"
    else:
        ok, compared = worst <= tolerance, f"tolerance {tolerance}"
    detail = f"certified sup error {worst!r} (linf) over the target's domain; {compared}"
    checks.append(Check("error", ok, "" if ok else f"output {errors.index(worst)}", detail))
    return Verification(tuple(checks), worst)


def _check_domain(ticket: PlainTicket, target: Any) -> Check:
    """Ticket and target have the same inputs and outputs, and the ticket's box holds the target's."""
    shapes = (ticket.layers[0].n_in, ticket.layers[-1].n_out), (target.widths[0], target.widths[-1])
    if shapes[0] != shapes[1]:
        return Check("domain", False, "widths", f"inputs and outputs {shapes[0]} for a target with {shapes[1]}")
    lower, upper = target.domain
    outside = (np.asarray(lower) < np.array(ticket.lower)) | (np.asarray(upper) > np.array(ticket.upper))
    if outside.any():
        place = int(np.argmax(outside))
        return Check("domain", False, f"input {place}", "the target's domain is not inside the ticket's")
    return Check("domain", True, "", "the ticket's box holds the target's domain")
