"""``--artefacts FOLDER``: the proofs behind the printed numbers as JSON files, with the program that checks them."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bounds import Activation, NetworkSpec

_NORMS = ("linf", "l1")
_QUANTIFIERS = ("fixed", "all")


@dataclass(frozen=True, slots=True)
class Written:
    """One file, or the reason why there is none."""

    file: str
    what: str
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def check_folder(folder: Path | None) -> None:
    """Refuse a folder that cannot be one, before anything is computed."""
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"bounds: --artefacts {folder} is a file; give a folder, new or existing")
    if not folder.resolve().parent.is_dir():
        raise ValueError(f"bounds: --artefacts {folder}: the folder {folder.resolve().parent} does not exist; make it")


def write_artefacts(options: argparse.Namespace, activation: Activation, spec: NetworkSpec | None) -> list[Written]:
    """Write every proof the printed numbers have in the format, and the checker beside them."""
    from bounds.artefacts import copy_checker

    folder: Path = options.artefacts
    copy_checker(folder)
    found = []
    for tolerance in options.tolerance:
        found.append(_write(folder, f"radius-{tolerance:g}", "activation-enclosure", activation, tolerance))
        for quantifier in _QUANTIFIERS:
            question = (tolerance, options.failure_probability, options.law, quantifier)
            found.append(_write(folder, f"base-set-{quantifier}-{tolerance:g}", "base-set", *question))
        if spec is not None:
            found += [_write(folder, f"tolerances-{n}-{tolerance:g}", "tolerances", spec, tolerance, n) for n in _NORMS]
    return found


def _write(folder: Path, name: str, what: str, *arguments: Any) -> Written:
    """Write one file; a proof that the format cannot hold is a line with its reason."""
    from bounds.artefacts import write

    path = folder / f"{name}.json"
    try:
        write(path, what, *arguments)
    except ValueError as error:
        return Written("", what, str(error))
    return Written(str(path), what)


def artefacts_text(folder: Path, written: list[Written]) -> str:
    """Which files were written, and how to check them."""
    files = [f"  {entry.file}" for entry in written if entry.file]
    missing = [f"  no file for {entry.what}: {entry.message}" for entry in written if not entry.file]
    check = f"proofs written; check them with: python -I -S {folder / 'check_artefact.py'} {folder}/*.json"
    return "\n".join([check, *files, *missing])
