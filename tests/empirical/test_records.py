"""Records: nothing is lost or invented on the way through JSON and CSV, and files are never half written."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import files
from bounds.files import write_text_atomically
from empirical.provenance import Provenance, code_version, provenance
from empirical.records import Record, configuration_key, from_json, read_record, to_csv, to_json, write_record

PROVENANCE = Provenance("3.11.0", "machine", "cpu", {"numpy": "2.0"}, "c0de", None)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=6,
)


def record(rows: list[dict[str, Any]], columns: tuple[str, ...] = ("a", "b"), **changes: Any) -> Record:
    made = Record(
        name="things",
        title="Things",
        configuration={"sizes": (1, 2), "rate": 0.5},
        seed=3,
        columns=columns,
        rows=tuple(rows),
        provenance=PROVENANCE,
    )
    return replace(made, **changes)


@given(JSON_VALUES, JSON_VALUES)
def test_rows_survive_json(first: Any, second: Any) -> None:
    made = record([{"a": first, "b": second}])
    back = from_json(to_json(made))
    assert back.rows == ({"a": first, "b": second},)
    assert back.key == made.key


@given(st.floats())
def test_every_float_survives_csv_and_json(value: float) -> None:
    made = record([{"a": value, "b": None}])
    cell = to_csv(made).splitlines()[1].rstrip(",")
    read = float(cell), from_json(to_json(made)).rows[0]["a"]
    for found in read:
        assert (math.isnan(found) and math.isnan(value)) or (
            found == value and math.copysign(1, found) == math.copysign(1, value)
        )


def test_csv_text_is_exactly_this() -> None:
    rows = [{"a": np.float64(0.1), "b": (64, 16)}, {"a": True, "b": None}, {"a": 'say "x, y"', "b": float("inf")}]
    assert to_csv(record(rows)) == 'a,b\n0.1,64 16\ntrue,\n"say ""x, y""",inf\n'


def test_csv_holds_no_times() -> None:
    rows = [{"a": 1, "b": 2}]
    assert to_csv(record(rows, seconds=(1.5,))) == to_csv(record(rows, seconds=(9.0,)))


def test_keys_are_frozen() -> None:
    """A changed canonical form would silently orphan every stored record."""
    text = b'{"code":"c","configuration":{"a":{"$float":"inf"},"b":[1,2.5]},"name":"x","seed":7}'
    key = configuration_key("x", {"b": (1, 2.5), "a": math.inf}, 7, "c")
    assert key == hashlib.sha256(text).hexdigest()
    assert key == "a4e9fc4710ecf8c80836586ddb38553e6889ee02ea9dd715550a6dd467fd97ad"


@pytest.mark.parametrize("change", [{"name": "y"}, {"seed": 8}, {"code": "d"}, {"configuration": {"a": 2}}])
def test_everything_in_the_key_matters(change: dict[str, Any]) -> None:
    base = {"name": "x", "configuration": {"a": 1}, "seed": 7, "code": "c"}
    assert configuration_key(**base) != configuration_key(**(base | change))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-20], "not JSON"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 99'), "schema version 99"),
        (lambda text: text.replace('"rate": 0.5', '"rate": 0.25'), "edited"),
        (lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "rows"}), "rows"),
        (lambda text: "[]", "schema version None"),
    ],
)
def test_damaged_files_are_named(damage: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    path.write_text(damage(to_json(record([{"a": 1, "b": 2}]))))
    with pytest.raises(ValueError, match=message) as caught:
        read_record(path)
    assert str(path) in str(caught.value)


def test_rows_must_fill_the_columns() -> None:
    with pytest.raises(ValueError, match=r"row 0 lacks \['b'\]"):
        record([{"a": 1}])
    with pytest.raises(ValueError, match="2 times for 1 rows"):
        record([{"a": 1, "b": 2}], seconds=(1.0, 2.0))


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object()])
def test_what_has_no_order_or_no_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a record holds"):
        to_json(record([{"a": value, "b": 1}]))


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_an_interrupted_write_leaves_the_old_file(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    write_text_atomically(path, "old")

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, moment, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_write_record_writes_both(tmp_path: Path) -> None:
    made = record([{"a": 1, "b": 2}])
    write_record(tmp_path, made)
    assert (tmp_path / "things.csv").read_text() == "a,b\n1,2\n"
    assert read_record(tmp_path / "things.json").rows == made.rows


def test_provenance_names_versions_and_code() -> None:
    found = provenance()
    assert found.packages["numpy"] == np.__version__
    assert len(found.code) == 64 and found.code == code_version()
