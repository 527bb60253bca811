"""The verifier's certificate: it holds, it is attained where it should be, and it names what the theory names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.mask import Mask
from constructions.target import TargetNetwork
from constructions.verifier.checks import PlainLayer, PlainTicket
from constructions.verifier.propagation import certified_errors, stages_of

Arrays = list[np.ndarray]


def plain(weights: Arrays, activations: list[str], domain: tuple[float, float]) -> tuple[PlainTicket, Arrays]:
    """A ticket with any weights, which no seed would draw: the certificate takes them as they are."""
    layers = []
    for weight, activation in zip(weights, activations, strict=True):
        mask = Mask.from_positions(*np.nonzero(weight), weight.shape)
        sizes = dict(n_in=weight.shape[1], n_out=weight.shape[0], scale=1.0)
        flags = dict(law="grid53", bias=False, paired_rows=False, paired_columns=False)
        arrays = dict(indptr=mask.indptr, indices=mask.indices, weights=None, checksums=None)
        layers.append(PlainLayer(activation=activation, **sizes, **flags, **arrays))  # type: ignore[arg-type]
    inputs = weights[0].shape[1]
    box = (domain[0],) * inputs, (domain[1],) * inputs
    return PlainTicket(0, *box, tuple(layers)), [weight[weight != 0.0] for weight in weights]


def evaluate(weights: list[np.ndarray], activations: list[str], inputs: np.ndarray) -> np.ndarray:
    """The network with these weights, without biases."""
    network = TargetNetwork(weights, None, activations, (inputs.min(axis=0), inputs.max(axis=0)))
    return network(inputs)


@pytest.mark.theorem
def test_copies_are_not_one_neuron() -> None:
    """Theory, section 4, "Copies are not one neuron": the deviation of copies is amplified by sum |w_k|, not by |w|.

    relu 1-1-1 on [0, 1], copies with outgoing weights (1,1,1,1,-1,-1,-1), each off by eps towards the worse side: the
    sup error is 7 eps. The certificate must equal it; the wrong variant, |w| = 1 instead of sum |w_k| = 7, must fail.
    """
    eps = 0.01
    signs = np.array([1.0, 1, 1, 1, -1, -1, -1])
    weights = [(1 + eps * signs)[:, None], signs[None, :]]
    activations = ["relu", "identity"]
    target = TargetNetwork([[[1.0]], [[1.0]]], None, activations, ([0.0], [1.0]))
    ticket, source = plain(weights, activations, (0.0, 1.0))
    certified = certified_errors(ticket, source, target)[0]
    inputs = np.linspace(0, 1, 11)[:, None]
    witness = np.abs(evaluate(weights, activations, inputs) - target(inputs)).max()
    assert witness == pytest.approx(7 * eps, rel=1e-12)
    assert 7 * eps * (1 - 1e-12) <= certified <= 7 * eps * (1 + 1e-8)
    wrong_variant = eps * abs(target.weights[1][0, 0])
    assert wrong_variant < witness


@given(st.integers(0, 10**6), st.sampled_from(["relu", "leaky_relu(0.2)", "tanh", "sigmoid", "abs", "squared_relu"]))
def test_certificates_hold_for_any_perturbed_copies(seed: int, activation: str) -> None:
    """Sampling inside: no sampled difference exceeds the certificate, whatever the copies are."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 2)), rng.normal(size=(2, 2)) * (rng.random((2, 2)) < 0.8)
    activations = [activation, "tanh"]
    target = TargetNetwork([first, second], None, activations, (-np.ones(2), np.ones(2)))
    copies = rng.integers(1, 4)
    lower = np.repeat(first, copies, axis=0) + 10.0 ** -rng.integers(1, 6) * rng.normal(size=(2 * copies, 2))
    shares = rng.dirichlet(np.ones(copies), 2)[:, None, :].repeat(2, axis=1).reshape(2, -1)
    upper = np.repeat(second, copies, axis=1) * shares
    ticket, source = plain([lower, upper], activations, (-1.0, 1.0))
    errors = np.array(certified_errors(ticket, source, target))
    inputs = np.vstack([rng.uniform(-1, 1, (300, 2)), [[a, b] for a in (-1, 1) for b in (-1, 1)]])
    difference = np.abs(evaluate([lower, upper], activations, inputs) - target(inputs)).max(axis=0)
    assert (difference <= errors * (1 + 1e-12) + 1e-15).all()


def test_errors_of_copies_pass_through_the_steeper_slope() -> None:
    """A copy off by eps x, then relu helpers of slope 1 for y >= 0 and 3 for y < 0: 2 + 3 eps at x = -1, attained."""
    eps = 0.01
    weights = [
        np.array([[1.0], [-1.0]]),
        np.array([[1 + eps, -1 - eps]]),
        np.array([[1.0], [-1.0]]),
        np.array([[1.0, -3.0]]),
    ]
    activations = ["relu", "identity", "relu", "identity"]
    target = TargetNetwork([[[1.0]], [[1.0]]], None, ["identity", "identity"], ([-1.0], [1.0]))
    ticket, source = plain(weights, activations, (-1.0, 1.0))
    witness = abs(evaluate(weights, activations, np.array([[-1.0]]))[0, 0] + 1.0)
    assert witness == pytest.approx(2 + 3 * eps, rel=1e-12)
    assert witness * (1 - 1e-12) <= certified_errors(ticket, source, target)[0] <= witness * (1 + 1e-8)


def test_slopes_are_bounded_on_the_tickets_range() -> None:
    """relu^2 on [0, 1.01]: a slope taken on a smaller interval would promise too little."""
    target = TargetNetwork([[[1.0]]], None, ["squared_relu"], ([0.0], [1.01]))
    ticket, source = plain([np.array([[1.001]])], ["squared_relu"], (0.0, 1.01))
    witness = (1.001**2 - 1) * 1.01**2
    assert witness <= certified_errors(ticket, source, target)[0] <= 1.04 * witness


@pytest.mark.theorem
def test_linear_certificates_are_attained() -> None:
    """For linear networks the error propagation of section 4 is exact: certificate = sup, signs of inputs count."""
    target = TargetNetwork([[[0.5, -0.25, 1.0]]], None, ["identity"], ([-1.0, 0.0, -2.0], [2.0, 1.0, -1.0]))
    weights = target.weights[0] + np.array([[0.01, -0.02, 0.005]])
    ticket, source = plain([weights], ["identity"], (-5.0, 5.0))
    sup = max(0.01 * 2 - 0.02 * 0 - 0.005 * 1, 0.01 * 1 + 0.02 * 1 + 0.005 * 2)
    assert certified_errors(ticket, source, target)[0] == pytest.approx(sup, rel=1e-12)
    wrong_variant = 0.01 * 2 + 0.02 * 1 + 0.005 * 2  # |dw| sup|x|, input by input
    assert wrong_variant > sup * 1.2


@pytest.mark.theorem
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_lemma_2_4_pairs_cancel_the_intercept(activation: str) -> None:
    """Lemma 2.4: |x - (phi(u x) - phi(-u x)) / (m u)| is third order; without the pair the intercept phi(0) remains."""
    slope, third = {"sigmoid": (0.25, 1 / 48), "tanh": (1.0, 1 / 3)}[activation]
    u = 2.0**-6
    outgoing = 1 / (2 * slope * u)
    target = TargetNetwork([[[1.0]]], None, ["identity"], ([-1.0], [1.0]))
    weights, activations = [np.array([[u], [-u]]), np.array([[outgoing, -outgoing]])], [activation, "identity"]
    ticket, source = plain(weights, activations, (-1.0, 1.0))
    certified = certified_errors(ticket, source, target)[0]
    witness = abs(evaluate(weights, activations, np.array([[1.0]]))[0, 0] - 1.0)
    assert witness <= certified <= 2 * outgoing * third * u**3 * (1 + 1e-6)
    assert certified <= 1.1 * witness
    alone, alone_source = plain([np.array([[u]]), np.array([[2 * outgoing]])], [activation, "identity"], (-1.0, 1.0))
    single = certified_errors(alone, alone_source, target)[0]
    assert single > 10 if activation == "sigmoid" else single <= 1.1 * witness


def test_one_sided_inputs_need_one_class_only() -> None:
    """relu(u x) with u > 0 carries x >= 0 exactly; on a domain with both signs the missing class shows as an error."""
    weights = [np.array([[0.5]]), np.array([[2.0]])]
    for domain, error in (((0.0, 1.0), 0.0), ((-1.0, 1.0), 1.0)):
        target = TargetNetwork([[[1.0]]], None, ["identity"], ([domain[0]], [domain[1]]))
        ticket, source = plain(weights, ["relu", "identity"], domain)
        assert certified_errors(ticket, source, target)[0] == pytest.approx(error, abs=1e-12)


def test_constant_neurons_are_known_exactly() -> None:
    """A pruned sigmoid row is the constant 1/2 and carries the bias of the next layer without any error."""
    target = TargetNetwork([[[0.5]], [[1.0]]], [None, [0.3]], ["sigmoid", "identity"], ([-1.0], [1.0]))
    weights = [np.array([[0.5], [0.0]]), np.array([[1.0, 0.6]])]
    ticket, source = plain(weights, ["sigmoid", "identity"], (-1.0, 1.0))
    assert certified_errors(ticket, source, target)[0] < 1e-15
    weights[1][0, 1] = 0.5
    ticket, source = plain(weights, ["sigmoid", "identity"], (-1.0, 1.0))
    assert certified_errors(ticket, source, target)[0] == pytest.approx(0.05, rel=1e-12)


def test_any_depth_gets_a_sound_bound() -> None:
    rng = np.random.default_rng(3)
    matrices = [rng.normal(size=(2, 2)), rng.normal(size=(1, 2))]
    target = TargetNetwork(matrices, None, ["tanh", "identity"], ([-1, -1], [1, 1]))
    weights = [rng.normal(size=shape) for shape in ((3, 2), (3, 3), (3, 3), (3, 3), (1, 3))]
    activations = ["relu", "squared_relu", "tanh", "sigmoid", "identity"]
    ticket, source = plain(weights, activations, (-1.0, 1.0))
    inputs = rng.uniform(-1, 1, (5000, 2))
    witness = np.abs(evaluate(weights, activations, inputs) - target(inputs)).max()
    assert witness <= certified_errors(ticket, source, target)[0] < np.inf


def test_other_activations_than_the_targets_get_a_sound_bound() -> None:
    target = TargetNetwork([[[0.5]]], None, ["tanh"], ([-1.0], [1.0]))
    ticket, source = plain([np.array([[0.5]])], ["sigmoid"], (-1.0, 1.0))
    witness = abs(np.tanh(-0.5) - 1 / (1 + np.exp(0.5)))
    assert witness <= certified_errors(ticket, source, target)[0] <= witness + 0.5


def test_stages() -> None:
    assert stages_of(2, 2) == [0, 1]
    assert stages_of(3, 2) == [None, 0, 1]
    assert stages_of(4, 2) == [None, 0, None, 1]
    assert stages_of(7, 2) == [None] * 6 + [1]
