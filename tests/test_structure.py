"""One direction of imports, light starts, and no silent mix-up with packages of the same names."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ("bounds", "constructions", "empirical", "reports")
HEAVY = ("torch", "scipy.stats", "matplotlib")


def imported_modules(source: str, module: str) -> Iterator[str]:
    """Absolute names of every module a source imports, at the top or inside functions."""
    package = module.split(".")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level]) + "." if node.level else ""
            yield base + (node.module or "")


def forbidden(package: str, source: str, module: str) -> list[str]:
    """The imports of a later package."""
    later = ORDER[ORDER.index(package) + 1 :]
    return [name for name in imported_modules(source, module) if name.partition(".")[0] in later]


def sources(package: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("package", ORDER)
def test_imports_go_one_way(package: str) -> None:
    found = {name: bad for name, source in sources(package) if (bad := forbidden(package, source, name))}
    assert not found, f"bounds <- constructions <- empirical <- reports is broken by {found}"


def test_the_walk_sees_a_forbidden_import() -> None:
    assert forbidden("bounds", "def f():\n    import constructions.ticket\n", "bounds.m") == ["constructions.ticket"]
    assert forbidden("constructions", "from empirical import sup_error", "constructions.m") == ["empirical"]
    assert forbidden("empirical", "import bounds, constructions", "empirical.m") == []


@pytest.mark.parametrize("heavy", ["torch", "matplotlib"])
def test_bounds_never_imports(heavy: str) -> None:
    users = [
        name
        for name, source in sources("bounds")
        if any(found.partition(".")[0] == heavy for found in imported_modules(source, name))
    ]
    assert not users, f"bounds must do without {heavy}, imported by {users}"


def test_reports_computes_nothing() -> None:
    """Pages, tables and figures read records: only commands reach below ``empirical``."""
    reaching = [
        name
        for name, source in sources("reports")
        if not name.startswith("reports.commands.")
        and any(found.partition(".")[0] in ("bounds", "constructions") for found in imported_modules(source, name))
    ]
    assert not reaching, f"{reaching} must read records only"


def run_python(*arguments: str, cwd: Path = ROOT, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(path), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60
    )


def loaded_heavy(statement: str) -> list[str]:
    show = f"import sys\n{statement}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = run_python("-c", show)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_import_bounds_is_light_and_fast() -> None:
    assert loaded_heavy("import bounds") == []
    assert run_python("-c", "import bounds").returncode == 0  # writes the byte code
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run_python("-c", "import bounds").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 1, f"import bounds took {seconds:.2f} s of processor time"


@pytest.mark.parametrize("command", ["", "report", "bounds", "build", "verify"])
def test_help_is_light(command: str) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    statement = (
        "from reports.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as leave:\n    assert leave.code == 0, leave.code"
    )
    assert loaded_heavy(statement) == []


@pytest.mark.parametrize("shadow", ["bounds.py", "constructions/__init__.py", "empirical/other.py"])
def test_a_foreign_package_is_named(shadow: str, tmp_path: Path) -> None:
    """A module, a package or a namespace folder of one of our names in the working directory is refused by its path."""
    foreign = tmp_path / shadow
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("raise SystemExit('foreign code ran')\n")
    done = run_python("-m", "reports", "--help", cwd=tmp_path)
    if shadow == "empirical/other.py":  # a folder without __init__ never wins over a package
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr and foreign.name in done.stderr
    assert "Traceback" not in done.stderr and "foreign code ran" not in done.stderr


def test_the_installed_command_ignores_the_working_directory(tmp_path: Path) -> None:
    """What the console script does: its folder, not the working directory, comes first on sys.path."""
    (tmp_path / "bounds.py").write_text("raise SystemExit('foreign code ran')\n")
    script = tmp_path / "bin" / "ticketproof"
    script.parent.mkdir()
    script.write_text("import sys\nfrom reports.cli import main\nsys.exit(main())\n")
    done = run_python(str(script), "bounds", "relu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_installed_packages_carry_their_data() -> None:
    for package in ORDER:
        assert (ROOT / package / "py.typed").is_file()
    assert (ROOT / "empirical" / "experiments" / "published.csv").is_file()
    assert (ROOT / "reports" / "templates" / "index.html.j2").is_file()
