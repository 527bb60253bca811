"""Earlier constructions and printed forms at the same target: what they say, and what is proved here in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.commands.theory.layout import Sources, figure, paragraph, table

if TYPE_CHECKING:
    from bounds import EarlierRow

_REFUTED = "as printed: refuted"
_LIMITS = (22, 30, 10, 11, 10, 19, 6)


def earlier_text(rows: tuple[EarlierRow, ...], sources: Sources) -> str:
    """One line per statement, then why some of them do not apply or have no constant."""
    lines = [_line(row, sources) for row in rows]
    headings = ("statement", "as printed", "with C = 1", "proved here", "C proved", "status", "source")
    remarks = [paragraph(f"{key}: {words}", "  ") for key, words in _remarks(rows)]
    title = "earlier constructions and printed forms, with the smallest C (for tolerances the largest) proved here"
    return "\n".join([title, table(headings, lines, _LIMITS), *remarks])


def _line(row: EarlierRow, sources: Sources) -> tuple[str, ...]:
    said = row.statement
    source = sources.mark(f"{said.authors}, {said.locator}")
    return row.key, _printed(row), *map(_figure, (row.value, row.proved, row.constant_proved)), status_of(row), source


def _printed(row: EarlierRow) -> str:
    said = row.statement
    body = str(said.formula).replace("epsilon", "eps")
    symbol = said.symbol.replace("\\varepsilon", "eps").replace("\\rho", "rho")
    return f"{symbol} = O({body})" if said.relation == "O" else f"{symbol} {said.relation} {body}"


def _figure(value: float | None) -> str:
    return "-" if value is None else figure(value)


def status_of(row: EarlierRow) -> str:
    """What is known about the statement as printed."""
    return _REFUTED if row.status == "refuted" else str(row.status)


def _remarks(rows: tuple[EarlierRow, ...]) -> list[tuple[str, str]]:
    """Assumptions that this target violates and why constants are missing, the same words once (docs/earlier.md)."""
    found: dict[str, list[str]] = {}
    for row in rows:
        violated = f"not for this target, which lacks: {'; '.join(row.violated)}" if row.violated else ""
        for words in filter(None, (violated, row.note)):
            found.setdefault(words, []).append(row.key)
    return [(", ".join(keys), words) for words, keys in found.items()]


def earlier_dict(row: EarlierRow) -> dict[str, Any]:
    """A row for JSON."""
    said = row.statement
    return {
        "key": row.key,
        "quantity": said.quantity,
        "statement": f"{said.symbol} {said.relation} {said.formula}",
        "latex": said.as_latex(),
        "value": row.value,
        "proved": row.proved,
        "constant_proved": row.constant_proved,
        "depth": row.depth,
        "violated": list(row.violated),
        "note": row.note,
        "status": status_of(row),
        "status_note": said.status_note,
        "source": f"{said.authors}, {said.locator}",
    }
