"""The error e(t) = phi(s t) - intercept - slope * s t of a linear approximation for t > 0, s = +1 or -1.

It is enclosed in two ways: by a Taylor model on (0, model.radius], where phi and its approximation agree and a direct
evaluation would cancel, and by interval evaluation of e and e' on each smooth piece elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy
from flint import arb

from bounds.arithmetic import ball, certainly_at_most, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import Program, derivative, enclose
from bounds.enclosures.interval import Interval
from bounds.enclosures.one_sided import T, along, branch_beside_zero, exponential_form, radii, series_table
from bounds.enclosures.pieces import smooth_pieces
from bounds.enclosures.power_series import INFINITE_ORDER, NoPowerExpansion, PowerSeries, differentiated
from bounds.enclosures.taylor_model import NoTaylorModel, TaylorModel, taylor_model


@dataclass(frozen=True, slots=True)
class Cell:
    """Programs of e and e' on a smooth piece [lower, upper] of the half-line t > 0 (ends rounded outward)."""

    lower: arb
    upper: arb
    value: Program
    slope: Program


@dataclass(frozen=True)
class Residual:
    """e(t) = phi(direction t) - intercept - slope * direction * t for t > 0, phi given in ``symbol``."""

    expression: sympy.Expr
    symbol: sympy.Symbol
    direction: int
    intercept: sympy.Expr
    slope: sympy.Expr

    def __reduce__(self) -> tuple[type[Residual], tuple[object, ...]]:
        """Pickle the definition only; compiled programs are rebuilt."""
        return Residual, (self.expression, self.symbol, self.direction, self.intercept, self.slope)

    def _minus_line(self, branch: sympy.Expr) -> sympy.Expr:
        difference = branch - self.intercept - self.slope * self.direction * T
        return sympy.expand(difference) if difference.is_polynomial(T) else difference

    @cached_property
    def branch(self) -> sympy.Expr:
        """e(t) without switches, valid for 0 < t < ``reach``; raises NoPowerExpansion when it cannot be derived."""
        return self._minus_line(branch_beside_zero(self.expression, self.symbol, self.direction).expression)

    @cached_property
    def reach(self) -> sympy.Expr:
        """How far ``branch`` is valid."""
        return branch_beside_zero(self.expression, self.symbol, self.direction).reach

    @cached_property
    def vanishes(self) -> bool:
        """Whether e = 0 on all of (0, reach), proved symbolically."""
        if self.branch == 0:
            return True
        try:
            return not self._series[1].terms
        except NoPowerExpansion:
            return not self._is_somewhere_nonzero and bool(sympy.simplify(self.branch) == 0)

    @property
    @working_precision
    def _is_somewhere_nonzero(self) -> bool:
        """Whether e is certainly not 0 at one number of (0, reach): much quicker than to simplify."""
        number = (arb(1) if self.reach == sympy.oo else ball(self.reach).lower()) / 3
        image = enclose(self.branch, T)(iv.from_ball(number))
        return bool(image.lo > 0 or image.hi < 0)

    @cached_property
    def _series(self) -> tuple[dict[sympy.Expr, PowerSeries], PowerSeries]:
        return series_table(exponential_form(self.branch), 1)

    @cached_property
    def leading_term(self) -> tuple[Fraction, sympy.Expr] | None:
        """(p, c) with e(t) = c t^p + o(t^p); None when there is no such term (e = 0, flat or logarithmic)."""
        try:
            terms = self._series[1].terms
        except NoPowerExpansion:
            return None
        return terms[0] if terms else None

    @cached_property
    def model(self) -> TaylorModel | None:
        """The most useful Taylor model of e next to 0; None when there is none."""
        return _best_model(self)

    @cached_property
    def monotone_radius(self) -> arb:
        """A radius, at most that of the model, up to which |e| is proved to increase with t; 0 when none is found."""
        return _monotone_radius(self)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The smooth pieces from 0 to infinity; one cell with switches inside when the pieces are unknown."""
        half_line = along(self.expression, self.symbol, self.direction)
        pieces = smooth_pieces(half_line, T)
        if pieces is None:
            return (_cell(sympy.S.Zero, sympy.oo, self._minus_line(half_line)),)
        return tuple(
            _cell(max(piece.lower, sympy.S.Zero), piece.upper, self._minus_line(piece.expression))
            for piece in pieces
            if piece.upper > 0
        )

    @cached_property
    def last_expression(self) -> sympy.Expr:
        """e(t) on the piece that reaches infinity."""
        half_line = along(self.expression, self.symbol, self.direction)
        pieces = smooth_pieces(half_line, T)
        return self._minus_line(half_line if pieces is None else pieces[-1].expression)

    def boxes(self, lower: arb, upper: arb) -> list[tuple[Cell, Interval]]:
        """The parts of [lower, upper] on each cell, from left to right."""
        found = []
        for cell in self.cells:
            low = cell.lower if cell.lower > lower else lower
            high = cell.upper if cell.upper < upper else upper
            if low < high or (low == high and lower == upper):
                found.append((cell, Interval(low, high)))
        return found

    @working_precision
    def at(self, t: arb) -> Interval:
        """Enclosure of e at one number t > 0."""
        result: Interval | None = None
        for cell, box in self.boxes(t, t):
            value = cell.value(box)
            result = value if result is None else iv.hull(result, value)
        return iv.WHOLE if result is None else result

    @working_precision
    def beside_zero(self, t: arb) -> arb:
        """Upper bound of |e| on (0, t]; infinity when nothing is known."""
        if self.model is not None and t <= self.model.radius:
            box = Interval(iv.ZERO, t)
            exponent = min(self.model.valuation, Fraction(64))
            power = iv.rational_power(box, Fraction(exponent))
            return iv.magnitude(iv.multiply(power, self.model.scaled_range(exponent, box)))
        boxes = self.boxes(iv.ZERO, t)
        return iv.greatest([iv.magnitude(cell.value(box)) for cell, box in boxes])


def _cell(lower: sympy.Expr, upper: sympy.Expr, error: sympy.Expr) -> Cell:
    low, high = ball(lower), ball(upper)
    slope = derivative(error, T)
    return Cell(low.lower(), high.upper(), enclose(error, T), enclose(slope, T))


@working_precision
def _best_model(residual: Residual) -> TaylorModel | None:
    """The first model, from the largest radius down, that shows the sign of the leading and of the next term."""
    try:
        form = exponential_form(residual.branch)
        table, series = residual._series
    except NoPowerExpansion:
        return None
    order = Fraction(series.valuation if series.terms else 1) + 4
    fallback = None
    for radius in radii():
        if certainly_at_most(radius, residual.reach) is not True:
            continue
        try:
            model = taylor_model(form, T, radius, order, table)
        except NoTaylorModel:
            continue
        if next_term_sign(model) != 0:
            return model
        fallback = fallback or model
    return fallback


@working_precision
def _monotone_radius(residual: Residual) -> arb:
    """From the sign of a Taylor model of e' (e(0+) = 0)."""
    if residual.model is None or residual.vanishes:
        return iv.ZERO
    slope = exponential_form(residual.branch).diff(T)
    series = differentiated(residual._series[1])
    for radius in radii():
        if radius > residual.model.radius:
            continue
        try:
            model = taylor_model(slope, T, radius, Fraction(series.valuation) + 4, {slope: series})
            box = model.scaled_range(series.valuation)
        except NoTaylorModel:
            continue
        if box.lo > 0 or box.hi < 0:
            return radius
    return iv.ZERO


def next_term(model: TaylorModel) -> tuple[Fraction, Interval] | None:
    """(k, G) with e(t) = c t^p + t^k G on (0, radius]; None when e is a single exact term or nothing."""
    tail = TaylorModel(model.terms[1:], model.order, model.rest, model.radius)
    if tail.valuation == INFINITE_ORDER:
        return None
    return Fraction(tail.valuation), tail.scaled_range(tail.valuation)


def next_term_sign(model: TaylorModel) -> int:
    """Sign of what follows the leading term on all of (0, radius] relative to it: -1 opposite, 1 the same, 0 unknown.

    A single exact term counts as opposite: nothing of its sign follows.
    """
    if not model.terms:
        return -1
    following = next_term(model)
    if following is None:
        return -1
    leading, tail = iv.from_ball(model.terms[0][1]), following[1]
    product = iv.multiply(leading, tail)
    if product.hi <= 0:
        return -1
    return 1 if product.lo >= 0 else 0
