"""Plain-text tables for a terminal: columns of limited width, long cells wrapped, nothing cut off."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from itertools import zip_longest

WIDTH = 112
_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int]) -> str:
    """Left-aligned columns under a rule, each at most as wide as its limit; cells beyond that are wrapped.

    >>> print(table(("name", "value"), [("a", "1 2 3"), ("b", "4")], (6, 4)))
    name  value
    ----  -----
    a     1 2
          3
    b     4
    """
    columns = list(zip(headings, *rows, strict=True))
    widths = [
        max(len(column[0]), min(limit, max(map(len, column)))) for column, limit in zip(columns, limits, strict=True)
    ]
    lines = [_line(headings, widths), _line(["-" * width for width in widths], widths)]
    for row in rows:
        cells = [wrapped(cell, limit) for cell, limit in zip(row, limits, strict=True)]
        lines += [_line(parts, widths) for parts in zip_longest(*cells, fillvalue="")]
    return "\n".join(lines)


class Sources:
    """The sources of a printout, each named in full once at the end and marked by its number in the lines.

    >>> sources = Sources()
    >>> sources.mark("B22 Thm 2.5"), sources.mark("docs/widths.md"), sources.mark("B22 Thm 2.5")
    ('[1]', '[2]', '[1]')
    >>> print(sources.legend())
    [1] B22 Thm 2.5
    [2] docs/widths.md
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, source: str) -> str:
        """The mark of a source."""
        return f"[{self._numbers.setdefault(source, len(self._numbers) + 1)}]"

    def legend(self) -> str:
        """All sources that were marked, in the order of their numbers."""
        return "\n".join(paragraph(f"[{number}] {source}") for source, number in self._numbers.items())


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` characters, broken at spaces and hyphens where there are any."""
    return textwrap.wrap(text, width) or [""]


def paragraph(text: str, indent: str = "") -> str:
    """A sentence wrapped to the width of the page."""
    return "\n".join(textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  "))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def figure_down(value: float) -> str:
    """A proved number that may only be smaller, to 4 digits.

    >>> figure_down(0.00012346)
    '0.0001234'
    """
    shown = Context(prec=4, rounding=ROUND_FLOOR).plus(Decimal(value))
    return f"{float(shown):g}"


def figure(value: float, digits: int = 4) -> str:
    """A number with a few digits.

    >>> figure(0.00012345678), figure(float("inf")), figure(204168)
    ('0.0001235', 'oo', '204168')
    """
    if isinstance(value, int):
        return str(value)
    return str(value).replace("inf", "oo") if abs(value) == float("inf") else f"{value:.{digits}g}"
