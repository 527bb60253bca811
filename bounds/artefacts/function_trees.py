"""Sympy expressions as the trees that the checker evaluates: nested lists with numbers, "x" and "pi" as leaves.

Abs(u), Max(u, number) and Min(u, number) become "max". Piecewise, sign, Heaviside and the maximum of two functions,
whose difference intervals may not decide, become "below" (a number, the tree for smaller x, the tree for the others),
by the smooth pieces of the whole expression. Functions the checker does not have are written with those it has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy

from bounds.artefacts.files import rational
from bounds.enclosures.pieces import smooth_pieces
from bounds.functions import x

Tree = Any
"""An integer, "p/q", "x", "pi" or a list [operation, tree, ...]."""

_JUMPS = (sympy.Piecewise, sympy.sign, sympy.Heaviside)
_PLAIN = {
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.tanh: "tanh",
    sympy.erf: "erf",
    sympy.atan: "atan",
    sympy.sin: "sin",
    sympy.Add: "add",
    sympy.Mul: "mul",
}
_REWRITTEN: dict[Any, Callable[[sympy.Expr], sympy.Expr]] = {
    sympy.cos: lambda u: sympy.sin(u + sympy.pi / 2, evaluate=False),
    sympy.tan: lambda u: sympy.sin(u) / sympy.cos(u),
    sympy.sinh: lambda u: (sympy.exp(u) - sympy.exp(-u)) / 2,
    sympy.cosh: lambda u: (sympy.exp(u) + sympy.exp(-u)) / 2,
    sympy.sech: lambda u: 2 / (sympy.exp(u) + sympy.exp(-u)),
    sympy.asinh: lambda u: sympy.log(u + sympy.sqrt(u**2 + 1)),
    sympy.asin: lambda u: sympy.atan(u / sympy.sqrt(1 - u**2)),
    sympy.erfc: lambda u: 1 - sympy.erf(u),
}
_NUMBERS: dict[Any, Tree] = {sympy.E: ["exp", 1], sympy.pi: "pi"}


def negative(tree: Tree) -> Tree:
    """The tree of -u."""
    return -tree if isinstance(tree, int) else ["mul", -1, tree]


def function_tree(expression: sympy.Expr) -> Tree:
    """The tree of a real function of ``bounds.x`` (or of a real number), the same function at every x.

    At break points of Piecewise functions the tree takes the right branch: for continuous functions, which is what
    activations are, that is no difference. Raises: ValueError naming what the checker cannot evaluate.

    >>> function_tree(sympy.Max(0, x))
    ['max', 0, 'x']
    >>> function_tree(sympy.Piecewise((x, x >= 0), (sympy.exp(x) - 1, True)))
    ['below', 0, ['add', -1, ['exp', 'x']], 'x']
    """
    crossing = any(sum(a.has(x) for a in e.args) > 1 for e in expression.atoms(sympy.Max, sympy.Min))
    pieces = smooth_pieces(expression, x) if crossing or expression.has(*_JUMPS) else ()
    if not pieces and not expression.has(*_JUMPS):
        return _tree(expression)
    if not pieces or not all(piece.lower.is_rational for piece in pieces[1:]):
        raise ValueError(f"{expression}: artefacts know switches at rational numbers only; write it with Max, Min, Abs")
    tree = _tree(pieces[-1].expression)
    for piece in reversed(pieces[:-1]):
        tree = ["below", rational(piece.upper), _tree(piece.expression), tree]
    return tree


def break_points(expression: sympy.Expr) -> tuple[sympy.Rational, ...]:
    """The rational numbers at which the expression switches, ascending; none where the pieces are unknown."""
    pieces = smooth_pieces(expression, x) or ()
    return tuple(piece.lower for piece in pieces[1:] if piece.lower.is_rational)


def _tree(expression: sympy.Expr) -> Tree:
    head = expression.func
    if expression == x:
        return "x"
    if expression.is_Rational:
        return rational(expression)
    if expression in _NUMBERS:
        return _NUMBERS[expression]
    if head in _REWRITTEN:
        return _tree(_REWRITTEN[head](expression.args[0]))
    if head is sympy.Pow and not expression.exp.is_Rational:
        return _tree(sympy.exp(expression.exp * sympy.log(expression.base)))
    if head is sympy.Pow:
        return ["pow", _tree(expression.base), rational(expression.exp)]
    if head in (sympy.Max, sympy.Min, sympy.Abs):
        return _extremum(expression)
    if head in _PLAIN:
        return [_PLAIN[head], *map(_tree, expression.args)]
    raise ValueError(f"{expression}: {head.__name__} is not in the artefact format; write it with elementary functions")


def _extremum(expression: sympy.Expr) -> Tree:
    """Max, Min and Abs as maxima of two; min(u, v) = -max(-u, -v), |u| = max(u, -u)."""
    trees = [_tree(argument) for argument in expression.args]
    if isinstance(expression, sympy.Abs):
        return ["max", trees[0], negative(trees[0])]
    if isinstance(expression, sympy.Max):
        return reduce(lambda a, b: ["max", a, b], trees)
    return negative(reduce(lambda a, b: ["max", a, b], map(negative, trees)))
