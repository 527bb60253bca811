"""Argument types of the command line: each says what it wants when it refuses a value."""

from __future__ import annotations

import argparse
import math


def tolerance(text: str) -> float:
    """A finite number above zero."""
    value = _number(text, "tolerance")
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"tolerance {text!r} must be a finite number above 0, such as 0.05")
    return value


def probability(text: str) -> float:
    """A number strictly between 0 and 1."""
    value = _number(text, "probability")
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"probability {text!r} must lie strictly between 0 and 1, such as 0.01")
    return value


def seed(text: str) -> int:
    """An integer from 0 to 2^64 - 1."""
    value = _integer(text, "seed")
    if not 0 <= value < 2**64:
        raise argparse.ArgumentTypeError(f"seed {text!r} must lie between 0 and 2^64 - 1")
    return value


def positive_integer(text: str) -> int:
    """An integer of at least 1."""
    value = _integer(text, "number")
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be at least 1")
    return value


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{what} {text!r} is not a number") from error


def _integer(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{what} {text!r} is not an integer") from error


def positive_number(text: str) -> float:
    """A finite number above zero."""
    value = _number(text, "number")
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text!r} must be a finite number above 0")
    return value


def widths(text: str) -> tuple[int, ...]:
    """Two or more positive integers, separated by commas."""
    sizes = tuple(positive_integer(part.strip()) for part in text.split(","))
    if len(sizes) < 2:
        raise argparse.ArgumentTypeError(f"widths {text!r} need at least an input and an output, such as 784,300,10")
    return sizes
