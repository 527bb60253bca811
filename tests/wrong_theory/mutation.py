"""Wrong variants of the theory: one formula of ``bounds`` rewritten in place, checked, and put back.

A variant is a piece of source text and what replaces it. The module is compiled with the replacement and every live
function whose code differs gets the new code object, so imports, registries, caches' inner functions and methods all
see it; nothing is reloaded and nothing on disk changes. Functions compiled by numba run as plain Python meanwhile.
"""

from __future__ import annotations

import functools
import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import sympy

import bounds
from empirical.checks import ACTIVATION_CHECKS, THEORY_CHECKS, Outcome, check_activation, check_theory
from tests.test_structure import imported_modules

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bounds", "constructions", "empirical")
Subject = str | sympy.Expr
"""The name of an activation, or the expression of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``old`` occurs once in the source of ``module``; with ``new`` instead the theory claims more than is true.

    ``wrong``     what is wrong, in words.
    ``checks``    names of the suite's checks expected to notice, any of them.
    ``subjects``  activations that checks about one activation are run on.
    """

    wrong: str
    module: str
    old: str
    new: str
    checks: tuple[str, ...]
    subjects: tuple[Subject, ...] = ()


def run_checks(names: tuple[str, ...], subjects: tuple[Subject, ...], seed: int, quickly: bool) -> Iterator[Outcome]:
    """Run checks about the theory, and those about an activation on each subject, up to a violation if ``quickly``."""
    for name in names:
        if name in THEORY_CHECKS:
            yield from check_theory(seed, (name,), quickly)
    own = tuple(name for name in names if name in ACTIVATION_CHECKS)
    for subject in subjects if own else ():
        yield from check_activation(derived(subject), seed, own, quickly)


def derived(subject: Subject) -> bounds.Activation:
    """The activation of a subject, derived by the code as it is now."""
    return bounds.activation(subject) if isinstance(subject, str) else bounds.Activation.from_expression(subject)


def verdict(mutant: Mutant) -> str | None:
    """The first violation that the expected checks find under the mutation, None if it survives them all."""
    with applied(mutant):
        for outcome in run_checks(mutant.checks, mutant.subjects, seed=0, quickly=True):
            if not outcome.ok:
                return str(outcome.violations[0]) if outcome.violations else f"{outcome.check}: nothing compared"
    return None


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Run the block under the mutation."""
    module = importlib.import_module(mutant.module)
    pairs = _changed_code(module, mutant)
    plain = _plain_functions(module, pairs)
    functions = [(function, new) for old, new in pairs for function in _live_functions(module, old)]
    if not functions and not plain:
        raise LookupError(f"{mutant.wrong}: no live function of {mutant.module} runs {mutant.old!r}")
    before = [(function, function.__code__) for function, _ in functions]
    dispatchers = {name: getattr(module, name) for name in plain}
    try:
        for function, code in functions:
            function.__code__ = code
        for name, function in plain.items():
            setattr(module, name, function)
        clear_caches(mutant.module)
        yield
    finally:
        for function, code in before:
            function.__code__ = code
        for name, dispatcher in dispatchers.items():
            setattr(module, name, dispatcher)
        clear_caches(mutant.module)


def _changed_code(module: ModuleType, mutant: Mutant) -> list[tuple[CodeType, CodeType]]:
    """(old, new) code objects of every function that the replacement changes."""
    assert module.__file__ is not None
    source = Path(module.__file__).read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        raise LookupError(
            f"{mutant.wrong}: {mutant.old!r} occurs {source.count(mutant.old)} times in {mutant.module}; "
            "the formula has changed, so rewrite this mutant"
        )
    if mutant.old.count("\n") != mutant.new.count("\n"):
        raise ValueError(f"{mutant.wrong}: the replacement must keep the number of lines")
    old, new = (
        compile(text, module.__file__, "exec", dont_inherit=True)
        for text in (source, source.replace(mutant.old, mutant.new))
    )
    return [(a, b) for a, b in zip(_functions(old), _functions(new), strict=True) if a != b]


def _functions(code: CodeType) -> Iterator[CodeType]:
    """All code objects nested in a module's code, in the order of the text."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _functions(constant)


def _live_functions(module: ModuleType, code: CodeType) -> list[FunctionType]:
    """Functions that run this code now, wherever they are stored; not those that numba has compiled."""
    compiled = {id(value.py_func) for value in vars(module).values() if hasattr(value, "py_func")}
    return [
        found
        for found in gc.get_objects()
        if type(found) is FunctionType and found.__code__ == code and found.__module__ == module.__name__
        if id(found) not in compiled
    ]


def _plain_functions(module: ModuleType, pairs: list[tuple[CodeType, CodeType]]) -> dict[str, FunctionType]:
    """Plain Python stand-ins for the functions that numba has compiled, if one of those is changed."""
    compiled = {name: value.py_func for name, value in vars(module).items() if hasattr(value, "py_func")}
    codes = {name: next((new for old, new in pairs if old == f.__code__), None) for name, f in compiled.items()}
    if not any(codes.values()):
        return {}
    return {
        name: FunctionType(codes[name] or function.__code__, vars(module), name) for name, function in compiled.items()
    }


@functools.cache
def _imports() -> dict[str, set[str]]:
    """The modules of the packages that each module imports, at its top or inside its functions."""
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = set(imported_modules(path.read_text(encoding="utf-8"), name))
    return found


def dependents(module: str) -> set[str]:
    """The module and every module that imports it, directly or not: whose caches may hold what it computed."""
    found, added = {module}, {module}
    while added:
        added = {name for name, imported in _imports().items() if imported & added} - found
        found |= added
    return found


def clear_caches(module: str) -> None:
    """Forget every cached result that the module may have had a part in."""
    for name in dependents(module) & set(sys.modules):
        for value in list(vars(sys.modules[name]).values()):
            if getattr(value, "__module__", None) == name:
                _clear(value)


def _clear(value: Any) -> None:
    while value is not None:
        if isinstance(value, functools._lru_cache_wrapper):
            value.cache_clear()
        value = getattr(value, "__wrapped__", None) if callable(value) else None
