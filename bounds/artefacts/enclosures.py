"""The artefact |phi(x) - d - m x| <= eps for |x| <= a: the search for a subdivision on which the checker proves it.

Every piece [lo, hi] comes with an order k and a centre c: the checker bounds the error by its Taylor polynomial of
degree k - 1 at c and the k-th coefficient over the piece (k = 0: the range over the piece). Next to 0, where phi and
its approximation agree, the centre is 0; elsewhere it is an end or the middle. Which of them works is tried with the
checker's own bound; a mistake of the search costs a longer file or an error message, never a wrong claim.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bounds.arithmetic import checked_positive, exact_fraction
from bounds.artefacts.check_artefact import error
from bounds.artefacts.files import Artefact, least_reading, rational
from bounds.artefacts.function_trees import Tree, break_points, function_tree, negative
from bounds.certificate import checked_radius
from bounds.first_activation import Activation

_MOST_PIECES = 2000
_NARROWEST = Fraction(1, 2**80)
_BESIDE_ZERO = (4, 6, 1, 0)
_AT_FAR_END = (1, 2, 4, 0)
_IN_THE_MIDDLE = (2, 4)

End = Any
"""A Fraction, or an infinite float."""
Piece = tuple[End, End, int, Fraction]
"""(lo, hi, order, centre)."""


class NoProofError(ValueError):
    """No subdivision was found on which the checker proves the claim."""


def activation_enclosure(activation: Activation, tolerance: Any, radius: Any = None) -> Artefact:
    """The artefact "|phi(x) - phihat(x)| <= tolerance for |x| <= radius", which the stand-alone checker accepts.

    ``tolerance``  positive float or Fraction; of a float, the decimal it prints as where that is less and provable.
    ``radius``     positive number or infinity; default: the closed-form radius, or the exact one without closed form.

    Returns kind "activation-enclosure" (docs/artefacts.md). Raises: NoProofError (a ValueError) when the claim is wrong
    or too tight for the checker; ValueError for a function outside the artefact format or values out of range.

    >>> from bounds.named import activation
    >>> claim = activation_enclosure(activation("sin"), 1e-3, 0.125)
    >>> claim["phi"], claim["slope_plus"], claim["points"], claim["pieces"]
    (['sin', 'x'], 1, ['-1/8', 0, '1/8'], [[4, 0], [4, 0]])
    """
    checked_positive("tolerance", tolerance)
    if radius is None:
        radius = default_radius(activation, tolerance)
    infinite = isinstance(radius, float) and math.isinf(checked_radius(radius))
    end = math.inf if infinite else exact_fraction(checked_positive("radius", exact_fraction(radius)))
    exact = exact_fraction(tolerance)
    try:
        return _claim(activation, least_reading(tolerance), end)
    except NoProofError:
        if least_reading(tolerance) == exact:
            raise
    return _claim(activation, exact, end)


def default_radius(activation: Activation, tolerance: Any) -> float:
    """The closed-form radius; the exact one where there is no closed form."""
    try:
        return activation.radius(tolerance)
    except ValueError:
        return activation.radius(tolerance, kind="exact")


def _claim(activation: Activation, tolerance: Fraction, end: End) -> Artefact:
    line = [function_tree(number) for number in (activation.d, activation.m_minus, activation.m_plus)]
    return enclosure_claim(activation, (line[0], line[1], line[2]), tolerance, end)


def enclosure_claim(activation: Activation, line: tuple[Tree, Tree, Tree], tolerance: Fraction, end: End) -> Artefact:
    """The artefact for any line (intercept, left slope, right slope), as trees without x."""
    phi, (intercept, *slopes) = function_tree(activation.expression), line
    cuts = [exact_fraction(point) for point in break_points(activation.expression)]
    pieces: list[Piece] = []
    for sign, slope in zip((-1, 1), slopes, strict=True):
        e = ["add", phi, negative(intercept), ["mul", -1, slope, "x"]]
        pieces += subdivision(e, tolerance, sign, end, cuts)
    return {
        "kind": "activation-enclosure",
        "name": activation.name,
        "phi": phi,
        "intercept": intercept,
        "slope_minus": slopes[0],
        "slope_plus": slopes[1],
        "tolerance": rational(tolerance),
        "points": [rational(pieces[0][0]), *(rational(piece[1]) for piece in pieces)],
        "pieces": [[order, rational(centre)] for _, _, order, centre in pieces],
    }


def subdivision(e: Tree, tolerance: Fraction, sign: int, end: End, cuts: list[Fraction]) -> list[Piece]:
    """Pieces from left to right of [0, end] (sign 1) or [-end, 0] on which the checker bounds |e| by the tolerance."""
    inner = sorted(sign * cut for cut in cuts if 0 < sign * cut < end)
    waiting = [(a, b) for a, b in pairwise([Fraction(0), *inner, end])][::-1]
    found: list[Piece] = []
    while waiting:
        near, far = waiting.pop()
        lo, hi = sorted((sign * near, sign * far))
        method = _method(e, tolerance, sign, near, far)
        if method is not None:
            found.append((lo, hi, *method))
            continue
        at_end = _bound(e, sign * far, sign * far, Fraction(sign * far), 0) if far < math.inf else math.inf
        if at_end > tolerance or far - near < _NARROWEST * far or len(found) > _MOST_PIECES:
            raise NoProofError(
                f"no proof of an error <= {float(tolerance):g} between {float(lo):g} and {float(hi):g} was found; "
                "ask for a smaller radius (Activation.radius, Activation.certify)"
            )
        middle = (near + far) / 2
        waiting += [(middle, far), (near, middle)]
    return found[::sign]


def _method(e: Tree, tolerance: Fraction, sign: int, near: Fraction, far: End) -> tuple[int, Fraction] | None:
    """An order and a centre with which the checker accepts the piece and its ends, or None."""
    lo, hi = sorted((sign * near, sign * far))
    for order, centre in _methods(sign, near, far):
        ends = [p for p in (lo, hi) if abs(p) < math.inf]
        if _bound(e, lo, hi, centre, order) <= tolerance and all(_bound(e, p, p, p, 0) <= tolerance for p in ends):
            return order, centre
    return None


def _methods(sign: int, near: Fraction, far: End) -> Iterator[tuple[int, Fraction]]:
    if near == 0 or far == math.inf:
        yield from ((order, sign * near) for order in _BESIDE_ZERO)
        return
    yield from ((order, sign * far) for order in _AT_FAR_END)
    yield from ((order, sign * (near + far) / 2) for order in _IN_THE_MIDDLE)


def _bound(e: Tree, lo: End, hi: End, centre: Fraction, order: int) -> Any:
    """The checker's bound of |e|; infinity where it has none."""
    try:
        return error(e, lo, hi, centre, order)
    except ValueError:
        return math.inf
