"""Wrong variants of Assumption 2.3 as derived: slopes, majorants, radii, gap functions, certificates, blocks."""

from __future__ import annotations

import sympy

from bounds import x
from tests.wrong_theory.mutation import Mutant

STEEP = ("tanh", "elu", "hardswish")
RETURNING = x + x**2 - x**3 + x**4
"""|e|/x^2 falls from 1 at 0 and exceeds 1 again beyond x = 1."""
SWINGING = x * sympy.cos(x)
"""e = 0 at x = 2 pi, with large errors before."""
DIPPING = x + sympy.Abs(x) * (sympy.cos(x) - 1)
"""The same with an error that is never positive."""
LOPSIDED = sympy.Piecewise((sympy.sin(x), x >= 0), (2 * sympy.tanh(x), True))
"""Cubic errors on both sides, 1/6 and 2/3."""
UNLIKE = sympy.Piecewise((sympy.sin(x), x >= 0), (sympy.exp(x) - 1, True))
"""A cubic error on one side, a quadratic one on the other."""

EXPANSION = (
    Mutant(
        wrong="m = m_plus - m_minus",
        module="bounds.expansion",
        old="total = m_plus + m_minus",
        new="total = m_plus - m_minus",
        checks=("refusals",),
    ),
    Mutant(
        wrong="left slope with the sign of the right one",
        module="bounds.expansion",
        old="slope = sympy.Integer(direction) * slope",
        new="slope = sympy.Integer(1) * slope",
        checks=("slopes",),
        subjects=("leaky_relu(0.2)",),
    ),
    Mutant(
        wrong="slopes exchanged",
        module="bounds.expansion",
        old="return Expansion(slopes[1], slopes[-1],",
        new="return Expansion(slopes[-1], slopes[1],",
        checks=("slopes",),
        subjects=("leaky_relu(0.2)",),
    ),
    Mutant(
        wrong="intercept forgotten",
        module="bounds.expansion",
        old="return Expansion(slopes[1], slopes[-1], intercept,",
        new="return Expansion(slopes[1], slopes[-1], sympy.S.Zero,",
        checks=("slopes",),
        subjects=("sigmoid",),
    ),
    Mutant(
        wrong="K read off the Taylor limit",
        module="bounds.majorant",
        old="leading, tail).hi <= 0 and reach <= 2 * iv.absolute(leading).lo)",
        new="leading, tail).hi <= oo and reach <= oo)".replace("oo", "iv.INFINITY"),
        checks=("majorants",),
        subjects=("mish", "gelu"),
    ),
    Mutant(
        wrong="majorant proved without looking beyond the Taylor model",
        module="bounds.majorant",
        old="    if near < end:\n",
        new="    if near < near:\n",
        checks=("majorants",),
        subjects=(RETURNING,),
    ),
)

RADIUS = (
    Mutant(
        wrong="factor 2 in the closed-form radius",
        module="bounds.radius",
        old="lower(iv.power_ball((eps / ball(m.coefficient)).lower(), 1 / m.exponent))",
        new="lower(iv.power_ball((2 * eps / ball(m.coefficient)).lower(), 1 / m.exponent))",
        checks=("radii",),
        subjects=("tanh",),
    ),
    Mutant(
        wrong="radius of the better side for both",
        module="bounds.radius",
        old="return min(max(_radius_at(m, eps) for m in side) for side in sides)",
        new="return max(max(_radius_at(m, eps) for m in side) for side in sides)",
        checks=("radii",),
        subjects=("elu",),
    ),
    Mutant(
        wrong="square root where the cube root belongs",
        module="bounds.radius",
        old="(EPS / m.coefficient) ** (1 / _exponent(m.exponent))",
        new="(EPS / m.coefficient) ** (1 / (_exponent(m.exponent) + 1))",
        checks=("gap functions",),
        subjects=STEEP,
    ),
    Mutant(
        wrong="K for K^(1/p) in g",
        module="bounds.radius",
        old="m.coefficient ** (1 / p) * EPS ** (1 - 1 / p)",
        new="m.coefficient * EPS ** (1 - 1 / p)",
        checks=("gap functions",),
        subjects=STEEP,
    ),
    Mutant(
        wrong="g for g^-1",
        module="bounds.radius",
        old="Y ** (p / (p - 1)) * m.coefficient ** (-1 / (p - 1))",
        new="Y ** ((p - 1) / p) * m.coefficient ** (1 / p)",
        checks=("gap functions",),
        subjects=STEEP,
    ),
    Mutant(
        wrong="g^-1 without its constant",
        module="bounds.radius",
        old="Y ** (p / (p - 1)) * m.coefficient ** (-1 / (p - 1))",
        new="Y ** (p / (p - 1))",
        checks=("gap functions",),
        subjects=STEEP,
    ),
    Mutant(
        wrong="the weaker side dropped the wrong way round",
        module="bounds.radius",
        old="certainly_at_most(weak.coefficient, strong.coefficient) is True",
        new="certainly_at_most(strong.coefficient, weak.coefficient) is True",
        checks=("gap functions", "radii"),
        subjects=(LOPSIDED,),
    ),
    Mutant(
        wrong="g is the smaller of the two sides' gaps",
        module="bounds.radius",
        old="return _combine(sympy.Max, merged, sympy.S.Zero)",
        new="return _combine(sympy.Min, merged, sympy.oo)",
        checks=("gap functions",),
        subjects=(UNLIKE,),
    ),
    Mutant(
        wrong="exact radius crosses at twice the tolerance",
        module="bounds.radius",
        old="if iv.magnitude(side.at(centre)) <= tolerance:",
        new="if iv.magnitude(side.at(centre)) <= 2 * tolerance:",
        checks=("radii",),
        subjects=("tanh",),
    ),
    Mutant(
        wrong="exact radius of the better side",
        module="bounds.radius",
        old="radius = min(lower(certified_reach(side, eps)) for side in sides)",
        new="radius = max(lower(certified_reach(side, eps)) for side in sides)",
        checks=("radii",),
        subjects=("elu",),
    ),
)

CERTIFICATES = (
    Mutant(
        wrong="certificate looks at one side only",
        module="bounds.certificate",
        old="    for side in sides:\n        outcome",
        new="    for side in sides[1:]:\n        outcome",
        checks=("certificates",),
        subjects=("elu",),
    ),
    Mutant(
        wrong="exact beyond the reach of exactness",
        module="bounds.certificate",
        old="    if side.vanishes and ball(side.reach) >= end:\n        return Outcome",
        new="    if side.vanishes or ball(side.reach) >= end + 1:\n        return Outcome",
        checks=("certificates",),
        subjects=("hardtanh",),
    ),
    Mutant(
        wrong="only errors above the approximation are bounded",
        module="bounds.enclosures.branch_and_bound",
        old="for sign, s in ((1, slope), (-1, iv.negate(slope)))",
        new="for sign, s in ((1, slope),)",
        checks=("certificates",),
        subjects=(DIPPING,),
    ),
    Mutant(
        wrong="the end of a box stands for the box",
        module="bounds.enclosures.branch_and_bound",
        old="    if slope.lo >= 0:\n        return _gap(cell, bound, box.lo, sign).lo >= 0",
        new="    if slope.lo <= 1e9:\n        return _gap(cell, bound, box.hi, sign).lo >= 0",
        checks=("certificates",),
        subjects=(SWINGING,),
    ),
    Mutant(
        wrong="half the bound counts as a violation",
        module="bounds.enclosures.branch_and_bound",
        old="return bool(error.lo > bound.value(Interval(point, point)).hi)",
        new="return bool(2 * error.lo > bound.value(Interval(point, point)).hi)",
        checks=("certificates",),
        subjects=("tanh", "elu"),
    ),
    Mutant(
        wrong="remainder of the better side",
        module="bounds.first_activation",
        old="return max(supremum_bound(side, end) for side in self._sides)",
        new="return min(supremum_bound(side, end) for side in self._sides)",
        checks=("remainders",),
        subjects=("elu",),
    ),
    Mutant(
        wrong="remainder at half the radius",
        module="bounds.first_activation",
        old="end = ball(checked_radius(radius))\n",
        new="end = ball(checked_radius(radius)) / 2\n",
        checks=("remainders",),
        subjects=("tanh",),
    ),
    Mutant(
        wrong="minimax slopes proved on one side",
        module="bounds.minimax",
        old="if all(certify_side(s, ball(tolerance), arb(radius)).verdict is Verdict.PROVED for s in tilted):",
        new="if any(certify_side(s, ball(tolerance), arb(radius)).verdict is Verdict.PROVED for s in tilted):",
        checks=("minimax",),
        subjects=("elu", "leaky_relu(0.2)", "selu"),
    ),
    Mutant(
        wrong="Lipschitz constant of the flattest piece",
        module="bounds.functions",
        old="return max(_slope_bound(part, box) for part, box in _overlaps(expression, low, high))",
        new="return min(_slope_bound(part, box) for part, box in _overlaps(expression, low, high))",
        checks=("lipschitz",),
        subjects=("leaky_relu(0.2)",),
    ),
)

BLOCKS = (
    Mutant(
        wrong="m for mu in unsplit blocks",
        module="bounds.widths.blocks",
        old="rule, two_signed, one_signed, amplification = UNSPLIT, steeper, steeper, 1.0",
        new="rule, two_signed, one_signed, amplification = UNSPLIT, abs(total), abs(total), 1.0",
        checks=("blocks",),
        subjects=("tanh",),
    ),
    Mutant(
        wrong="mu for m in looks-linear pairs",
        module="bounds.widths.blocks",
        old="rule, two_signed, one_signed, amplification = PAIRS, abs(total), abs(total), 1.0",
        new="rule, two_signed, one_signed, amplification = PAIRS, steeper, steeper, 1.0",
        checks=("blocks",),
        subjects=("sigmoid",),
    ),
    Mutant(
        wrong="m for the steeper slope on inputs of one sign",
        module="bounds.widths.blocks",
        old="rule, two_signed, one_signed = SIGN_SPLIT, abs(total), steeper",
        new="rule, two_signed, one_signed = SIGN_SPLIT, abs(total), abs(total)",
        checks=("blocks",),
        subjects=("leaky_relu(0.2)",),
    ),
    Mutant(
        wrong="the steeper slope for m on inputs of both signs",
        module="bounds.widths.blocks",
        old="rule, two_signed, one_signed = SIGN_SPLIT, abs(total), steeper",
        new="rule, two_signed, one_signed = SIGN_SPLIT, steeper, steeper",
        checks=("blocks",),
        subjects=("leaky_relu(0.2)",),
    ),
    Mutant(
        wrong="(|m_plus| + |m_minus|)/|m| dropped",
        module="bounds.widths.blocks",
        old="amplification = (abs(plus) + abs(minus)) / abs(total) * (1 + 2.0**-40)",
        new="amplification = 1.0 * (1 + 2.0**-40)",
        checks=("blocks",),
        subjects=("leaky_relu(-0.5)",),
    ),
    Mutant(
        wrong="|m_plus + m_minus| for |m_plus| + |m_minus|",
        module="bounds.widths.blocks",
        old="amplification = (abs(plus) + abs(minus)) / abs(total)",
        new="amplification = abs(plus + minus) / abs(total)",
        checks=("blocks",),
        subjects=("leaky_relu(-0.5)",),
    ),
    Mutant(
        wrong="the intercept is ignored",
        module="bounds.widths.blocks",
        old="if force_pairs or activation.d != 0:",
        new="if force_pairs:",
        checks=("blocks",),
        subjects=("sigmoid",),
    ),
    Mutant(
        wrong="one base set although the slopes differ",
        module="bounds.widths.blocks",
        old="elif activation.m_plus == activation.m_minus:",
        new="elif activation.m_plus != 0:",
        checks=("blocks",),
        subjects=("leaky_relu(0.2)",),
    ),
    Mutant(
        wrong="even parts of the remainder cancel without pairs",
        module="bounds.widths.blocks",
        old="if self.rule is PAIRS else self.activation",
        new="if self.rule is not SIGN_SPLIT else self.activation",
        checks=("blocks",),
        subjects=("gelu", "silu"),
    ),
    Mutant(
        wrong="every helper neuron makes a constant",
        module="bounds.widths.constants",
        old="        return Constant(low, high, fits=0.5) if low > 0 else None\n    low, high = positive",
        new="        return Constant(low, high, fits=1.0) if low > 0 else None\n    low, high = positive",
        checks=("constants",),
        subjects=("tanh",),
    ),
    Mutant(
        wrong="the sign of a helper constant is free",
        module="bounds.widths.constants",
        old="return Constant(low, high, fits=0.25, sign=",
        new="return Constant(low, high, fits=0.5, sign=",
        checks=("constants",),
        subjects=("relu",),
    ),
    Mutant(
        wrong="helper constants start at the full scale",
        module="bounds.widths.constants",
        old="inner, outer = 0.5 * scale * below.low, scale * below.high",
        new="inner, outer = scale * below.low, scale * below.high",
        checks=("constants",),
        subjects=("relu", "tanh"),
    ),
    Mutant(
        wrong="constants below are exact",
        module="bounds.widths.constants",
        old="inner, outer = 0.5 * scale * below.low, scale * below.high",
        new="inner, outer = 0.5 * scale * below.high, scale * below.high",
        checks=("constants",),
        subjects=("relu", "tanh"),
    ),
    Mutant(
        wrong="aimed constants hit their aim",
        module="bounds.widths.constants",
        old="magnitude_range(function, beta - CONSTANT_SLACK, beta + CONSTANT_SLACK)",
        new="magnitude_range(function, beta, beta)",
        checks=("constants",),
        subjects=("tanh",),
    ),
)

MUTANTS = (*EXPANSION, *RADIUS, *CERTIFICATES, *BLOCKS)
