"""What a caller asks of a subset-sum bound, and the checks of it."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass

from bounds.arithmetic import is_finite_real
from bounds.densities.law import DensityLaw
from bounds.laws import LAWS

QUANTIFIERS = ("fixed", "all")


@dataclass(frozen=True, slots=True)
class Subsets:
    """Which subsets count: ``kind`` is a key of ``variants.VARIANTS``.

    ``size``      k, where the kind asks for one.
    ``smallest``  only targets with |z| at least this are asked for.
    """

    kind: str = "any"
    size: int | None = None
    smallest: float = 0.0


ANY = Subsets()


@dataclass(frozen=True, slots=True)
class Query:
    """A checked question: tolerance and failure probability in (0, 1), law, quantifier, |z| <= window."""

    tolerance: float
    failure_probability: float
    law: str | DensityLaw
    quantifier: str
    window: float = 1.0
    subsets: Subsets = ANY


def check_open_unit(call: str, **values: float) -> None:
    """Raise ValueError unless every value is a number in (0, 1); NaN and infinities are refused."""
    for name, value in values.items():
        if not (is_finite_real(value) and 0 < value < 1):
            raise ValueError(f"{call}: {name}={value!r} must satisfy 0 < {name} < 1; choose for example {name}=0.01")


def check_window(call: str, window: float) -> None:
    """Raise ValueError unless 0 < window <= 1."""
    if not (is_finite_real(window) and 0 < window <= 1):
        raise ValueError(f"{call}: window={window!r} must satisfy 0 < window <= 1; scale larger targets with the layer")


def check_choice(call: str, name: str, value: str, known: Iterable[str]) -> None:
    """Raise ValueError listing the known choices unless ``value`` is one of them."""
    choices = tuple(known)
    if value not in choices:
        raise ValueError(f"{call}: {name}={value!r} is unknown; choose one of {', '.join(choices)}")


def check_law(call: str, law: str | DensityLaw) -> None:
    """Raise ValueError unless ``law`` is a registered name or a law with a density."""
    if not isinstance(law, DensityLaw):
        check_choice(call, "law", law, LAWS)


def check_size(call: str, size: int) -> None:
    """Raise ValueError unless ``size`` is a whole number >= 0."""
    try:
        valid = operator.index(size) >= 0
    except TypeError:
        valid = False
    if not valid:
        raise ValueError(f"{call}: size={size!r} must be a whole number >= 0; give the number of variables")


def check_target(call: str, target: float | None) -> None:
    """Raise ValueError unless ``target`` is None or a number in [-1, 1]."""
    if target is not None and not (is_finite_real(target) and abs(target) <= 1):
        raise ValueError(f"{call}: target={target!r} must satisfy |target| <= 1, or be None for z ~ U[-1, 1]")
