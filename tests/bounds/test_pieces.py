"""The smooth pieces of an expression are where it really switches, and jumps are found."""

import itertools

import numpy as np
import pytest
import sympy
from sympy import Abs, Heaviside, Max, Min, Piecewise, Rational, exp, log, sign, sin, sqrt, tanh

from bounds.enclosures.pieces import SWITCHES, discontinuities, smooth_pieces

x = sympy.Symbol("x", real=True)

PIECEWISE = [
    Max(0, x),
    Max(-1, Min(1, x)),
    x * Max(0, Min(1, x / 6 + Rational(1, 2))),
    Abs(Abs(x) - 1) + x,
    Abs(x**2 - 2) * tanh(x),
    Max(x, x**2, 1 - x),
    Piecewise((exp(x) - 1, x < 0), (x, x <= 1), (x**2, True)),
    Piecewise((sin(x), (x > -1) & (x < 2)), (x / (1 + Abs(x)), True)),
    sign(x) * x**2 + Heaviside(x - 1) * (x - 1),
    Max(sqrt(2) * x, sympy.pi * x - 1),
    Abs(x**5 - x - 3),
]


@pytest.mark.parametrize("expression", PIECEWISE, ids=str)
def test_pieces_tile_the_line_and_agree_with_the_expression(expression: sympy.Expr) -> None:
    pieces = smooth_pieces(expression, x)
    assert pieces is not None and pieces[0].lower == -sympy.oo and pieces[-1].upper == sympy.oo
    assert all(left.upper == right.lower for left, right in itertools.pairwise(pieces))
    function = sympy.lambdify(x, expression, "mpmath")
    for piece in pieces:
        assert not piece.expression.has(*SWITCHES)
        branch = sympy.lambdify(x, piece.expression, "mpmath")
        low, high = (float(max(min(end, 6), -6)) for end in (piece.lower, piece.upper))
        for at in np.linspace(low, high, 9)[1:-1]:
            assert abs(function(at) - branch(at)) < 1e-12, (piece, at)


def test_kinks_are_exact() -> None:
    pieces = smooth_pieces(Abs(x**2 - 2), x)
    assert pieces is not None and [piece.upper for piece in pieces] == [-sqrt(2), sqrt(2), sympy.oo]
    assert smooth_pieces(tanh(x) + x, x) is not None


def test_switches_at_roots_that_are_not_polynomial_are_left_alone() -> None:
    assert smooth_pieces(Max(x, tanh(x)), x) is None
    assert smooth_pieces(Abs(sympy.pi * x**2 - 1), x) is None


def test_jumps_are_found_and_continuous_kinks_are_not_jumps() -> None:
    assert discontinuities(Heaviside(x - 1), x) == (1,)
    assert discontinuities(Piecewise((5, sympy.Eq(x, 0)), (x, True)), x) == (0,)
    assert discontinuities(Piecewise((x, Abs(x) > Rational(1, 2)), (0, True)), x) == (-Rational(1, 2), Rational(1, 2))
    assert discontinuities(Piecewise((exp(x), x < log(3)), (3, True)), x) == ()
    assert discontinuities(Piecewise((sin(x) / x, sympy.Ne(x, 0)), (1, True)), x) == ()
    assert discontinuities(PIECEWISE[7], x) == (-1, 2)
    assert all(discontinuities(expression, x) == () for expression in PIECEWISE if expression is not PIECEWISE[7])
