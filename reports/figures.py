"""The figures of the report. Colours are told apart by everyone and stand out on a light and on a dark page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from empirical.records import Record, Row
from reports.canvas import INK, Figure, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PINK = "#3b8fd4", "#d97706", "#159a6c", "#c65b9b"
SERIES = (BLUE, ORANGE, GREEN, PINK)
MARKERS = ("o", "s", "^", "D")


def figures(records: dict[str, Record]) -> tuple[Figure, ...]:
    """Every figure whose records exist."""
    found: list[Figure] = []
    for needed, draw in DRAWERS:
        if needed in records:
            found.extend(draw(records[needed]))
    return tuple(found)


def approximation_figures(curves: Record) -> Iterator[Figure]:
    """phi against phihat, one figure per activation, the certified interval shaded."""
    for activation, rows in _grouped(curves.rows, "activation"):
        exact = all(row["certified"] for row in rows)
        reach = "They agree everywhere." if exact else "In the shaded interval they differ by at most 0.1: proved."
        yield drawn(
            f"approximation_{_slug(activation)}",
            f"{activation}: the function φ and its piecewise linear approximation near 0. {reach}",
            partial(_draw_approximation, activation=activation, rows=rows),
        )


def _draw_approximation(axes: Axes, activation: str, rows: list[Row]) -> None:
    x = [row["x"] for row in rows]
    certified = [row["x"] for row in rows if row["certified"]]
    axes.axvspan(min(certified), max(certified), color=GREEN, alpha=0.18, lw=0, label="certified, ε = 0.1")
    axes.plot(x, [row["phi"] for row in rows], color=BLUE, label="φ")
    axes.plot(x, [row["phihat"] for row in rows], color=ORANGE, linestyle="--", label="approximation")
    axes.set(title=activation, xlabel="pre-activation x", ylabel="value")
    axes.legend(loc="upper left")


def radius_figures(radii: Record) -> Iterator[Figure]:
    """a(eps) and a*(eps) over eps for every activation with a finite radius."""
    finite = [row for row in radii.rows if row["a"] != float("inf")]
    if finite:
        yield drawn(
            "radii",
            "Radius of the interval around 0 on which the approximation is within ε: closed form a(ε) and exact a*(ε). "
            "Activations that are exactly piecewise linear (infinite radius) are not drawn.",
            partial(_draw_radii, rows=finite),
        )


def _draw_radii(axes: Axes, rows: list[Row]) -> None:
    for colour, (activation, own) in zip(SERIES, _grouped(rows, "activation"), strict=False):
        tolerances = [row["tolerance"] for row in own]
        axes.loglog(tolerances, [row["a_exact"] for row in own], color=colour, label=f"{activation}, exact a*")
        axes.loglog(tolerances, [row["a"] for row in own], "o", color=colour, label=f"{activation}, closed form a")
    axes.set(xlabel="tolerance ε", ylabel="radius")
    axes.legend()


def size_figures(base_sets: Record) -> Iterator[Figure]:
    """Necessary, measured and sufficient sizes over eps, one figure per law and quantifier."""
    for (law, quantifier), rows in _grouped(base_sets.rows, "law", "quantifier"):
        yield drawn(
            f"sizes_{_slug(law)}_{_slug(quantifier)}",
            f"Base-set sizes over tolerance = failure probability, law {law}, targets: {quantifier}. Fewer variables "
            "than the lower curve cannot work, as many as the upper curve are proved to work.",
            partial(_draw_sizes, title=f"{law}, {quantifier}", rows=rows),
        )


def _draw_sizes(axes: Axes, title: str, rows: list[Row]) -> None:
    for key, colour, marker in (("sufficient", ORANGE, "^"), ("measured", BLUE, "o"), ("necessary", GREEN, "v")):
        points = [(row["tolerance"], row[key]) for row in rows if row[key] is not None]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, label=key)
    largest = max(row["sufficient"] for row in rows)
    axes.set(xscale="log", ylim=(0, 1.08 * largest), title=title, ylabel="number of variables")
    axes.set_xlabel("tolerance ε = failure probability δ")
    axes.legend()


def error_figures(tickets: Record) -> Iterator[Figure]:
    """Certified error against the error found by search, one point per ticket."""
    measured = [row for row in tickets.rows if row["error_lower"] is not None]
    rows = [row for row in measured if row["error_lower"] > 0]
    hidden = len(measured) - len(rows)
    unseen = f" Not drawn: {hidden} tickets with no error found." if hidden else ""
    if rows:
        yield drawn(
            "errors",
            "Every ticket: certified error (nothing on the domain exceeds it) against the largest error found by "
            "search. No point can lie below the diagonal." + unseen,
            partial(_draw_errors, rows=rows),
        )


def _draw_errors(axes: Axes, rows: list[Row]) -> None:
    for colour, marker, (construction, own) in zip(SERIES, MARKERS, _grouped(rows, "construction"), strict=False):
        for mode, points in _grouped(own, "mode"):
            face = "none" if mode == "as published" else colour
            x, y = [row["error_lower"] for row in points], [row["error_upper"] for row in points]
            axes.loglog(x, y, marker, color=colour, markerfacecolor=face, markersize=5, label=f"{construction}, {mode}")
    ends = min(row["error_lower"] for row in rows), max(row["error_upper"] for row in rows)
    axes.loglog(ends, ends, color=INK, linewidth=1, label="certified = found")
    promises = sorted({row["promised"] for row in rows if row["promised"] is not None})
    for label, promise in zip(("promised (planned)",) + ("_",) * len(promises), promises, strict=False):
        axes.axhline(promise, color=INK, linewidth=1, linestyle=":", label=label)
    axes.set(xlabel="largest error found by search", ylabel="certified error")
    axes.legend(fontsize=8)


DRAWERS: tuple[tuple[str, Callable[[Record], Iterator[Figure]]], ...] = (
    ("base_sets", size_figures),
    ("tickets", error_figures),
    ("curves", approximation_figures),
    ("radii", radius_figures),
)


def _grouped(rows: Any, *keys: str) -> list[tuple[Any, list[Row]]]:
    """Rows by the value of one key, or the tuple of several, in order of first appearance."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        name = row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)
        groups.setdefault(name, []).append(row)
    return list(groups.items())


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
