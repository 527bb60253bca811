"""Records: what an experiment measured, with everything needed to measure it again.

A record is a table of plain values (JSON scalars and lists) plus its configuration, seed and provenance. Pages, figures
and CSV files are made from records alone. Rows never hold times: the CSV of a record depends on its configuration and
seed only; how long each row took is kept beside the rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from empirical.files import write_text_atomically
from empirical.provenance import Provenance

SCHEMA_VERSION = 1
_NON_FINITE = "$float"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One experiment's rows.

    ``name``           what the CSV and JSON files are called.
    ``title``          one line for people.
    ``configuration``  every setting the rows depend on, JSON values only.
    ``seed``           the seed, or None where nothing is drawn.
    ``columns``        the columns of the CSV, in order; rows may hold further keys for the pages.
    ``rows``           mappings from column to value; a missing value is None and the row's ``note`` says why.
    ``seconds``        how long each row took (empty: not measured); never part of the CSV.
    """

    name: str
    title: str
    configuration: Mapping[str, Any]
    seed: int | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    provenance: Provenance
    seconds: tuple[float, ...] = field(default=())

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            missing = [column for column in self.columns if column not in row]
            if missing:
                raise ValueError(f"Record {self.name!r}: row {index} lacks {missing}; set them to None and add a note")
        if self.seconds and len(self.seconds) != len(self.rows):
            raise ValueError(f"Record {self.name!r}: {len(self.seconds)} times for {len(self.rows)} rows")

    @property
    def key(self) -> str:
        """Hash of name, configuration, seed and code: equal keys promise equal rows."""
        return configuration_key(self.name, self.configuration, self.seed, self.provenance.code)


def configuration_key(name: str, configuration: Mapping[str, Any], seed: int | None, code: str) -> str:
    """SHA-256 of the canonical JSON of its arguments, in hexadecimal."""
    text = canonical_json({"name": name, "configuration": configuration, "seed": seed, "code": code})
    return hashlib.sha256(text.encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; floats as their shortest exact decimal, inf and nan as tagged objects."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def to_json(record: Record) -> str:
    """The record as indented, deterministic JSON."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "key": record.key,
        "name": record.name,
        "title": record.title,
        "configuration": record.configuration,
        "seed": record.seed,
        "provenance": asdict(record.provenance),
        "columns": record.columns,
        "rows": record.rows,
        "seconds": record.seconds,
    }
    return json.dumps(_plain(document), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def from_json(text: str, source: str = "record") -> Record:
    """The record that :func:`to_json` wrote; ValueError names ``source`` when it is anything else."""
    try:
        document = json.loads(text, object_hook=_untag)
    except json.JSONDecodeError as error:
        raise ValueError(f"{source}: not JSON ({error}); write the record again") from error
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        raise ValueError(
            f"{source}: schema version {found!r}, this program reads {SCHEMA_VERSION}; make the record again"
        )
    absent = {"key", "name", "title", "configuration", "seed", "provenance", "columns", "rows"} - document.keys()
    if absent:
        raise ValueError(f"{source}: the fields {sorted(absent)} are missing; write the record again")
    record = Record(
        name=document["name"],
        title=document["title"],
        configuration=document["configuration"],
        seed=document["seed"],
        columns=tuple(document["columns"]),
        rows=tuple(document["rows"]),
        provenance=Provenance(**document["provenance"]),
        seconds=tuple(document.get("seconds", ())),
    )
    if record.key != document["key"]:
        raise ValueError(f"{source}: its key does not belong to its configuration; the file was edited")
    return record


def to_csv(record: Record) -> str:
    """The rows as CSV: header, then one line per row; None is empty, floats are their shortest exact decimal."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(record.columns)
    for row in record.rows:
        writer.writerow([_csv_cell(row[column]) for column in record.columns])
    return text.getvalue()


def write_record(folder: Path, record: Record) -> None:
    """``folder/<name>.json`` and ``folder/<name>.csv``."""
    write_text_atomically(folder / f"{record.name}.json", to_json(record))
    write_text_atomically(folder / f"{record.name}.csv", to_csv(record))


def read_record(path: Path) -> Record:
    """The record in a JSON file."""
    return from_json(path.read_text(encoding="utf-8"), source=str(path))


def _plain(value: Any) -> Any:
    """The value as JSON types; NumPy scalars become Python's, tuples lists, inf and nan tagged objects."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {_NON_FINITE: repr(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"a record holds numbers, strings, lists and mappings, got {value!r} of {type(value).__name__}")


def _untag(mapping: dict[str, Any]) -> Any:
    if set(mapping) == {_NON_FINITE}:
        return float(mapping[_NON_FINITE])
    return mapping


def _csv_cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return " ".join(_csv_cell(item) for item in plain)
    if isinstance(plain, dict):
        return str(plain[_NON_FINITE]) if set(plain) == {_NON_FINITE} else canonical_json(plain)
    return repr(plain) if isinstance(plain, float) else str(plain)
