"""The report's folder: built beside its place, then moved there whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = "report.json"


def checked_output(path: Path) -> Path:
    """The folder to write to, or ValueError when replacing it could destroy something that is not a report."""
    output = path.expanduser().resolve()
    package = Path(__file__).resolve().parent
    if output == package or output.is_relative_to(package) or package.is_relative_to(output):
        raise ValueError(
            f"report: --output {path} is or holds the program's own package {package}; choose another folder"
        )
    if not output.parent.is_dir():
        raise ValueError(f"report: --output {path} lies in {output.parent}, which is not a folder; create it first")
    if output.exists() and not output.is_dir():
        raise ValueError(f"report: --output {path} is a file; choose a folder")
    if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
        raise ValueError(
            f"report: --output {path} is not empty and holds no {MARKER}, so it is not a report and is left alone; "
            "choose another folder"
        )
    return output


@contextmanager
def replaced(output: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``output``; on success it takes its place, on any error ``output`` stays as it was.

    Between the two renames ``output`` does not exist for an instant; a process killed right there leaves the old report
    under ``.<name>.old``, from where the next call brings it back.
    """
    old = output.with_name(f".{output.name}.old")
    _recover(output, old)
    new = output.with_name(f".{output.name}.new-{os.getpid()}")
    new.mkdir()
    try:
        yield new
        _swap(new, output, old)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _recover(output: Path, old: Path) -> None:
    """Undo a swap that was killed half way, and remove what killed runs left behind."""
    if old.is_dir():
        if output.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, output)
    for leftover in output.parent.glob(f".{output.name}.new-*"):
        if not _alive(leftover.name.rpartition("-")[2]):
            shutil.rmtree(leftover)


def _swap(new: Path, output: Path, old: Path) -> None:
    if not output.exists():
        os.rename(new, output)
        return
    os.rename(output, old)
    try:
        os.rename(new, output)
    except BaseException:
        os.rename(old, output)
        raise
    shutil.rmtree(old)


def _alive(process: str) -> bool:
    """Whether a process of this number runs; anything that is not a number counts as alive and is left alone."""
    if not process.isdigit():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
