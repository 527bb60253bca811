"""Outward rounding against exact fractions, shapes of activations against samples and balls."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import bounds
from empirical.sup_error import outward
from empirical.sup_error.expansion import expansion
from empirical.sup_error.forms import Basis, Forms
from empirical.sup_error.outward import Interval, Sparse
from empirical.sup_error.shape import Shape, shape
from empirical.sup_error.shape_table import build_table

SEEDS = st.integers(0, 2**32 - 1)
NAMES = (
    "relu",
    "leaky_relu",
    "leaky_relu(0.2)",
    "tanh",
    "sigmoid",
    "identity",
    "abs",
    "squared_relu",
    "gelu",
    "hardtanh",
)


def exact(array) -> list:
    return [Fraction(float(value)) for value in np.ravel(array)]


def random_matrix(generator, rows=3, columns=7) -> np.ndarray:
    scale = 10.0 ** generator.uniform(-6, 6, (rows, columns))
    return generator.standard_normal((rows, columns)) * scale * (generator.random((rows, columns)) < 0.7)


def random_interval(generator, size=7, width=1e-3) -> Interval:
    middle = generator.standard_normal(size)
    return Interval(middle, middle + width * generator.random(size) * (generator.random(size) < 0.8))


def extremes(matrix, values: Interval) -> list[tuple[Fraction, Fraction]]:
    """The exact range of every row over the interval, in fractions."""
    result = []
    for row in matrix:
        pairs = [
            sorted((Fraction(float(w)) * a, Fraction(float(w)) * b))
            for w, a, b in zip(row, exact(values.low), exact(values.high), strict=True)
        ]
        result.append((sum(p[0] for p in pairs), sum(p[1] for p in pairs)))
    return result


def assert_encloses(found: Interval, wanted, excess: float = 1e-9) -> None:
    """Valid: the exact range lies inside. Attained: the enclosure is wider by at most ``excess`` of its size."""
    for low, high, (least, most) in zip(exact(found.low), exact(found.high), wanted, strict=True):
        assert low <= least <= most <= high
        assert high - low <= (most - least) + Fraction(excess) * (1 + abs(least) + abs(most))


@given(SEEDS)
def test_products_enclose_the_exact_range(seed):
    generator = np.random.default_rng(seed)
    matrix, values = random_matrix(generator), random_interval(generator)
    size = np.abs(matrix).max() * 1e-12
    assert_encloses(Sparse.dense(matrix).image(values), extremes(matrix, values), max(1e-9, size))
    assert_encloses(
        outward.dense_image(matrix, np.zeros_like(matrix), values), extremes(matrix, values), max(1e-9, size)
    )


def test_products_rounded_to_nearest_do_not_enclose():
    """Wrong variant: without outward rounding some exact result lies outside, so the tests above can fail."""
    missed = 0
    for seed in range(50):
        generator = np.random.default_rng(seed)
        matrix, values = random_matrix(generator), random_interval(generator, width=0.0)
        nearest = matrix @ values.low
        missed += any(
            value != least for value, (least, _) in zip(exact(nearest), extremes(matrix, values), strict=True)
        )
    assert missed > 25


@given(SEEDS)
def test_bounds_of_magnitudes_lie_above(seed):
    generator = np.random.default_rng(seed)
    matrix, sizes = random_matrix(generator), np.abs(generator.standard_normal(7))
    wanted = extremes(np.abs(matrix), Interval(sizes, sizes))
    for found, (value, _) in zip(exact(Sparse.dense(matrix).bound(sizes)), wanted, strict=True):
        assert value <= found <= value * Fraction(1 + 1e-12) + Fraction(1e-290)


@given(SEEDS)
def test_elementwise_operations_enclose_the_exact_range(seed):
    generator = np.random.default_rng(seed)
    first, second = random_interval(generator, width=1.0), random_interval(generator, width=1.0)
    for operation, exact_operation in (
        (outward.add, lambda a, b: a + b),
        (outward.subtract, lambda a, b: a - b),
        (outward.multiply, lambda a, b: a * b),
    ):
        found = operation(first, second)
        corners = [
            [exact_operation(a, b) for a, b in product((l1, h1), (l2, h2))]
            for l1, h1, l2, h2 in zip(*map(exact, (*first, *second)), strict=True)
        ]
        assert_encloses(found, [(min(c), max(c)) for c in corners])


@given(SEEDS)
def test_ranges_of_forms_are_those_of_all_corners(seed):
    """A form with both one- and two-signed inputs takes its extremes at corners of the box or at 0."""
    generator = np.random.default_rng(seed)
    low = np.array([0.1, -2.0, -1.0, -0.5])
    high = np.array([0.7, -0.5, 1.0, 2.0])
    basis = Basis.of_box(low, high)
    positive, negative = generator.standard_normal((2, 3, 4))
    coefficients = basis.coefficients(positive, negative)
    points = np.array(list(product(*((a, 0.0, b) if a < 0 < b else (a, b) for a, b in zip(low, high, strict=True)))))
    for k in range(3):
        values = [
            sum(
                Fraction(float(positive[k, j] if x[j] >= 0 else negative[k, j])) * Fraction(float(x[j]))
                for j in range(4)
            )
            for x in points
        ]
        found = outward.take(basis.range(coefficients), [k])
        assert_encloses(found, [(min(values), max(values))])


@given(SEEDS)
def test_images_of_forms_hold_at_every_input(seed):
    generator = np.random.default_rng(seed)
    low, high = np.array([-1.0, 0.0, -2.0]), np.array([1.0, 1.0, -1.0])
    basis = Basis.of_box(low, high)
    slopes = generator.standard_normal((4, 3))
    rest = random_interval(generator, 4)
    forms = Forms.on(basis, basis.coefficients(slopes, slopes), rest)
    matrix = random_matrix(generator, 2, 4)
    coefficients, image_rest = forms.image(Sparse.dense(matrix))
    x = low + (high - low) * generator.random(3)
    t = np.concatenate((x[basis.one], np.maximum(x[basis.two], 0), np.minimum(x[basis.two], 0)))
    inner = [sum(f * v for f, v in zip(exact(row), exact(x), strict=True)) for row in slopes]
    for k in range(2):
        least = most = Fraction(0)
        for w, value, a, b in zip(exact(matrix[k]), inner, exact(rest.low), exact(rest.high), strict=True):
            ends = sorted((w * (value + a), w * (value + b)))
            least, most = least + ends[0], most + ends[1]
        shown = sum(f * v for f, v in zip(exact(coefficients[k]), exact(t), strict=True))
        assert shown + Fraction(float(image_rest.low[k])) <= least
        assert most <= shown + Fraction(float(image_rest.high[k]))


@pytest.mark.parametrize("name", NAMES)
def test_slopes_curvature_images_and_chords_hold_for_samples(name):
    """Against the float64 library on a fine grid inside each interval, with the library's own error to spare."""
    phi = shape(name)
    generator = np.random.default_rng(1)
    low = np.concatenate((generator.uniform(-6, 4, 40), [0.0, -1.0, 0.0, -30.0]))
    high = np.concatenate((low[:40] + 10.0 ** generator.uniform(-4, 1, 40), [0.0, 0.0, 1.0, 30.0]))
    values = Interval(low, high)
    grid = low + (high - low) * np.linspace(0, 1, 101)[:, None]
    y = phi.numeric.numpy(grid)
    slack = 1e-12 * (1 + np.abs(y).max(axis=0))
    for image in (phi.image(values), phi.proven_image(values), phi.coarse_image(values)):
        assert (image.low - slack <= y.min(axis=0)).all() and (y.max(axis=0) <= image.high + slack).all()
    quotients = phi.slopes(values)
    step = np.diff(grid, axis=0)
    rise = np.divide(np.diff(y, axis=0), step, out=np.zeros_like(step), where=step > 1e-3)
    used = step > 1e-3
    assert (np.where(used, rise, quotients.low) >= quotients.low - 1e-9).all()
    assert (np.where(used, rise, quotients.high) <= quotients.high + 1e-9).all()
    slope, gap = phi.chord(values)
    line = y - slope * grid
    assert (gap.low - slack <= line.min(axis=0)).all() and (line.max(axis=0) <= gap.high + slack).all()
    wide = np.flatnonzero(high - low > 0.5)
    bends = np.abs(np.diff(rise, axis=0)) / np.maximum(step[1:], 1e-300)
    assert (
        np.where(used[1:], bends, 0)[:, wide].max(axis=0) <= phi.curvature(outward.take(values, wide)) * 1.001 + 1e-9
    ).all()


def test_slopes_are_tight_where_they_are_known():
    """relu: 0, 1 or both; tanh: its slope at 0 exactly, at the far end to the width of a cell."""
    values = Interval(np.array([-2.0, 0.0, -1.0, 0.25]), np.array([-1.0, 3.0, 1.0, 0.5]))
    quotients = shape("relu").slopes(values)
    assert quotients.low.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert quotients.high.tolist() == [0.0, 1.0, 1.0, 1.0]
    assert shape("relu").curvature(values).tolist() == [0.0, 0.0, np.inf, 0.0]
    assert shape("squared_relu").curvature(Interval(values.low[2:3], values.high[2:3])) == [2.0]
    quotients = shape("tanh").slopes(values)
    assert quotients.high[2] == 1.0
    assert quotients.low[2] == pytest.approx(1 - np.tanh(1) ** 2, rel=1e-12)
    assert shape("tanh").coarse_image(values).high[2] < 0.77


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "elu", "hardtanh", "hardswish", "relu6", "exp", "leaky_relu"])
def test_remainders_of_expansions_hold_near_and_far(name):
    """|phi(y) - mu(y) y - d| on either side, inside and beyond the radius of the majorant."""
    found = expansion(name)
    phi = shape(name).numeric.numpy
    for side in (1.0, -1.0):
        for reach in (1e-3, 0.4, 0.9, 2.0, 8.0):
            y = side * reach * np.linspace(0, 1, 200)
            positive = np.array([side > 0])
            slopes = found.slopes(positive)
            gap = np.abs(phi(y) - slopes.low * y - found.intercept.low).max()
            assert gap <= found.remainder(positive, np.array([reach]))[0] * (1 + 1e-9) + 1e-12
            assert slopes.low <= slopes.high <= slopes.low + 1e-15


def test_a_table_refuses_a_function_that_jumps():
    """A difference quotient across a jump is unbounded, which no table of phi' would notice."""
    step = sympy.Piecewise((bounds.x, bounds.x < 1), (bounds.x + 1, True))
    with pytest.raises(ValueError, match="jumps at 1"):
        build_table("step", step)


def test_a_kink_between_nodes_is_seen():
    """The kink of |x - 1/3| is no float: the cell that holds it has slopes of both signs and no finite curvature."""
    table = build_table("kinked", sympy.Abs(bounds.x - sympy.Rational(1, 3)))
    kinked = Shape("kinked", bounds.scalar_function("abs"), shape("abs").numeric)
    kinked.__dict__["table"] = table
    around = Interval(np.array([0.3, 0.4, 1 / 3]), np.array([0.35, 0.5, 0.4]))
    assert kinked.slopes(around).low.tolist() == [-1.0, 1.0, -1.0]
    assert kinked.curvature(around).tolist() == [np.inf, 0.0, np.inf]
