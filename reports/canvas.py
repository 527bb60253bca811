"""Drawing deterministic SVG: same records, same bytes; no dates, no random ids, no global figure list."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 4.6, 3.3
INK = "#010203"
STYLE: Any = {
    "svg.hashsalt": "ticketproof",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "savefig.transparent": True,
    "lines.linewidth": 1.8,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure: file stem, caption that says in words what is to be seen, and the SVG."""

    name: str
    caption: str
    svg: str

    @property
    def inline(self) -> str:
        """The SVG for a page: text and axes in the page's own colour, ids that no other figure uses."""
        body = self.svg[self.svg.index("<svg") :]
        body = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{self.name}-", body).replace(INK, "currentColor")
        label = self.caption.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return body.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)

    @property
    def standalone(self) -> str:
        """The SVG as a file: black on a white ground, readable wherever it is opened."""
        ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
        return re.sub(r"(<svg[^>]*>)", rf"\1{ground}", self.svg, count=1)


def drawn(name: str, caption: str, draw: Callable[[Axes], None]) -> Figure:
    """Draw on one pair of axes, without dates or random ids in the file."""
    with _canvas() as (axes, save):
        draw(axes)
        axes.grid(True, color=INK, alpha=0.12, linewidth=0.6)
        return Figure(name, caption, save())


@contextmanager
def _canvas() -> Iterator[tuple[Axes, Callable[[], str]]]:
    """Axes in our style and the function that saves them; no pyplot, so no global figure list."""
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = canvas.subplots()

        def save() -> str:
            stream = io.StringIO()
            canvas.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
            return stream.getvalue()

        yield axes, save
