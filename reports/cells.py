"""How one value is shown: the same text in markdown and HTML, and a reason wherever there is no value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Form = Callable[[Any], str]

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
THIN_SPACE = "\u202f"


def text(value: Any) -> str:
    """As it is."""
    return str(value)


def integer(value: float) -> str:
    """Rounded, thousands apart by thin spaces."""
    return f"{round(value):,}".replace(",", THIN_SPACE)


def integers(values: list[int] | int) -> str:
    """A list of widths or sizes, joined by middle dots."""
    return " · ".join(integer(value) for value in values) if isinstance(values, (list, tuple)) else integer(values)


def percent(value: float) -> str:
    """A fraction in percent, one decimal."""
    return f"{100 * value:.1f} %"


def ratio(value: float) -> str:
    """Two decimals, three significant digits above ten."""
    return "∞" if math.isinf(value) else f"{value:.2f}" if abs(value) < 10 else f"{value:.3g}"


def number(value: float) -> str:
    """Three significant digits, as a power of ten outside [0.001, 10^5)."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}·{power_of_ten(int(exponent))}"


def power_of_ten(exponent: int) -> str:
    """10 with a superscript."""
    return "10" + str(exponent).translate(SUPERSCRIPTS)


def tolerance(value: float) -> str:
    """A power of ten as such, everything else as a number."""
    exponent = round(math.log10(value))
    return power_of_ten(exponent) if exponent < -2 and value == float(f"1e{exponent}") else number(value)


def yes_no(value: bool) -> str:
    """yes or NO."""
    return "yes" if value else "NO"
