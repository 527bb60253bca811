"""Sup errors of fabricated tickets: validity by sampling and exact arithmetic, attainment on closed forms."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.target import TargetNetwork
from empirical.sup_error import anatomy, sup_error
from empirical.sup_error.anatomy import live_layers
from empirical.sup_error.evaluation import evaluation_error, layer_ranges, outputs
from empirical.sup_error.outward import Interval
from empirical.sup_error.shape import Shape, shape
from tests.empirical.fabricated import (
    fabricate,
    one_more_layer,
    perturbed,
    random_target,
    split_parts,
    two_per_layer,
)

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid")
STRUCTURES = ("perturbed", "L+1", "2L")


def make(structure: str, activation: str, seed: int, depth: int = 2, output: str = "identity", noise: float = 1e-3):
    """A random target and a ticket of the given structure that is close to it."""
    generator = np.random.default_rng([seed, depth])
    widths = [3, *(int(w) for w in generator.integers(2, 6, depth - 1)), 2]
    low = -1.0 if seed % 3 else 0.0
    target = random_target(generator, widths, activation, output, biases=structure != "2L", low=low)
    scale = float(generator.choice([0.02, 0.2]))
    if structure == "perturbed":
        return target, perturbed(generator, target, noise)
    if structure == "2L":
        return target, two_per_layer(generator, target, noise, activation, scale=scale)
    return target, one_more_layer(generator, target, noise, activation, scale=scale)


def sample(target: TargetNetwork, count: int, seed: int = 0) -> np.ndarray:
    """Points of the box: random ones, corners, and points on its faces."""
    generator = np.random.default_rng(seed)
    low, high = target.domain
    part = generator.random((count, len(low)))
    part[::3] = np.round(part[::3])
    part[1::3] = np.where(generator.random(part[1::3].shape) < 0.5, np.round(part[1::3]), part[1::3])
    return low + (high - low) * part


def differences(target, ticket, points) -> np.ndarray:
    return np.abs(ticket(points) - target(points))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_upper_bounds_hold_everywhere_and_lower_bounds_at_the_witness(structure, activation):
    """2000 points per network, inputs of one and of both signs, two and three layers, any output activation."""
    for seed in range(4):
        target, ticket = make(
            structure, activation, seed, depth=2 + seed % 2, output=("identity", activation)[seed // 2]
        )
        found = sup_error(target, ticket, starts=4)
        errors = differences(target, ticket, sample(target, 2000, seed))
        assert (errors.max(axis=0) <= found.per_output_upper).all()
        assert found.lower <= found.upper
        at_witness = differences(target, ticket, found.witness[None]).max()
        assert found.lower == pytest.approx(at_witness, rel=1e-6, abs=1e-10)
        assert found.aligned and not found.vacuous
        assert found.upper < 60 * errors.max() + 1e-11


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(ACTIVATIONS), st.sampled_from(STRUCTURES), st.integers(1, 4))
def test_upper_bounds_hold_for_many_small_networks(seed, activation, structure, depth):
    target, ticket = make(structure, activation, seed, depth, noise=10.0 ** -(1 + seed % 4))
    found = sup_error(target, ticket, starts=0)
    errors = differences(target, ticket, sample(target, 500, seed))
    assert (errors.max(axis=0) <= found.per_output_upper).all()
    assert found.lower <= found.upper


def test_a_two_for_one_layer_is_bounded_exactly():
    """relu(u x) v with sum u v = w + e for x >= 0 and w + e' for x < 0: the error is max(|e|, 2 |e'|) on [-2, 1]."""
    target = TargetNetwork([[[0.5]]], [None], ["identity"], ([-2.0], [1.0]))
    incoming = [[0.5], [0.25], [-0.5]]
    outgoing = [[0.5, 1.0 + 2**-6, -(1.0 + 2**-6)]]  # 0.25 + 0.25 + 2^-8 above, 0.5 + 2^-7 below zero
    ticket = fabricate([incoming, outgoing], None, ["relu", "identity"], target.domain)
    found = sup_error(target, ticket)
    assert found.upper == pytest.approx(2 * 2**-7, rel=1e-12)
    assert found.lower == pytest.approx(2 * 2**-7, rel=1e-12)
    assert found.lower <= 2 * 2**-7 <= found.upper
    assert found.witness.tolist() == [-2.0]


def test_pairs_cancel_the_intercept_exactly():
    """sigmoid pairs (u, -u), (v, -v): d = 1/2 leaves no trace, the error is the cubic remainder."""
    target = TargetNetwork([[[0.5]]], [None], ["identity"], ([-1.0], [1.0]))
    u, v = 2.0**-10, 2.0**10
    ticket = fabricate([[[u], [-u]], [[v, -v]]], None, ["sigmoid", "identity"], target.domain)
    found = sup_error(target, ticket)
    cubic = 2 * v * u**3 / 48
    assert found.lower <= found.upper <= cubic * 1.01 + 1e-12
    assert found.lower >= cubic * 0.99 - 1e-12
    unpaired = fabricate([[[u], [-u]], [[v, -v * (1 + 2**-10)]]], None, ["sigmoid", "identity"], target.domain)
    seen = sup_error(target, unpaired)  # the intercept 2^-10 v / 2 is seen when it does not cancel
    assert 0.49 < seen.lower <= seen.upper < 0.51


@pytest.mark.theorem
def test_copies_are_not_one_neuron():
    """Theory, section 4: relu 1-1-1 with copies (1, 1, 1, 1, -1, -1, -1), every layer within Lemma 2.8's eps_l, is off
    by 3.8 eps.

    Wrong variant: bounding the layer's error by |w| max|err| + |sum w_k - w| |x|, as if the copies were one neuron with
    the right weight, gives less than the truth.
    """
    eps = 0.1
    target = TargetNetwork([[[1.0]], [[1.0]]], [None, None], ["relu", "identity"], ([0.0], [1.0]))
    first = eps / 2 / ((1 + 1) * (1 + eps / 2))  # Lemma 2.8 as printed, L = 2, n_l = 1, T = 1, M_0 = 1
    second = eps / 2 / (1 + 1)
    signs = np.array([1.0, 1, 1, 1, -1, -1, -1])
    ticket = fabricate(
        [(1 + first * signs)[:, None], (signs + second / 7)[None]],
        [first * signs, [second]],
        ["relu", "identity"],
        target.domain,
    )
    copies = 1 + 2 * first * signs  # at x = 1, where every error is largest
    truth = float((signs + second / 7) @ copies + second - 1)
    found = sup_error(target, ticket)
    assert truth > 3.8 * eps
    assert found.lower == pytest.approx(truth, rel=1e-9) and found.lower <= found.upper
    assert found.upper == pytest.approx(truth, rel=1e-2)
    as_one_neuron = abs(second) * 1 + (1 + second) * 2 * first + second
    assert as_one_neuron < truth / 3


def test_pairs_lose_the_even_part_of_the_remainder():
    """softplus(y) - softplus(-y) = y: pairs are exact; with unequal outgoing weights y^2/8 comes back."""
    u, v = 0.5, 1.0
    target = TargetNetwork([[[0.5]]], [None], ["identity"], ([-1.0], [1.0]))
    for excess, bound in ((0.0, 1e-12), (2.0**-6, 0.1), (-0.75, 2.0)):
        matrices = [[[u], [-u]], [[v, -v * (1 + excess)]]]
        ticket = fabricate(matrices, [None, [excess * v * np.log(2)]], ["softplus", "identity"], target.domain)
        found = sup_error(target, ticket)
        assert found.lower <= found.upper < bound
        points = np.linspace(-1, 1, 101)[:, None]
        assert differences(target, ticket, points).max() <= found.upper


@pytest.mark.parametrize(("activation", "side"), [("relu", -1), ("hardtanh", 1)])
def test_copies_may_leave_the_range_of_their_original(activation, side):
    """phi(x + s e) - s e against phi(x): 0 but where the copy crosses a kink that the original does not reach."""
    e = 2.0**-10
    box = ([e / 4], [1 - e / 4])
    target = TargetNetwork([[[1.0]], [[1.0]]], None, [activation, "identity"], box)
    names = [activation, "identity"]
    ticket = fabricate([[[1.0]], [[1.0]]], [[side * e], [-side * e]], names, target.domain)
    found = sup_error(target, ticket)
    assert found.lower == pytest.approx(e * 3 / 4, rel=1e-9) and found.lower <= found.upper
    assert found.upper == pytest.approx(e, rel=0.01)


@pytest.mark.parametrize(("activation", "order"), [("relu", 1), ("tanh", 2)])
def test_errors_of_copies_cancel_where_they_do_in_truth(activation, order):
    """phi(x + e) + phi(x - e) against 2 phi(x): e at the kink of relu, but only sup |phi''| e^2 for a smooth phi."""
    e = 2.0**-10
    target = TargetNetwork([[[1.0]], [[2.0]]], None, [activation, "identity"], ([-1.0], [1.0]))
    ticket = fabricate([[[1.0], [1.0]], [[1.0, 1.0]]], [[e, -e], None], [activation, "identity"], target.domain)
    found = sup_error(target, ticket, data=[[0.0]])
    truth = e if order == 1 else 4 / 27**0.5 * e**2
    assert found.lower == pytest.approx(truth, rel=0.02)
    assert found.lower <= found.upper <= 1.05 * truth


def test_constants_enter_with_their_exact_values():
    """Biases from a fully pruned sigmoid (1/2), and from a constant made of constants one layer up."""
    target = TargetNetwork([[[1.0]], [[1.0]]], [[0.3], [0.25]], ["sigmoid", "identity"], ([-1.0], [1.0]))
    s = 1 / (1 + np.exp(-0.5))
    u, v = 2.0**-12, 2.0**13
    first = [[u], [-u], [0.0]]  # the last is fully pruned: sigmoid(0) = 1/2
    second = [[v, -v, 0.6], [0.0, 0.0, 1.0]]  # copy with bias 0.6 / 2; constant sigmoid(1/2)
    third = [[1.0, 0.25 / s]]
    ticket = fabricate([first, second, third], None, ["sigmoid", "sigmoid", "identity"], target.domain)
    found = sup_error(target, ticket)
    assert found.upper < 1e-6 and found.aligned
    off = fabricate(
        [first, second, [[1.0, 0.25 / s + 2**-10]]], None, ["sigmoid", "sigmoid", "identity"], target.domain
    )
    wrong = sup_error(target, off)
    assert wrong.lower == pytest.approx(2**-10 * s, rel=1e-3)
    assert wrong.upper == pytest.approx(2**-10 * s, rel=1e-2)


def test_helpers_of_a_relu_layer_above_need_one_sign_only():
    """In 2L the second block reads relu outputs: there are no helpers with u < 0, and no error comes from that."""
    target = TargetNetwork([[[1.0], [-1.0]], [[1.0, 0.5]]], None, ["relu", "identity"], ([-1.0], [1.0]))
    split = [[[1.0], [-1.0]], [[1.0, -1.0], [-1.0, 1.0]]]
    tail = [[[1.0, 0.0], [0.0, 0.5]], [[1.0, 1.0 + 2**-8]]]
    ticket = fabricate([*split, *tail], None, ["relu", "relu", "relu", "identity"], target.domain)
    found = sup_error(target, ticket)
    assert found.upper == pytest.approx(2**-9, rel=1e-9)
    assert found.lower == pytest.approx(2**-9, rel=1e-9)


def test_equal_target_neurons_share_their_copies():
    """Two target neurons with equal rows are one function: copies may serve either, and the bound stays small."""
    generator = np.random.default_rng(3)
    weight = np.array([[0.5, -0.25], [0.5, -0.25], [0.125, 1.0]])
    target = TargetNetwork(
        [weight, [[1.0, -0.75, 0.5]]], [[0.1, 0.1, 0.2], [0.0]], ["tanh", "identity"], ([-1.0] * 2, [1.0] * 2)
    )
    ticket = one_more_layer(generator, target, 1e-3, "tanh", scale=0.01)
    found = sup_error(target, ticket)
    assert not found.vacuous and found.upper < 20 * found.lower


def test_a_ticket_that_is_something_else_is_called_vacuous():
    """A ticket unrelated to its target, one that is deeper, one with another activation: sound, and said to be so."""
    generator = np.random.default_rng(0)
    target = random_target(generator, [3, 4, 2], "tanh")
    other = random_target(generator, [3, 4, 2], "tanh")
    stranger = fabricate(other.weights, other.biases, other.activations, target.domain)
    found = sup_error(target, stranger)
    assert found.upper >= differences(target, stranger, sample(target, 2000)).max()
    assert found.upper > found.lower > 0.1
    deep = random_target(generator, [3, 4, 4, 4, 4, 2], "tanh")
    unfit = fabricate(deep.weights, deep.biases, deep.activations, target.domain)
    found = sup_error(target, unfit)
    assert found.vacuous and not found.aligned
    assert found.upper >= differences(target, unfit, sample(target, 2000)).max() > 0
    assert found.lower > 0
    cancelling = fabricate(target.weights, target.biases, ["relu", "identity"], target.domain)
    assert not sup_error(target, cancelling).aligned
    constant = TargetNetwork([[[0.0]]], [[0.5]], ["identity"], ([0.0], [1.0]))
    shifted = sup_error(constant, fabricate([[[0.0]]], [[0.75]], ["identity"], constant.domain))
    assert not shifted.vacuous and shifted.lower <= 0.25 <= shifted.upper < 0.2501


def test_two_helper_layers_in_a_row_are_not_read_as_one():
    """x -> 2 (0.5 (2 x)) is three univariate layers; only one helper layer may stand below a tracked one."""
    target = TargetNetwork([[[1.0]]], None, ["identity"], ([0.0], [1.0]))
    ticket = fabricate([[[2.0]], [[0.5]], [[2.0]]], None, ["relu", "relu", "identity"], target.domain)
    found = sup_error(target, ticket)
    assert not found.aligned and found.lower == pytest.approx(1.0) and found.lower <= found.upper


def test_parts_of_the_box_leave_nothing_out():
    """A peak of height 1 at 0.703125 stays above every upper bound, however the box is cut."""
    target = TargetNetwork([[[0.0]]], None, ["identity"], ([0.0], [1.0]))
    slope, peak = 2.0**6, 0.703125
    bias = [1 - slope * peak, -slope * peak, -1 - slope * peak]
    ticket = fabricate([[[slope]] * 3, [[1.0, -2.0, 1.0]]], [bias, None], ["relu", "identity"], target.domain)
    for parts in (1, 2, 3, 5, 20, 60):
        assert sup_error(target, ticket, parts=parts, starts=0).upper >= 1.0
    assert sup_error(target, ticket, parts=60, data=[[peak]]).upper < 1.1


def test_rounding_is_bounded_on_what_the_ticket_reaches():
    """exp of exp: interval arithmetic on the ticket overflows where copies cancel, the tracked ranges do not."""
    generator = np.random.default_rng(1)
    target = TargetNetwork([[[1.0]], [[0.5]], [[0.25]]], None, ["exp", "exp", "identity"], ([0.0], [1.0]))
    parts = [split_parts(generator, value, 12, 1e-4) for value in (0.5, 0.25)]
    spread = np.concatenate((parts[0], [3e3, -3e3]))
    ticket = fabricate(
        [np.ones((14, 1)), np.tile(spread, (12, 1)), parts[1][None]], None, ["exp", "exp", "identity"], target.domain
    )
    found = sup_error(target, ticket)
    assert found.covers_float64 and found.lower <= found.upper < 0.01
    assert found.upper < found.real_upper + 1e-6


def test_the_l1_norm_sums_over_outputs():
    target = TargetNetwork([[[1.0], [1.0], [1.0]]], [None], ["identity"], ([0.0], [1.0]))
    ticket = fabricate([[[1.5], [0.75], [1.0]]], None, ["identity"], target.domain)
    assert sup_error(target, ticket).upper == pytest.approx(0.5, rel=1e-12)
    summed = sup_error(target, ticket, norm="l1")
    assert summed.lower == pytest.approx(0.75, rel=1e-12)
    assert summed.lower <= 0.75 <= summed.upper
    assert summed.upper == pytest.approx(0.75, rel=1e-12)
    assert summed.per_output_upper == pytest.approx([0.5, 0.25, 0.0], abs=1e-12)


def test_given_data_are_searched():
    """A spike that random points, corners and gradients miss is found when the data contain it."""
    target = TargetNetwork([np.zeros((1, 3))], [None], ["identity"], ([0.0] * 3, [1.0] * 3))
    k = 2.0**14
    at = [0.3125, 0.640625, 0.7109375]
    first = [[k * e for e in row] for row in np.eye(3) for _ in range(3)]
    bias = [1 - k * a - d for a in at for d in (0, 1, 2)]
    hat = np.kron(np.eye(3), [[1.0, -2.0, 1.0]])
    ticket = fabricate([first, hat, [[1.0, 1.0, 1.0]]], [bias, None, [-2.0]], ["relu", "relu", "relu"], target.domain)
    assert sup_error(target, ticket, starts=2).lower == 0.0
    found = sup_error(target, ticket, data=[[0.5] * 3, at], starts=2)
    assert found.lower == pytest.approx(1.0, rel=1e-6)
    assert found.witness == pytest.approx(at, abs=1e-4)


def exact_outputs(network, point) -> list[Fraction]:
    """Outputs of a relu network in exact arithmetic."""
    values = [Fraction(float(v)) for v in point]
    for weight, bias, name in zip(network.weights, network.biases, network.activations, strict=True):
        values = [
            sum((Fraction(float(w)) * v for w, v in zip(row, values, strict=True)), Fraction(float(b)))
            for row, b in zip(weight, bias, strict=True)
        ]
        values = [max(v, Fraction(0)) for v in values] if name == "relu" else values
    return values


@given(st.integers(0, 10**6), st.sampled_from(STRUCTURES))
def test_witnesses_and_float64_values_against_exact_arithmetic(seed, structure):
    """relu: the lower bound is at most the exact error at the witness, float64 values keep to their bound."""
    target, ticket = make(structure, "relu", seed)
    found = sup_error(target, ticket, starts=1)
    dense = ticket.dense()
    exact = [
        a - b for a, b in zip(exact_outputs(dense, found.witness), exact_outputs(target, found.witness), strict=True)
    ]
    assert Fraction(found.lower) <= max(abs(value) for value in exact)
    layers = live_layers(ticket.matrices(), [layer.activation for layer in ticket.architecture.layers])
    domain = Interval(*target.domain)
    bound = evaluation_error(layers, domain, layer_ranges(layers, domain))
    for point in sample(target, 5, seed):
        error = [
            abs(Fraction(float(a)) - b) for a, b in zip(dense(point[None])[0], exact_outputs(dense, point), strict=True)
        ]
        assert all(e <= Fraction(float(b)) for e, b in zip(error, bound, strict=True))
    assert found.real_upper < found.upper < found.real_upper + 1e-11


def test_rounding_of_the_first_layer_is_carried_to_the_outputs():
    """1 + 2^-53 + ... + 2^-53, added from the left, loses all but the first; one layer up it is missing."""
    terms = 200
    first = np.append(1.0, np.full(terms, 2.0**-53))[None]
    network = fabricate([first, [[1.0]]], None, ["identity"] * 2, (np.zeros(terms + 1), np.ones(terms + 1)))
    layers = live_layers(network.matrices(), ["identity"] * 2)
    domain = Interval(*network.architecture.domain)
    bound = evaluation_error(layers, domain, layer_ranges(layers, domain))[0]
    lost = 1 + terms * Fraction(1, 2**53) - Fraction(float(outputs(layers, np.ones((1, terms + 1)))[0, 0]))
    assert terms * Fraction(1, 2**53) == lost <= Fraction(float(bound))


def test_float64_differences_of_equal_networks_lie_below_the_upper_bound():
    """A ticket equal to its target has error 0 as a function, but not in float64: ``upper`` covers the rounding."""
    generator = np.random.default_rng(8)
    target = random_target(generator, [6, 40, 3], "tanh", density=1.0)
    found = sup_error(target, perturbed(generator, target, 0.0))
    assert found.lower == 0.0 and found.real_upper < 1e-12
    flipped = [weight[:, ::-1] for weight in target.weights[1:]]
    reordered = TargetNetwork(
        [target.weights[0][::-1], *flipped],
        [target.biases[0][::-1], target.biases[1]],
        target.activations,
        target.domain,
    )
    points = sample(target, 4000)
    measured = np.abs(reordered(points) - target(points)).max()
    assert 0 < measured <= found.upper < 1e-12


def test_narrow_perturbations_of_tanh_networks_are_certified_within_a_small_factor(record_property):
    """4-16-3 tanh nets, parameters moved by up to 1e-3 (generic verifiers: 100 x above, plain propagation 3.7 x)."""
    ratios = []
    for seed in range(12):
        generator = np.random.default_rng(seed)
        target = random_target(generator, [4, 16, 3], "tanh", density=1.0)
        ticket = perturbed(generator, target, 1e-3)
        ratios.append([sup_error(target, ticket, parts=parts).ratio for parts in (1, 16)])
    record_property("ratios", np.round(ratios, 2).tolist())
    whole, cut = np.array(ratios).T
    assert np.median(whole) <= 3.2 and whole.max() <= 4.0
    assert cut.max() <= 2.5 and (cut < whole).all()


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_parts_of_the_box_close_in_on_the_truth(inputs):
    """relu nets of few inputs: 1 % above the witness on 100 parts, never below a sampled error."""
    generator = np.random.default_rng(inputs)
    target = random_target(generator, [inputs, 5, 1], "relu", density=1.0)
    ticket = perturbed(generator, target, 1e-3)
    whole, cut = sup_error(target, ticket), sup_error(target, ticket, parts=100)
    assert differences(target, ticket, sample(target, 5000)).max() <= cut.upper <= whole.upper
    assert cut.ratio <= 1.01


def test_results_do_not_depend_on_threads_or_on_when_they_are_asked_for():
    target, ticket = make("L+1", "tanh", 4, depth=3)
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2, 1):
        torch.set_num_threads(threads)
        found.append(sup_error(target, ticket, seed=5))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    for other in found[1:]:
        assert (other.lower, other.upper) == (found[0].lower, found[0].upper)
        assert other.witness.tobytes() == found[0].witness.tobytes()


@pytest.mark.parametrize("activation", ["gelu", "softplus", "elu", "softsign", "hardtanh", "sin", "abs"])
def test_other_activations_are_bounded_too(activation):
    """Smooth, kinked, not monotone, with one-sided majorants or none: as targets, and where possible below them."""
    generator = np.random.default_rng(2)
    target = random_target(generator, [2, 3, 1], activation)
    ticket = perturbed(generator, target, 1e-3)
    found = sup_error(target, ticket, starts=2)
    errors = differences(target, ticket, sample(target, 3000))
    assert 0 < found.lower <= found.upper and errors.max() <= found.upper
    assert found.upper < 10 * found.lower and not found.vacuous


def test_values_with_unknown_library_error_are_not_covered(monkeypatch):
    """Where cancellation may eat digits the bound is for the real functions, from ball arithmetic, and says so."""
    target, ticket = make("perturbed", "tanh", 3)
    known = sup_error(target, ticket, starts=0)
    loose = replace(shape("tanh").numeric, relative_error=np.inf)
    phi = Shape("tanh", shape("tanh").function, loose)
    monkeypatch.setattr(anatomy, "shape", lambda name: phi if name == "tanh" else shape(name))
    unknown = sup_error(
        TargetNetwork(target.weights, target.biases, target.activations, target.domain), ticket, starts=0
    )
    assert known.covers_float64 and not unknown.covers_float64
    assert known.upper > known.real_upper and unknown.upper == pytest.approx(unknown.real_upper, rel=1e-15)
    assert unknown.real_upper == pytest.approx(known.real_upper, rel=1e-9)
    assert unknown.lower == pytest.approx(known.lower, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"norm": "l2"}, "norm='l2' is unknown; choose one of linf, l1"),
        ({"seed": -1}, "seed=-1 must be an integer >= 0"),
        ({"starts": 1.5}, "starts=1.5 must be an integer >= 0"),
        ({"data": [[0.0, 0.0]]}, r"data has shape \(1, 2\), but must be \(n, 3\)"),
        ({"data": [[0.0, 0.0, 0.0], [0.0, 9.0, 0.0]]}, r"data\[1\] lies outside the target's domain"),
        ({"data": [[0.0, np.nan, 0.0]]}, r"data\[0\] lies outside the target's domain or is not finite"),
    ],
)
def test_bad_input_is_refused_with_its_value_and_the_constraint(arguments, message):
    target, ticket = make("perturbed", "tanh", 1)
    with pytest.raises(ValueError, match=message):
        sup_error(target, ticket, **arguments)


def test_networks_that_do_not_fit_are_refused():
    target, _ = make("perturbed", "tanh", 1)
    other = random_target(np.random.default_rng(0), [2, 3, 2], "tanh")
    with pytest.raises(ValueError, match="the ticket has 2 inputs, but the target has 3"):
        sup_error(target, perturbed(np.random.default_rng(0), other, 0.0))
    ticket = perturbed(np.random.default_rng(0), target, 0.0)
    repeated = ticket.matrices()
    weight = repeated[0][0]
    weight.indices = weight.indices[::-1].copy()
    weight.has_canonical_format = False
    broken = type("Broken", (), {"matrices": lambda self: repeated, "architecture": ticket.architecture})()
    with pytest.raises(ValueError, match="unsorted or repeated positions"):
        sup_error(target, broken)
