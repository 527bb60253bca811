"""Progress: a moving bar on a terminal, one plain line per step everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(title: str, cells: int) -> Iterator[Callable[[str], None]]:
    """Yield ``advance(message)``, to be called once per finished cell."""
    if sys.stderr.isatty():
        with _bar(title, cells) as advance:
            yield advance
    else:
        yield _lines(title, cells)


def _lines(title: str, cells: int) -> Callable[[str], None]:
    done = 0

    def advance(message: str) -> None:
        nonlocal done
        done += 1
        print(f"{title} {done}/{cells} {message}", file=sys.stderr, flush=True)

    return advance


@contextmanager
def _bar(title: str, cells: int) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:11}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.fields[message]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=cells, message="")
        yield lambda message: bar.update(task, advance=1, message=message)
