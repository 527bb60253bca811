"""Sympy expressions written for readers, as text and as LaTeX: long numbers shortened, cases in words.

A number whose exact form is long is given by its first digits and an ellipsis, which is still exact notation;
what a program needs is in the sympy expressions themselves.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

import sympy
from flint import arb
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from bounds.arithmetic import lower, upper
from bounds.radius import EPS

_LONGEST_NUMBER = 40
_MOST_DIGITS = 6
_DIGITS = 10
_BALL_DIGITS = 6


def text_of(expression: Any) -> str:
    """The expression as text: ``**`` for powers, Piecewise in words, long numbers as 1.234567890...

    >>> x = sympy.Symbol("x", real=True)
    >>> text_of(sympy.Piecewise((x, x >= 0), (x / 100, True))), text_of(sympy.Rational(1, 3**40))
    ('{x for x >= 0; 0.01*x otherwise}', '8.225263339e-20...')
    """
    return _Text().doprint(sympy.sympify(expression))


def latex_of(expression: Any) -> str:
    """The expression as LaTeX of amsmath, for math mode.

    >>> latex_of(sympy.sqrt(EPS) / 2)
    '\\\\frac{\\\\sqrt{\\\\varepsilon}}{2}'
    """
    return _Latex({"symbol_names": {EPS: r"\varepsilon"}}).doprint(sympy.sympify(expression))


def decimal_of(number: sympy.Expr, digits: int = _DIGITS) -> str:
    """The first digits of a real number, with "..." where more follow.

    >>> decimal_of(sympy.pi, 4), decimal_of(sympy.Rational(-1, 800))
    ('3.141...', '-0.00125')
    """
    exact = Decimal(str(sympy.N(number, 40)))
    shown = Context(prec=digits, rounding="ROUND_DOWN").plus(exact)
    whole = isinstance(number, sympy.Rational) and sympy.Rational(str(shown)) == number
    shown = shown.normalize() if whole else shown
    plain = f"{shown:f}" if 1e-5 < abs(shown) < 1e10 or shown == 0 else f"{shown:e}"
    return plain if whole else f"{plain}..."


def rounded_down(value: arb) -> str:
    """A decimal of 6 digits that is at most every number of the ball.

    >>> rounded_down(arb(2) / 3)
    '0.666666'
    """
    return _rounded(lower(value), ROUND_FLOOR)


def rounded_up(value: arb) -> str:
    """A decimal of 6 digits that is at least every number of the ball.

    >>> rounded_up(arb(2) / 3)
    '0.666667'
    """
    return _rounded(upper(value), ROUND_CEILING)


def _rounded(value: float, direction: str) -> str:
    if value in (float("inf"), float("-inf")):
        return "oo" if value > 0 else "-oo"
    shown = Context(prec=_BALL_DIGITS, rounding=direction).plus(Decimal(value))
    return f"{shown.normalize():f}" if 1e-4 < abs(shown) < 1e6 or shown == 0 else f"{shown.normalize():e}"


def _is_long(number: sympy.Expr) -> bool:
    """Whether a real number is easier to read as a decimal: 1/100, 3573/100, 2**(2/3)*3**(1/3)*pi**(1/6)/2."""
    if isinstance(number, sympy.Rational) and not number.is_Integer and number.q >= 100:
        return True
    written = str(number)
    return len(written) > _LONGEST_NUMBER or sum(map(str.isdigit, written)) > _MOST_DIGITS


def _long_factor(expression: sympy.Mul) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(number, rest) of a product with a number that is easier to read as a decimal, else None."""
    number, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
    return (number, rest) if number.is_real and _is_long(number) else None


class _Text(StrPrinter):
    """sympy's text printer with short numbers and cases."""

    def _print_Rational(self, number: sympy.Rational) -> str:
        return decimal_of(number) if _is_long(number) else str(super()._print_Rational(number))

    def _print_Mul(self, expression: sympy.Mul) -> str:
        split = _long_factor(expression)
        if split is None:
            return str(super()._print_Mul(expression))
        number, rest = split
        return decimal_of(number) if rest == 1 else f"{decimal_of(number)}*{self.parenthesize(rest, PRECEDENCE['Mul'])}"

    def _print_Piecewise(self, expression: sympy.Piecewise) -> str:
        cases = [
            f"{self._print(value)} {'otherwise' if condition == sympy.true else f'for {self._print(condition)}'}"
            for value, condition in expression.args
        ]
        return "{" + "; ".join(cases) + "}"


class _Latex(LatexPrinter):
    """sympy's LaTeX printer with short numbers."""

    def _print_Rational(self, number: sympy.Rational) -> str:
        return latex_decimal(decimal_of(number)) if _is_long(number) else str(super()._print_Rational(number))

    def _print_Mul(self, expression: sympy.Mul) -> str:
        split = _long_factor(expression)
        if split is None:
            return str(super()._print_Mul(expression))
        number, rest = latex_decimal(decimal_of(split[0])), split[1]
        return number if rest == 1 else rf"{number} \, {self.parenthesize(rest, PRECEDENCE['Mul'])}"


def latex_decimal(decimal: str) -> str:
    """A decimal as LaTeX: 1.25e-7... becomes 1.25\\ldots \\cdot 10^{-7}.

    >>> latex_decimal("-1.25e-7..."), latex_decimal("oo")
    ('-1.25\\\\ldots \\\\cdot 10^{-7}', '\\\\infty')
    """
    if decimal.removeprefix("-") == "oo":
        return decimal.replace("oo", r"\infty")
    mantissa, _, exponent = decimal.removesuffix("...").partition("e")
    dots = r"\ldots " if decimal.endswith("...") else ""
    return f"{mantissa}{dots}" + (rf"\cdot 10^{{{int(exponent)}}}" if exponent else "")
