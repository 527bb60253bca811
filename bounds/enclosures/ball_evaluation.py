"""Sympy expressions evaluated in ball arithmetic: one compiled program per expression, outward rounded.

``enclose(expression)`` returns a :class:`Program`; calling it with an interval X returns an interval that contains
expression(x) for every x in X at which it is defined. Switches (Abs, Max, Min, sign, Heaviside, Piecewise) whose
outcome X does not decide contribute the hull of every outcome that is possible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from flint import arb
from sympy.core.relational import Relational

from bounds.arithmetic import ball, exact_fraction, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval
from bounds.enclosures.primitives import Logistic, Magnitude, Sign, Softplus, Tanh, UnitStep, primitive

Truth = Callable[[list[Interval]], "bool | None"]


@dataclass
class Program:
    """A straight-line program on intervals; immutable once compiled."""

    steps: list[tuple[Callable[..., Interval], tuple[int, ...]]] = field(default_factory=list)
    jumps: list[Callable[[list[Interval]], bool]] = field(default_factory=list)
    _index: dict[Any, int] = field(default_factory=dict)

    def __call__(self, x: Interval) -> Interval:
        """Enclosure of the image of x."""
        return self._run(x)[-1]

    def decided(self, x: Interval) -> tuple[Interval, bool]:
        """The enclosure, and whether x decides every switch that can jump (Piecewise, sign, Heaviside)."""
        values = self._run(x)
        return values[-1], not any(open_jump(values) for open_jump in self.jumps)

    def _run(self, x: Interval) -> list[Interval]:
        values = [x]
        for function, operands in self.steps:
            if len(operands) == 1:
                values.append(function(values[operands[0]]))
            elif len(operands) == 2:
                values.append(function(values[operands[0]], values[operands[1]]))
            else:
                values.append(function(values))
        return values

    def append(self, key: Any, function: Callable[..., Interval], operands: tuple[int, ...]) -> int:
        """Add one step and return the index of its value."""
        self.steps.append((function, operands))
        self._index[key] = len(self.steps)
        return len(self.steps)


@lru_cache(maxsize=4096)
@working_precision
def enclose(expression: sympy.Expr, symbol: sympy.Symbol) -> Program:
    """Compile an expression in one real symbol; ValueError names what has no enclosure.

    >>> x = sympy.Symbol("x", real=True)
    >>> image = enclose(sympy.Max(0, x), x)(Interval(arb(-1), arb(2)))
    >>> float(image.lo), float(image.hi)
    (0.0, 2.0)
    """
    program = Program()
    program._index[symbol] = 0
    result = _compile(stable(expression), program)
    if result != len(program.steps) or not program.steps:
        program.append("result", lambda x: x, (result,))
    return program


@working_precision
def constant_ball(expression: sympy.Expr) -> arb:
    """Ball around a real sympy number; ValueError when it is not one.

    >>> print(constant_ball(sympy.sqrt(2)).str(5, radius=False))
    1.4142
    """
    if expression.free_symbols:
        raise ValueError(f"ball({expression}): the expression has free symbols; substitute numbers first")
    if expression in (sympy.oo, -sympy.oo):
        return iv.INFINITY if expression == sympy.oo else iv.MINUS_INFINITY
    value = iv.to_ball(enclose(expression, sympy.Symbol("unused"))(iv.NOTHING))
    if not value.is_finite():
        raise ValueError(f"ball({expression}): not a real number that balls can enclose; check the expression's domain")
    return value


@lru_cache(maxsize=4096)
def derivative(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """d expression / d symbol in a form that does not cancel (tanh' = sech^2, ...), for :func:`enclose`."""
    slope = sympy.diff(stable(expression), symbol)
    return sympy.factor(slope) if slope.is_rational_function(symbol) else sympy.factor_terms(slope)


@lru_cache(maxsize=4096)
def stable(expression: sympy.Expr) -> sympy.Expr:
    """The same real function with 1/(1+exp(u)), log(1+exp(u)), tanh(u) and Abs(u) as single symbols."""
    if not expression.args:
        return expression
    arguments = [stable(argument) if isinstance(argument, sympy.Basic) else argument for argument in expression.args]
    head = expression.func
    if head in _STAND_INS:
        return _STAND_INS[head](arguments[0])
    if head is sympy.log and len(arguments) == 1 and (u := _one_plus_exp(arguments[0])) is not None:
        return Softplus(u)
    if head is sympy.Pow and arguments[1].is_Integer and arguments[1] < 0:
        u = _one_plus_exp(arguments[0])
        return Logistic(-u) ** -arguments[1] if u is not None else head(*arguments)
    return head(*arguments)


_STAND_INS: dict[Any, Any] = {
    sympy.tanh: Tanh,
    sympy.Abs: Magnitude,
    sympy.sign: Sign,
    sympy.Heaviside: UnitStep,
}


def _one_plus_exp(expression: sympy.Expr) -> sympy.Expr | None:
    """u when the expression is 1 + exp(u)."""
    if not (expression.is_Add and len(expression.args) == 2 and sympy.S.One in expression.args):
        return None
    other = expression - 1
    return other.args[0] if isinstance(other, sympy.exp) else None


def _compile(expression: Any, program: Program) -> int:
    if expression in program._index:
        return program._index[expression]
    if isinstance(expression, sympy.Symbol):
        raise ValueError(f"the symbol {expression} is not the function's variable; give it a value first")
    if expression.is_Rational or isinstance(expression, (sympy.Float, sympy.NumberSymbol, sympy.CRootOf)):
        constant = _number(expression)
        return program.append(expression, lambda _: constant, (0,))
    for kind, compiler in _COMPILERS.items():
        if isinstance(expression, kind):
            return compiler(expression, program)
    if isinstance(expression, sympy.Function) and len(expression.args) == 1:
        return program.append(expression, primitive(expression.func).image, (_compile(expression.args[0], program),))
    raise ValueError(f"no enclosure is known for {expression} ({type(expression).__name__}); use elementary functions")


_NAMED_NUMBERS: dict[Any, Callable[[], arb]] = {
    sympy.pi: arb.pi,
    sympy.E: arb.const_e,
    sympy.EulerGamma: arb.const_euler,
    sympy.Catalan: arb.const_catalan,
    sympy.GoldenRatio: lambda: (1 + arb(5).sqrt()) / 2,
}


_ROOT_RADIUS = sympy.Rational(1, 2**140)


def _number(expression: sympy.Expr) -> Interval:
    if expression in _NAMED_NUMBERS:
        return iv.from_ball(_NAMED_NUMBERS[expression]())
    if isinstance(expression, sympy.Float):
        return iv.from_ball(ball(exact_fraction(sympy.Rational(expression))))
    if isinstance(expression, sympy.CRootOf) and expression.is_real:
        return iv.from_ball(ball(expression.eval_rational(dx=_ROOT_RADIUS)) + arb(0, ball(_ROOT_RADIUS).upper()))
    if not expression.is_Rational:
        raise ValueError(f"no enclosure is known for the number {expression}; write it with elementary functions")
    return iv.from_ball(ball(expression))


def _fold(operation: Callable[[Interval, Interval], Interval]) -> Callable[[sympy.Expr, Program], int]:
    """Compiler of an n-ary operation from its two-argument form."""

    def compiler(expression: sympy.Expr, program: Program) -> int:
        indices = [_compile(argument, program) for argument in expression.args]
        result = indices[0]
        for position, index in enumerate(indices[1:], start=2):
            key = expression if position == len(indices) else (expression, position)
            result = program.append(key, operation, (result, index))
        return result

    return compiler


def _compile_product(expression: sympy.Expr, program: Program) -> int:
    """A product; with a factor in the denominator, values at its zeros are the limits there."""
    has_pole = any(factor.is_Pow and factor.exp.could_extract_minus_sign() for factor in expression.args)
    return _fold(iv.multiply_with_poles if has_pole else iv.multiply)(expression, program)


def _compile_power(expression: sympy.Expr, program: Program) -> int:
    base, exponent = expression.args
    if exponent.is_Integer:
        n = int(exponent)
        return program.append(expression, lambda x: iv.power(x, n), (_compile(base, program),))
    if exponent.is_Rational:
        fraction = Fraction(int(exponent.p), int(exponent.q))
        return program.append(expression, lambda x: iv.rational_power(x, fraction), (_compile(base, program),))
    return _compile(sympy.exp(exponent * sympy.log(base)), program)


def _compile_sign(expression: sympy.Expr, program: Program) -> int:
    """Sign(u) and UnitStep(u), with the hull of both sides where u = 0 is possible."""
    below = iv.from_ball(arb(-1)) if expression.func is Sign else iv.NOTHING
    above = iv.from_ball(arb(1))
    argument = _compile(expression.args[0], program)

    def step(u: Interval) -> Interval:
        if u.lo > 0:
            return above
        return below if u.hi < 0 else iv.hull(below, above)

    program.jumps.append(lambda values: not (values[argument].lo > 0 or values[argument].hi < 0))
    return program.append(expression, step, (argument,))


def _compile_piecewise(expression: sympy.Expr, program: Program) -> int:
    branches = [(_compile(value, program), _truth(condition, program)) for value, condition in expression.args]

    def possible(values: list[Interval]) -> list[int]:
        indices = []
        for index, truth in branches:
            outcome = truth(values)
            if outcome is not False:
                indices.append(index)
            if outcome is True:
                break
        return indices

    def select(values: list[Interval]) -> Interval:
        indices = possible(values)
        result = values[indices[0]] if indices else iv.WHOLE
        for index in indices[1:]:
            result = iv.hull(result, values[index])
        return result

    program.jumps.append(lambda values: len(possible(values)) > 1)
    return program.append(expression, select, ())


def _truth(condition: Any, program: Program) -> Truth:
    """Three-valued truth of a condition, given the values of the program."""
    if condition in (sympy.true, sympy.false):
        constant = bool(condition)
        return lambda _: constant
    if isinstance(condition, (sympy.And, sympy.Or)):
        parts = [_truth(part, program) for part in condition.args]
        decisive = isinstance(condition, sympy.Or)
        return lambda values: _combine([part(values) for part in parts], decisive)
    if isinstance(condition, sympy.Not):
        inner = _truth(condition.args[0], program)
        return lambda values: None if (outcome := inner(values)) is None else not outcome
    if isinstance(condition, Relational) and type(condition) in _COMPARISONS:
        left, right = _compile(condition.lhs, program), _compile(condition.rhs, program)
        compare = _COMPARISONS[type(condition)]
        return lambda values: compare(values[left], values[right])
    raise ValueError(f"no enclosure is known for the condition {condition}; use <, <=, >, >=, And, Or, Not")


def _combine(outcomes: list[bool | None], decisive: bool) -> bool | None:
    """Or (decisive True) or And (decisive False) of three-valued truths."""
    if decisive in outcomes:
        return decisive
    return None if None in outcomes else not decisive


def _less(x: Interval, y: Interval) -> bool | None:
    if x.hi < y.lo:
        return True
    return False if x.lo >= y.hi else None


def _at_most(x: Interval, y: Interval) -> bool | None:
    outcome = _less(y, x)
    return None if outcome is None else not outcome


def _equal(x: Interval, y: Interval) -> bool | None:
    if x.lo == x.hi == y.lo == y.hi:
        return True
    return False if x.hi < y.lo or y.hi < x.lo else None


_COMPARISONS: dict[Any, Callable[[Interval, Interval], bool | None]] = {
    sympy.StrictLessThan: _less,
    sympy.LessThan: _at_most,
    sympy.StrictGreaterThan: lambda x, y: _less(y, x),
    sympy.GreaterThan: lambda x, y: _at_most(y, x),
    sympy.Equality: _equal,
    sympy.Unequality: lambda x, y: None if (outcome := _equal(x, y)) is None else not outcome,
}

_COMPILERS: dict[Any, Callable[[Any, Program], int]] = {
    sympy.Add: _fold(iv.add),
    sympy.Mul: _compile_product,
    sympy.Max: _fold(iv.maximum),
    sympy.Min: _fold(iv.minimum),
    sympy.Pow: _compile_power,
    sympy.exp: lambda e, p: p.append(e, primitive(sympy.exp).image, (_compile(e.args[0], p),)),
    Sign: _compile_sign,
    UnitStep: _compile_sign,
    sympy.Heaviside: lambda e, p: _compile(UnitStep(e.args[0]), p),
    sympy.Piecewise: _compile_piecewise,
    Magnitude: lambda e, p: p.append(e, iv.absolute, (_compile(e.args[0], p),)),
}
