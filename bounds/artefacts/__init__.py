"""Proved numbers as small JSON files that one stand-alone program re-checks: ``check_artefact.py`` in this folder.

The writers search; the checker shares no code with the proofs of this package and uses nothing but Python's fractions.
Widths are derived from such claims by a second stand-alone program, ``check_width.py``.
Format and statements: ``docs/artefacts.md``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bounds.artefacts import check_artefact, check_width
from bounds.artefacts.base_sets import base_set
from bounds.artefacts.enclosures import activation_enclosure
from bounds.artefacts.files import Artefact, save
from bounds.artefacts.layer_tolerances import tolerances
from bounds.artefacts.source_widths import width

__all__ = [
    "WRITERS",
    "Artefact",
    "activation_enclosure",
    "base_set",
    "copy_checker",
    "save",
    "tolerances",
    "width",
    "write",
]

WRITERS: dict[str, Callable[..., Artefact]] = {
    "activation-enclosure": activation_enclosure,
    "base-set": base_set,
    "tolerances": tolerances,
    "width": width,
}
"""What can be written, by name; a base set becomes kind "dynamic-program" or "closed-form", whichever proves less."""


def write(path: str | os.PathLike[str], what: str, *arguments: Any, **options: Any) -> Artefact:
    """Build the artefact ``what`` from the writer's arguments, save it at ``path`` and return it.

    Raises: ValueError listing the known artefacts, and whatever the writer raises; OSError.
    """
    if what not in WRITERS:
        raise ValueError(f"artefact {what!r} is unknown; choose one of {', '.join(WRITERS)}")
    artefact = WRITERS[what](*arguments, **options)
    save(artefact, path)
    return artefact


def copy_checker(folder: str | os.PathLike[str]) -> Path:
    """Copy the stand-alone checkers into ``folder`` (made if missing); return the path of ``check_artefact.py``."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(check_width.__file__, target / "check_width.py")
    return Path(shutil.copyfile(check_artefact.__file__, target / "check_artefact.py"))
