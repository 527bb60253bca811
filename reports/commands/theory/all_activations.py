"""``ticketproof bounds --all``: every named activation in one table, with what deriving and certifying it took."""

from __future__ import annotations

import argparse
import csv
import io
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.commands.theory.layout import figure, paragraph, table
from reports.exit_codes import ExitCode

TOLERANCES = (1e-1, 1e-3, 1e-6, 1e-9, 1e-12)
SCHEMA = "ticketproof.bounds.all/1"
FORMULAS = ("m_plus", "m_minus", "d", "T", "a", "g", "g_inverse")


@dataclass(frozen=True, slots=True)
class Row:
    """One activation: exact formulas, the same for readers, verdicts, and processor seconds.

    ``derivation_seconds``   from the expression to every step of the derivation, T included.
    ``certificate_seconds``  the median over the tolerances.
    """

    name: str
    exact: dict[str, str]
    shown: dict[str, str]
    verdicts: tuple[str, ...]
    derivation_seconds: float
    certificate_seconds: float


def run_all(options: argparse.Namespace) -> int:
    """Derive, certify, print; the exit status is that of the worst verdict."""
    import bounds

    _refuse_other_options(options)
    tolerances = tuple(options.tolerance or TOLERANCES)
    start = time.process_time()
    rows = [_row(name, tolerances) for name in bounds.activations()]
    total = time.process_time() - start
    print(_written(options, rows, tolerances, total))
    verdicts = {verdict for row in rows for verdict in row.verdicts}
    if "refuted" in verdicts:
        return ExitCode.VIOLATED
    return ExitCode.OK if verdicts == {"proved"} else ExitCode.INCOMPLETE


def _refuse_other_options(options: argparse.Namespace) -> None:
    given = {
        "an activation": options.activation,
        "--expression": options.expression,
        "--width": options.width,
        "--derivation": options.derivation,
        "--latex": options.latex,
        "--artefacts": options.artefacts,
    }
    asked = [name for name, value in given.items() if value]
    if asked:
        raise ValueError(f"bounds: --all is about all named activations; leave {asked[0]} out")


def _row(name: str, tolerances: tuple[float, ...]) -> Row:
    import bounds
    from bounds.derivation.notation import text_of

    start = time.process_time()
    activation = bounds.activation(name)
    activation.derivation()
    derivation = time.process_time() - start
    values = {key: getattr(activation, "lipschitz" if key == "T" else key) for key in FORMULAS}
    verdicts, seconds = [], []
    for tolerance in tolerances:
        start = time.process_time()
        verdicts.append(str(activation.certify(tolerance).verdict))
        seconds.append(time.process_time() - start)
    return Row(
        name=name,
        exact={key: str(value) for key, value in values.items()},
        shown={key: text_of(value) for key, value in values.items()},
        verdicts=tuple(verdicts),
        derivation_seconds=derivation,
        certificate_seconds=statistics.median(seconds),
    )


def _written(options: argparse.Namespace, rows: list[Row], tolerances: tuple[float, ...], total: float) -> str:
    if options.json:
        return _json(rows, tolerances, total)
    if options.csv:
        return _csv(rows, tolerances)
    return (_markdown if options.markdown else _text)(rows, tolerances, total)


def _flat(row: Row, values: dict[str, str], tolerances: tuple[float, ...]) -> dict[str, str]:
    """One line of a table."""
    verdicts = {f"eps = {t:g}": verdict for t, verdict in zip(tolerances, row.verdicts, strict=True)}
    times = {
        "derivation [s]": figure(row.derivation_seconds, 2),
        "certificate [ms]": figure(1000 * row.certificate_seconds, 2),
    }
    return {"activation": row.name, **values, **verdicts, **times}


def _summary(rows: list[Row], tolerances: tuple[float, ...], total: float) -> str:
    proved = sum(verdict == "proved" for row in rows for verdict in row.verdicts)
    slowest = max(rows, key=lambda row: row.derivation_seconds)
    median = statistics.median(row.certificate_seconds for row in rows)
    return (
        f"{len(rows)} activations, {proved} of {len(rows) * len(tolerances)} certificates proved; processor time: "
        f"{total:.2f} s in all, slowest derivation {slowest.derivation_seconds:.2f} s ({slowest.name}), "
        f"median certificate {1000 * median:.2g} ms"
    )


def _text(rows: list[Row], tolerances: tuple[float, ...], total: float) -> str:
    lines = [_flat(row, row.shown, tolerances) for row in rows]
    rest = [key for key in lines[0] if key not in (*FORMULAS, "activation")]
    parts = [
        _part(lines, ("m_plus", "m_minus", "d", "T"), (14, 14, 10, 36)),
        _part(lines, ("a", "g", "g_inverse"), (32, 32, 30)),
        _part(lines, rest, (16,) * len(rest)),
        f"{paragraph(_summary(rows, tolerances, total))}\n{_NOTE}",
    ]
    return "\n\n".join(parts)


_NOTE = "sources: B22 Assumption 2.3, docs/activations.md; a certificate is about every x with |x| <= a(eps)"
_HEADINGS = {"a": "a(eps)", "g": "g(eps)", "g_inverse": "g^-1(y)"}


def _part(lines: list[dict[str, str]], keys: Sequence[str], limits: Sequence[int]) -> str:
    """The table of some of the columns."""
    rows = [(line["activation"], *(line[key] for key in keys)) for line in lines]
    return table(("activation", *(_HEADINGS.get(key, key) for key in keys)), rows, (12, *limits))


def _markdown(rows: list[Row], tolerances: tuple[float, ...], total: float) -> str:
    lines = [_flat(row, row.shown, tolerances) for row in rows]
    cells = [tuple(lines[0]), ("---",) * len(lines[0]), *(tuple(line.values()) for line in lines)]
    escaped = ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in cells]
    return "\n".join([*escaped, "", _summary(rows, tolerances, total)])


def _csv(rows: list[Row], tolerances: tuple[float, ...]) -> str:
    """Exact formulas, one line per activation."""
    lines = [_flat(row, row.exact, tolerances) for row in rows]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue().rstrip("\n")


def _json(rows: list[Row], tolerances: tuple[float, ...], total: float) -> str:
    shown: list[dict[str, Any]] = [
        {
            "name": row.name,
            **row.exact,
            "verdicts": dict(zip(map(str, tolerances), row.verdicts, strict=True)),
            "derivation_seconds": row.derivation_seconds,
            "certificate_seconds": row.certificate_seconds,
        }
        for row in rows
    ]
    return json.dumps({"schema": SCHEMA, "activations": shown, "seconds": total}, indent=1)
