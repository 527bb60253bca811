"""The report's folder: an existing report survives everything but a complete new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports import folder
from reports.folder import MARKER, checked_output, replaced


def old_report(place: Path) -> Path:
    place.mkdir()
    (place / MARKER).write_text("{}")
    (place / "index.html").write_text("old")
    return place


def entries(place: Path) -> list[str]:
    return sorted(os.listdir(place))


def test_a_complete_report_takes_its_place(tmp_path: Path) -> None:
    output = old_report(tmp_path / "report")
    with replaced(output) as new:
        (new / "index.html").write_text("new")
    assert (output / "index.html").read_text() == "new"
    assert entries(output) == ["index.html"], "nothing of the old report may stay"
    assert entries(tmp_path) == ["report"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_report_changes_nothing(error: type[BaseException], tmp_path: Path) -> None:
    output = old_report(tmp_path / "report")
    with pytest.raises(error), replaced(output) as new:
        (new / "index.html").write_text("half")
        raise error
    assert (output / "index.html").read_text() == "old"
    assert entries(tmp_path) == ["report"]


def test_a_failing_swap_puts_the_old_report_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = old_report(tmp_path / "report")
    rename = os.rename

    def fails_once(source: Path, target: Path) -> None:
        if ".new-" in Path(source).name:
            raise OSError("no space left")
        rename(source, target)

    monkeypatch.setattr(folder.os, "rename", fails_once)
    with pytest.raises(OSError, match="no space"), replaced(output):
        pass
    assert (output / "index.html").read_text() == "old"


def test_a_process_killed_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    output = old_report(tmp_path / "report")
    code = (
        "import os, signal, sys; from pathlib import Path; from reports import folder\n"
        "rename = os.rename\n"
        "def kill_after_first(source, target):\n"
        "    rename(source, target); os.kill(os.getpid(), signal.SIGKILL)\n"
        "folder.os.rename = kill_after_first\n"
        f"with folder.replaced(Path({str(output)!r})) as new:\n    (new / 'index.html').write_text('new')\n"
    )
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    assert not output.exists()
    with pytest.raises(RuntimeError), replaced(output):
        assert (output / "index.html").read_text() == "old"
        raise RuntimeError
    assert entries(tmp_path) == ["report"], "what the killed process left is gone"
    assert (output / "index.html").read_text() == "old"


def test_what_is_not_a_report_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match=r"holds no report\.json"):
        checked_output(tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        checked_output(tmp_path / "thesis.tex")
    with pytest.raises(ValueError, match="create it first"):
        checked_output(tmp_path / "missing" / "report")


def test_the_package_itself_is_refused() -> None:
    package = Path(folder.__file__).parent
    for place in (package, package / "report", package.parent):
        with pytest.raises(ValueError, match="own package"):
            checked_output(place)


def test_allowed_places(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        assert checked_output(tmp_path / name) == (tmp_path / name).resolve()
    assert checked_output(old_report(tmp_path / "report"))
