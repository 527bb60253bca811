"""The constructions as data: which target layers take two source layers, and whether pairs are forced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Construction:
    """A construction as data: which target layers are two-for-one, and whether looks-linear pairs are forced."""

    name: str
    two_for_one: Callable[[int], bool]
    force_pairs: bool = False


CONSTRUCTIONS: dict[str, Construction] = {
    "2L": Construction("2L", lambda layer: True),
    "looks-linear": Construction("looks-linear", lambda layer: True, force_pairs=True),
    "L+1": Construction("L+1", lambda layer: layer == 1),
}


def construction_named(name: str) -> Construction:
    """Return the construction, or raise ValueError listing the known ones."""
    if name not in CONSTRUCTIONS:
        raise ValueError(f"construction {name!r} is unknown; choose one of {', '.join(CONSTRUCTIONS)}")
    return CONSTRUCTIONS[name]


def construction_names() -> tuple[str, ...]:
    """Return the names of the known constructions.

    >>> construction_names()
    ('2L', 'looks-linear', 'L+1')
    """
    return tuple(CONSTRUCTIONS)
