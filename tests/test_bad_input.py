"""Bad input of every class, through the public API and the command line: refused at once, by name, nothing lost."""

from __future__ import annotations

import hashlib
import math
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bounds
import constructions
import empirical
from empirical.experiments import default
from empirical.experiments.experiment import Experiment
from empirical.sup_error.outward import Interval, intersect
from empirical.sup_error.shape import shape
from reports.cli import main
from reports.exit_codes import ExitCode
from tests.constructions.forged_files import forge
from tests.constructions.onnx_graphs import node, save_graph

NAN, INF = math.nan, math.inf
WEIGHTS = [[[0.5, -0.25]], [[0.75]]]
PLANNED = {"tolerance": 0.1, "failure_probability": 0.1}
PLANNED_OPTIONS = ["--tolerance", "0.1", "--failure-probability", "0.1"]
OUTSIDE_UNIT = [NAN, INF, -INF, 0.0, -1.0, 1.0, 2.0, "0.1", None, True]
NOT_POSITIVE = [NAN, INF, -INF, 0.0, -1.0, "0.1", None, True]
QUICK = 5.0  # seconds of processor time, whatever else the machine does


def network(**changes: Any) -> constructions.TargetNetwork:
    """A small target with some of its arguments replaced."""
    arguments = {
        "weights": WEIGHTS,
        "biases": [[0.1], None],
        "activations": ["relu", "identity"],
        "domain": ([0.0, 0.0], [1.0, 1.0]),
    }
    return constructions.TargetNetwork(**{**arguments, **changes})


TARGET = network()
SPEC = TARGET.spec()
TICKET = constructions.build(TARGET, tolerance=0.05, base_set_size=12).ticket


def refused(call: Callable[[], Any], *words: str, kind: type[Exception] = ValueError) -> str:
    """The message of the error that ``call`` raises quickly; every word stands in it."""
    start = time.process_time()
    with pytest.raises(kind) as caught:
        call()
    assert time.process_time() - start < QUICK, "refused before any long work"
    message = str(caught.value)
    assert not [word for word in words if word not in message], message
    return message


def says(capsys: pytest.CaptureFixture[str], arguments: list[Any], *words: str, status: int = ExitCode.USAGE) -> None:
    """The command leaves with ``status``, quickly, and says every word on standard error, without a traceback."""
    start = time.process_time()
    try:
        found = main([str(argument) for argument in arguments])
    except SystemExit as leave:
        found = int(leave.code or 0)
    assert time.process_time() - start < QUICK, "refused before any long work"
    said = capsys.readouterr()
    assert found == status, said.err
    assert "Traceback" not in said.err and not [word for word in words if word not in said.err], said.err


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Import and compile once, so that what is timed is the refusal."""
    constructions.build(TARGET, tolerance=0.05, base_set_size=8)
    empirical.success_frequency(4, 0.1, trials=1)
    bounds.sufficient_size(0.1, 0.1)
    main(["bounds", "relu"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, with a target ``net.npz``; a refusal leaves nothing else behind."""
    monkeypatch.chdir(tmp_path)
    save("net.npz")
    yield tmp_path


def save(name: str, **changes: Any) -> Path:
    """Write a small NPZ target with some of its arrays replaced (None: left out)."""
    arrays = {"W0": np.array(WEIGHTS[0]), "W1": np.array(WEIGHTS[1]), "box_lo": np.zeros(2), "box_hi": np.ones(2)}
    np.savez(name, **{key: value for key, value in {**arrays, **changes}.items() if value is not None})
    return Path(name)


UNIT_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "sufficient_size tolerance": lambda v: bounds.sufficient_size(v, 0.1),
    "sufficient_size failure_probability": lambda v: bounds.sufficient_size(0.1, v),
    "necessary_size tolerance": lambda v: bounds.necessary_size(v, 0.1),
    "necessary_size failure_probability": lambda v: bounds.necessary_size(0.1, v),
    "success_upper_bound tolerance": lambda v: bounds.success_upper_bound(3, v),
    "parameter_tolerances tolerance": lambda v: bounds.parameter_tolerances(SPEC, v),
    "width_requirement tolerance": lambda v: bounds.width_requirement(SPEC, "2L", v, 0.1),
    "width_requirement failure_probability": lambda v: bounds.width_requirement(SPEC, "2L", 0.1, v),
    "build tolerance": lambda v: constructions.build(TARGET, tolerance=v, failure_probability=0.1),
    "build failure_probability": lambda v: constructions.build(TARGET, tolerance=0.1, failure_probability=v),
    "clopper_pearson confidence": lambda v: empirical.clopper_pearson(3, 10, v),
}


@pytest.mark.parametrize("value", OUTSIDE_UNIT, ids=repr)
@pytest.mark.parametrize("argument", UNIT_ARGUMENTS)
def test_tolerances_and_probabilities_lie_strictly_between_0_and_1(argument: str, value: Any) -> None:
    name = argument.split()[1]
    message = refused(lambda: UNIT_ARGUMENTS[argument](value), f"{name}={value!r}")
    assert ";" in message, "a remedy follows"


POSITIVE_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "radius": lambda v: bounds.activation("tanh").radius(v),
    "exact radius": lambda v: bounds.activation("tanh").radius(v, "exact"),
    "minimax radius": lambda v: bounds.activation("tanh").radius(v, "minimax"),
    "certify": lambda v: bounds.activation("tanh").certify(v),
    "verify_ticket": lambda v: constructions.verify_ticket(TICKET, TARGET, tolerance=v if v is not None else NAN),
    "success_frequency": lambda v: empirical.success_frequency(4, v, trials=10),
}


@pytest.mark.parametrize("value", NOT_POSITIVE, ids=repr)
@pytest.mark.parametrize("call", POSITIVE_ARGUMENTS)
def test_tolerances_of_radii_and_checks_are_positive_and_finite(call: str, value: Any) -> None:
    refused(lambda: POSITIVE_ARGUMENTS[call](value), "tolerance=")


@pytest.mark.parametrize("value", [NAN, INF, -INF], ids=repr)
def test_numbers_that_are_not_finite_are_found_wherever_they_hide(value: float) -> None:
    shown = str(value)
    refused(lambda: network(weights=[[[0.5, value]], [[1.0]]]), "weights[0][0, 1]", shown, "finite", "replace")
    refused(lambda: network(biases=[[value], None]), "biases[0][0]", shown, "finite")
    refused(lambda: network(domain=([0.0, value], [1.0, 1.0])), "domain lower[1]", shown, "finite")
    refused(lambda: network(domain=([0.0, 0.0], [1.0, value])), "domain upper[1]", shown, "finite")
    refused(lambda: empirical.sup_error(TARGET, TICKET, data=[[value, 0.0]]), "data[0]", "not finite", "scale")
    refused(lambda: empirical.success_frequency(4, 0.1, trials=1, target=value), f"target={shown}")
    refused(lambda: bounds.success_upper_bound(3, 0.1, target=value), f"target={shown}", "<= 1")
    refused(lambda: constructions.solve_subset_sums([[0.5, value]], [0.3], 0.1), "base_sets[0, 1]", shown)
    refused(lambda: constructions.solve_subset_sums([[0.5]], [value], 0.1), "targets[0]", shown)
    refused(lambda: constructions.solve_subset_sums([[0.5]], [0.3], value), "tolerance", shown)
    refused(lambda: bounds.scalar_function("tanh").range(-1.0, value), shown, "finite", "bound the domain")
    refused(lambda: bounds.activation("leaky_relu", alpha=value), f"alpha={shown}", "finite", "for example")
    refused(lambda: bounds.Activation.from_expression(bounds.x * value), "use")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": []}, ["weights is empty", "at least one layer", "give"]),
        ({"weights": None}, ["weights=None", "sequence of matrices"]),
        ({"weights": [np.zeros((0, 2)), np.zeros((1, 0))]}, ["weights[0]", "(0, 2)", "remove empty layers"]),
        ({"weights": [[[1, 2], [3]], [[1]]]}, ["weights[0]", "rectangular", "equal length"]),
        ({"weights": [[1, 2], [[1]]]}, ["weights[0]", "(2,)", "(n_out, n_in)", "reshape"]),
        ({"weights": [[[1.0], [2.0]], [[1.0]]]}, ["weights[1]", "2 neurons", "transpose"]),
        ({"weights": [[["a", "b"]], [[1]]]}, ["weights[0]", "<U1", "convert"]),
        ({"weights": [[[1j, 2]], [[1]]]}, ["weights[0]", "complex128", "convert"]),
        ({"biases": [None]}, ["1 biases", "2 weight matrices", "one per layer"]),
        ({"biases": [[1, 2], None]}, ["biases[0]", "(2,)", "give a vector"]),
        ({"activations": ["relu"]}, ["['relu']", "2 in all", "identity"]),
        ({"activations": "relu"}, ["'relu'", "one name per layer"]),
        ({"activations": None}, ["activations=None", "one name per layer"]),
        ({"output_head": "argmax"}, ["'argmax'", "softmax", "cut"]),
    ],
)
def test_empty_and_mis_shaped_networks(changes: dict[str, Any], words: list[str]) -> None:
    refused(lambda: network(**changes), *words)


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        (([0.0, 2.0], [1.0, 1.0]), ["inverted", "input 1", "lower=2.0 > upper=1.0", "swap"]),
        (([0.0, 0.0], [1.0, INF]), ["domain upper[1] = inf", "finite"]),
        (([0.0], [1.0, 1.0]), ["domain lower", "(1,)", "2 inputs", "give one"]),
        (([0.0, 0.0], [1.0, 1.0], [2.0, 2.0]), ["domain=", "pair (lower, upper)"]),
        (None, ["domain=None", "pair (lower, upper)"]),
        ((["a", "b"], [1.0, 1.0]), ["domain lower", "convert"]),
    ],
)
def test_unbounded_inverted_and_mis_shaped_domains(domain: Any, words: list[str]) -> None:
    refused(lambda: network(domain=domain), *words)


def test_networks_that_do_not_fit_each_other() -> None:
    wide = network(weights=[[[1.0, 2.0, 3.0]], [[1.0]]], domain=([0.0] * 3, [1.0] * 3))
    refused(lambda: empirical.sup_error(wide, TICKET), "2 inputs", "target has 3", "its own target")
    refused(lambda: TARGET([[1.0, 2.0, 3.0]]), "(1, 3)", "(batch, 2)", "flatten")
    refused(lambda: TICKET([1.0, 2.0]), "(2,)", "(batch, 2)", "flatten")
    refused(lambda: constructions.build("net.npz", tolerance=0.1, base_set_size=8), "'net.npz'", "load_target")


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        (abs(bounds.x), "m = m_plus + m_minus != 0"),
        (bounds.x**2, "m = m_plus + m_minus != 0"),
        (1 / bounds.x, "continuous and real near 0"),
        (bounds.x / abs(bounds.x), "continuous"),
        (abs(bounds.x) ** 0.5, "finite one-sided slopes at 0"),
    ],
    ids=str,
)
def test_assumption_2_3_is_named_with_the_condition_that_fails(expression: Any, condition: str) -> None:
    kind = bounds.AssumptionError
    refused(lambda: bounds.Activation.from_expression(expression), "Assumption 2.3", condition, "use it", kind=kind)


@pytest.mark.parametrize("name", ["abs", "squared_relu"])
def test_assumption_2_3_at_the_builder(name: str) -> None:
    for mode in (PLANNED, {"tolerance": 0.1, "base_set_size": 8}):
        words = name, "Assumption 2.3", "first_activation"
        refused(lambda mode=mode: constructions.build(TARGET, **mode, first_activation=name), *words)


UNKNOWN_NAMES: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "activation": (bounds.activation, ("relu", "tanh", "exp")),
    "target activation": (lambda n: network(activations=[n, "identity"]), ("relu", "abs", "exp")),
    "first_activation": (
        lambda n: constructions.build(TARGET, **PLANNED, first_activation=n or "none"),
        ("relu", "tanh"),
    ),
    "construction": (lambda n: constructions.build(TARGET, n, **PLANNED), constructions.names()),
    "width construction": (lambda n: bounds.width_requirement(SPEC, n, 0.1, 0.1), constructions.names()),
    "law": (lambda n: bounds.sufficient_size(0.1, 0.1, law=n), ("uniform", "product", "normal", "normal_product")),
    "necessary law": (lambda n: bounds.necessary_size(0.1, 0.1, law=n), ("uniform", "normal_product")),
    "success law": (lambda n: bounds.success_upper_bound(3, 0.1, law=n), ("uniform", "normal_product")),
    "measured law": (lambda n: empirical.success_frequency(3, 0.1, n, trials=1), ("uniform", "normal_product")),
    "quantifier": (lambda n: bounds.sufficient_size(0.1, 0.1, quantifier=n), ("fixed", "all")),
    "necessary quantifier": (lambda n: bounds.necessary_size(0.1, 0.1, quantifier=n), ("fixed", "all")),
    "method": (lambda n: bounds.sufficient_size(0.1, 0.1, method=n), ("computed", "closed_form")),
    "objective": (
        lambda n: constructions.solve_subset_sums([[0.5]], [0.3], 0.1, objective=n),
        ("smallest", "best", "least_amplification", "fixed_size", "one_sign"),
    ),
    "build objective": (lambda n: constructions.build(TARGET, **PLANNED, objective=n), ("smallest", "best")),
    "norm": (lambda n: empirical.sup_error(TARGET, TICKET, norm=n), ("linf", "l1")),
    "tolerance norm": (lambda n: bounds.parameter_tolerances(SPEC, 0.1, norm=n), ("linf", "l1")),
    "form": (lambda n: bounds.parameter_tolerances(SPEC, 0.1, form=n), ("repaired", "printed")),
    "reading": (lambda n: bounds.parameter_tolerances(SPEC, 0.1, reading=n), ("row-sum", "column-sum", "max-entry")),
    "product_to": (lambda n: bounds.parameter_tolerances(SPEC, 0.1, product_to=n), ("L-1", "L")),
    "device": (lambda n: constructions.solve_subset_sums([[0.5]], [0.3], 0.1, device=n), ("cpu", "torch", "cuda")),
    "build device": (lambda n: constructions.build(TARGET, **PLANNED, device=n), ("cpu", "torch", "cuda")),
    "radius kind": (lambda n: bounds.activation("tanh").radius(0.1, n), ("closed_form", "exact", "minimax")),
    "grid": (lambda n: bounds.grid_transfer(3, grid=n), ("grid53", "grid24")),
}


@pytest.mark.parametrize("name", ["swoosh", "", 3], ids=repr)
@pytest.mark.parametrize("kind", UNKNOWN_NAMES)
def test_unknown_names_are_answered_with_the_known_ones(kind: str, name: Any) -> None:
    call, known = UNKNOWN_NAMES[kind]
    shown = "none" if kind == "first_activation" and not name else repr(name)
    refused(lambda: call(name), shown, "known", "one of", *known)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("leaky_relu(1e999999999)", ["alpha='1e999999999'", "float64", "for example"]),
        ("leaky_relu(-1e999999999)", ["float64"]),
        ("leaky_relu(1e-999999999)", ["float64"]),
        ("leaky_relu(1e400)", ["float64"]),
        ("celu(1e-320)", ["float64"]),
        ("leaky_relu(" + "9" * 5000 + ")", ["float64", "..."]),
        ("leaky_relu(nan)", ["alpha='nan'", "finite"]),
        ("leaky_relu(1/0)", ["alpha='1/0'"]),
        ("leaky_relu(a)", ["alpha='a'", "for example"]),
        ("leaky_relu(0.1, 0.2)", ["2 parameters", "at most 1"]),
        ("leaky_relu(beta=2)", ["beta", "alpha"]),
        ("relu(3)", ["1 parameters", "at most 0"]),
        ("celu(0)", ["celu", "choose other parameters"]),
        ("leaky_relu(", ["unknown", "relu"]),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_parameters_in_names(name: str, words: list[str]) -> None:
    message = refused(lambda: bounds.scalar_function(name), *words)
    assert len(message) < 1000, "a long number is not repeated in full"
    refused(lambda: bounds.activation(name), *words)


@pytest.mark.parametrize(
    "alpha", [10**1000, -(10**5000), "1e999999999", True, None], ids=["1e1000", "-1e5000", "text", "truth", "none"]
)
def test_parameters_as_keywords(alpha: Any) -> None:
    refused(lambda: bounds.scalar_function("leaky_relu", alpha=alpha), "alpha=", "finite number", "for example")


@pytest.mark.parametrize("seed", [-1, 2**64, -(2**70), 1.5, "0", None, True], ids=repr)
def test_seeds_out_of_range(seed: Any) -> None:
    shown = f"seed={seed!r}"
    for mode in (PLANNED, {"tolerance": 0.1, "base_set_size": 8}):
        refused(lambda mode=mode: constructions.build(TARGET, **mode, seed=seed), shown, "integer", "choose")
    refused(lambda: empirical.success_frequency(3, 0.1, trials=1, seed=seed), shown, "integer", "choose")
    refused(lambda: constructions.Ticket(seed, TICKET.architecture, TICKET.masks), shown, "integer", "choose")
    if seed != 2**64:  # the search takes any whole number
        refused(lambda: empirical.sup_error(TARGET, TICKET, seed=seed), shown, "integer", "choose")


@pytest.mark.parametrize("size", [0, -1, 45, 10**9, 2.5, "9", True, NAN], ids=repr)
def test_base_set_sizes_out_of_range(size: Any) -> None:
    build = refused(lambda: constructions.build(TARGET, tolerance=0.1, base_set_size=size), "choose another")
    assert f"base_set_size={size!r}" in build and "1..44" in build
    if size != 0:  # no variables at all are a fair question
        refused(lambda: empirical.success_frequency(size, 0.1, trials=1), f"max_size={size!r}", "<= 44", "ask for less")
    if not isinstance(size, int) or size < 0:
        refused(lambda: bounds.success_upper_bound(size, 0.1), f"size={size!r}", "whole number")


def test_subset_sum_problems_that_are_too_large_or_do_not_fit() -> None:
    refused(lambda: constructions.solve_subset_sums(np.ones((1, 65)), [1.0], 0.1), "65 variables", "64", "prefix")
    refused(lambda: constructions.solve_subset_sums(np.ones((1, 60)), [1.0], 0.1), "60 variables", "at most 44")
    refused(lambda: constructions.solve_subset_sums(np.ones((1, 6)), [1.0, 2.0], 0.1), "(1, 6)", "(2,)", "give one row")
    refused(lambda: constructions.solve_subset_sums(np.ones((1, 6)), [1.0], 0.1, max_size=-1), "max_size=-1")


def test_modes_of_the_builder_do_not_mix() -> None:
    refused(lambda: constructions.build(TARGET, tolerance=0.1), "failure_probability", "base_set_size")
    refused(lambda: constructions.build(TARGET, **PLANNED, base_set_size=8), "=0.1", "=8", "give one")
    refused(lambda: constructions.verify_ticket(TICKET, tolerance=0.1), "tolerance=0.1", "pass target=")


@pytest.mark.parametrize("construction", constructions.names())
@pytest.mark.parametrize("delta", [1e-201, 1e-310, 1e-320, 5e-324])
def test_tiny_failure_probabilities_are_quoted_as_given(construction: str, delta: float) -> None:
    words = f"failure_probability={delta!r}", "at least 1e-200", "choose a larger one"
    refused(lambda: bounds.width_requirement(SPEC, construction, 0.1, delta), *words)
    refused(lambda: constructions.build(TARGET, construction, tolerance=0.1, failure_probability=delta), *words)


def test_tolerances_below_the_floor_of_float64_weights() -> None:
    refused(lambda: constructions.build(TARGET, tolerance=1e-18, failure_probability=0.1), "2^-53", "larger tolerance")


def test_targets_that_overflow_float64_say_which_layer_and_what_to_do() -> None:
    large = network(weights=[[[1e308, 1e308]], [[1.0]]])
    refused(
        lambda: constructions.build(large, **PLANNED), "layer 1", "overflow float64", "rescale", "shrink the domain"
    )
    steep = constructions.TargetNetwork([[[709.5]], [[1e-308]]], None, ["exp", "identity"], ([-1.0], [1.0]))
    words = "slope of exp", "overflows float64", "710.5", "rescale the weights", "shrink the domain"
    refused(lambda: constructions.build(steep, **PLANNED), *words)
    refused(lambda: constructions.build(steep, tolerance=0.1, base_set_size=8, first_activation="relu"), *words)


@pytest.mark.parametrize("construction", constructions.names())
@pytest.mark.parametrize("reach", [2.5, 2.585])
def test_errors_that_overflow_are_vacuous_and_raise_no_warning(construction: str, reach: float) -> None:
    """At reach 2.585 the target's values go up to 1e304 and the tickets' beyond float64."""
    weights = [[[1.0, 2.0]], [[0.3]], [[1e-3]]]
    target = constructions.TargetNetwork(weights, None, ["exp", "exp", "identity"], ([-reach] * 2, [reach] * 2))
    built = constructions.build(target, construction, tolerance=0.1, base_set_size=8, first_activation="relu")
    for norm in ("linf", "l1"):
        found = empirical.sup_error(target, built.ticket, norm=norm)
        assert found.upper == INF and found.vacuous
        assert math.isfinite(found.lower) and found.lower > 0, "points where nothing overflows still prove something"


def test_a_domain_on_which_the_target_itself_overflows_still_has_a_witness() -> None:
    target = constructions.TargetNetwork([[[1.0]]], None, ["exp"], ([0.0], [800.0]))
    source = constructions.Architecture((constructions.LayerRecord(n_in=1, n_out=1, activation="exp"),), target.domain)
    ticket = constructions.Ticket(0, source, (constructions.Mask.from_positions([0], [0], (1, 1)),))
    found = empirical.sup_error(target, ticket)
    assert 0 < found.lower < found.upper == INF and found.vacuous


def test_what_overflow_made_nan_is_unknown_to_the_enclosures() -> None:
    unknown = Interval(np.array([NAN, -INF]), np.array([NAN, NAN]))
    both = intersect(unknown, Interval(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    assert both.low.tolist() == [1.0, 2.0] and both.high.tolist() == [3.0, 4.0]
    slopes = shape("tanh").slopes(unknown)
    assert (slopes.low <= 0).all() and (slopes.high >= 1).all(), "the slopes of the whole line"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "three bytes": lambda content: content[:3],
    "the length alone": lambda content: content[:9],
    "half": lambda content: content[: len(content) // 2],
    "all but a byte": lambda content: content[:-1],
    "a byte more": lambda content: content + b"\0",
    "a bit flipped": lambda content: content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
    "text": lambda content: b"no ticket at all",
    "pickle": lambda content: pickle.dumps({"seed": 0}),
    "text pickle": lambda content: pickle.dumps({"seed": 0}, protocol=0),
    "zip": lambda content: b"PK\x03\x04" + content,
}
REMEDY = "fetch it again", "no other format", "refused", "damaged", "changed"


@pytest.mark.parametrize("damage", DAMAGE)
def test_truncated_files_pickles_and_flipped_bits_are_no_tickets(
    damage: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    TICKET.save("bad.ticket")
    Path("bad.ticket").write_bytes(DAMAGE[damage](Path("bad.ticket").read_bytes()))
    message = refused(lambda: constructions.load_ticket("bad.ticket"))
    assert any(remedy in message for remedy in REMEDY), message
    assert ("could run code" in message) == (damage in ("pickle", "zip"))
    verification = constructions.verify_ticket("bad.ticket", TARGET)
    assert not verification.ok and any(check.detail for check in verification.checks if not check.ok)
    assert main(["verify", "bad.ticket"]) == ExitCode.VIOLATED, "a damaged ticket is a failed check, not a usage error"
    assert "NOT verified" in capsys.readouterr().out


def change_seed(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    manifest["seed"] += 1


def change_scale(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    manifest["layers"][0]["scale"] *= 2


def change_mask(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    tensors["layer1.indices"] = tensors["layer1.indices"].copy()
    tensors["layer1.indices"][0] ^= 1


def change_domain(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    manifest["domain"] = manifest["domain"][::-1] if isinstance(manifest["domain"], list) else [[1, 1], [0, 0]]


@pytest.mark.parametrize("change", [change_seed, change_scale, change_mask, change_domain])
def test_tampered_tickets_are_found_although_their_digests_fit(change: Any, folder: Path) -> None:
    TICKET.save("good.ticket")
    forged = forge(Path("good.ticket"), Path("forged.ticket"), change)
    refused(lambda: constructions.load_ticket(forged))
    assert not constructions.verify_ticket(forged, TARGET).ok


TARGET_FILES: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "objects.npz": (lambda: save("objects.npz", W1=np.array([[None]])), ("Object arrays", "numpy.savez")),
    "box.npz": (lambda: save("box.npz", box_lo=np.array([None, 1])), ("Object arrays", "numpy.savez")),
    "pickle.npz": (lambda: Path("pickle.npz").write_bytes(pickle.dumps([1])), ("not an NPZ", "numpy.savez")),
    "net.pkl": (lambda: Path("net.pkl").write_bytes(pickle.dumps([1])), (".pkl", ".onnx, .npz", "can run code")),
    "net.pt": (lambda: Path("net.pt").write_bytes(b"PK"), (".pt", ".onnx, .npz", "can run code")),
    "net": (lambda: Path("net").write_bytes(b"x"), ("without a suffix", ".onnx, .npz")),
    "cut.npz": (
        lambda: Path("cut.npz").write_bytes(Path("net.npz").read_bytes()[:90]),
        ("not an NPZ", "numpy.savez"),
    ),
    "cut.onnx": (lambda: Path("cut.onnx").write_bytes(b"garbage"), ("not a valid ONNX", "export it again")),
    "cut.safetensors": (
        lambda: Path("cut.safetensors").write_bytes(b"garbage"),
        ("not a readable safetensors", "write it again"),
    ),
    "nan.npz": (lambda: save("nan.npz", W0=np.array([[NAN, 1.0]])), ("weights[0][0, 0] = nan", "replace")),
    "scalar.npz": (lambda: save("scalar.npz", W0=np.array(1.0)), ("weights[0]", "(n_out, n_in)")),
    "wide.npz": (lambda: save("wide.npz", W1=np.ones((1, 2))), ("weights[1]", "(1, 2)", "transpose")),
    "bare.npz": (lambda: save("bare.npz", W0=None, W1=None), ("W0", "name them")),
    "extra.npz": (lambda: save("extra.npz", Q=np.ones(1)), ("'Q'", "name them")),
    "nobox.npz": (lambda: save("nobox.npz", box_lo=None, box_hi=None), ("no domain", "pass domain=")),
    "inverted.npz": (lambda: save("inverted.npz", box_lo=np.full(2, 2.0)), ("inverted", "swap")),
    "unbounded.npz": (lambda: save("unbounded.npz", box_hi=np.array([1, INF])), ("upper[1] = inf", "finite")),
    "swoosh.npz": (lambda: save("swoosh.npz", activation="swoosh"), ("'swoosh'", "relu", "tanh")),
}


@pytest.mark.parametrize("name", TARGET_FILES)
def test_target_files_that_are_no_networks(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write, words = TARGET_FILES[name]
    write()
    refused(lambda: constructions.load_target(name), *words)
    says(capsys, ["build", name, *PLANNED_OPTIONS, "--output", "out.ticket"], *words)
    assert not Path("out.ticket").exists()


def test_onnx_operators_that_are_not_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [node("MatMul", "x", "w", "h"), node("Erf", "h", "y")]
    save_graph(Path("net.onnx"), nodes, {"w": np.ones((2, 1))}, shape=("batch", 2))
    box = [0.0, 0.0], [1.0, 1.0]
    refused(lambda: constructions.load_target("net.onnx", box), "n_y", "Erf", "supported")
    says(capsys, ["build", "net.onnx", *PLANNED_OPTIONS], "n_y", "Erf", "supported")


@pytest.mark.parametrize("name", ["nowhere.npz", "nowhere.onnx", "nowhere.safetensors"])
def test_missing_targets(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(lambda: constructions.load_target(name), name, "no such file", "check the path", kind=FileNotFoundError)
    for command in (["build", name, *PLANNED_OPTIONS], ["report", "--target", name]):
        says(capsys, command, name, "check the path")
    assert sorted(path.name for path in folder.iterdir()) == ["net.npz"]


def test_missing_tickets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("nowhere.ticket", "."):
        refused(lambda path=path: constructions.load_ticket(path), path, "check the path", kind=OSError)
        refused(lambda path=path: constructions.verify_ticket(path), path, kind=OSError)
        says(capsys, ["verify", path], path, "check the path")
    TICKET.save("good.ticket")
    says(capsys, ["verify", "good.ticket", "--target", "nowhere.npz"], "nowhere.npz", "check the path")


COMMANDS: list[tuple[list[str], tuple[str, ...]]] = [
    *(
        (["build", "net.npz", "--tolerance", v, "--failure-probability", "0.1"], ("tolerance", v))
        for v in ("nan", "inf", "0", "-1", "1", "2", "small")
    ),
    *(
        (["build", "net.npz", "--tolerance", "0.1", "--failure-probability", v], ("probability", v))
        for v in ("nan", "inf", "0", "-1", "1", "1e-320")
    ),
    *((["build", "net.npz", "--tolerance", "0.1", "--base-set-size", v], ("base", v)) for v in ("0", "45", "2.5")),
    *((["build", "net.npz", *PLANNED_OPTIONS, "--seed", v], ("seed", v)) for v in ("-1", str(2**64), "1.5")),
    (["build", "net.npz", *PLANNED_OPTIONS, "--construction", "3L"], ("'3L'", *constructions.names())),
    (["build", "net.npz", *PLANNED_OPTIONS, "--objective", "worst"], ("'worst'", "smallest", "best")),
    (["build", "net.npz", *PLANNED_OPTIONS, "--device", "abacus"], ("'abacus'", "cpu", "cuda")),
    (["build", "net.npz", *PLANNED_OPTIONS, "--first-activation", "swoosh"], ("'swoosh'", "relu")),
    (["build", "net.npz", *PLANNED_OPTIONS, "--first-activation", "abs"], ("Assumption 2.3", "m_plus + m_minus != 0")),
    (["build", "random:swoosh", *PLANNED_OPTIONS], ("'swoosh'", "relu")),
    *((["bounds", "tanh", "--tolerance", v], ("tolerance", v)) for v in ("nan", "inf", "0", "1")),
    (["bounds", "swoosh"], ("'swoosh'", "relu", "tanh")),
    (["bounds", "tanh", "--law", "cauchy"], ("cauchy", "uniform", "product")),
    (["bounds", "abs"], ("Assumption 2.3", "m_plus + m_minus != 0")),
    (["bounds", "leaky_relu(1e999999999)"], ("alpha='1e999999999'", "float64", "for example")),
    (["bounds", "leaky_relu(1e400)"], ("alpha='1e400'", "float64")),
    (["bounds", "--expression", "nan"], ("nan", "use")),
    (["bounds", "--expression", "gamma(x)"], ("gamma", "tanh", "Piecewise")),
    (["report", "--seed", "-1"], ("seed", "-1")),
    (["report", "--seeds", "0"], ("'0'", "at least 1")),
    (["report", "--output", "net.npz"], ("net.npz", "is a file", "choose a folder")),
    (["report", "--output", "."], ("not empty", "left alone", "choose another")),
]


@pytest.mark.parametrize(("arguments", "words"), COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_bad_input_on_the_command_line(
    arguments: list[str], words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says(capsys, arguments, *words)
    assert [path.name for path in folder.iterdir()] == ["net.npz"], "nothing is left behind"


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below ``folder`` with the digest of its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_failing_build_leaves_the_old_ticket(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    TICKET.save("old.ticket")
    before = snapshot(folder)
    output = ["--output", "old.ticket"]
    says(capsys, ["build", "net.npz", "--tolerance", "0.1", "--base-set-size", "45", *output], "base_set_size=45")
    says(capsys, ["build", "nowhere.npz", *PLANNED_OPTIONS, *output], "nowhere.npz")
    says(capsys, ["build", "net.npz", *PLANNED_OPTIONS, "--first-activation", "abs", *output], "Assumption 2.3")

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("constructions.ticket_file.os.fsync", full)
    says(capsys, ["build", "net.npz", "--tolerance", "0.1", "--base-set-size", "8", *output], "no space left")
    refused(lambda: TICKET.save("old.ticket"), "no space left", kind=OSError)
    assert snapshot(folder) == before, "byte for byte, and no temporary file"


def test_a_build_does_not_write_over_what_is_no_ticket(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(folder)
    build = ["build", "net.npz", "--tolerance", "0.1", "--base-set-size", "8", "--output"]
    says(capsys, [*build, "net.npz"], "net.npz", "no ticket", "left alone", "choose another name")
    says(capsys, [*build, "."], "is a folder", "give its name")
    says(capsys, [*build, "missing/net.ticket"], "no folder missing", "create it first")
    refused(lambda: TICKET.save(folder), "is a folder", kind=OSError)
    refused(lambda: TICKET.save("missing/net.ticket"), "create it first", kind=OSError)
    assert snapshot(folder) == before
    says(capsys, [*build, "net.ticket"], status=ExitCode.OK)
    says(capsys, [*build, "net.ticket"], status=ExitCode.OK)


def test_a_failing_report_leaves_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = folder / "old"
    report.mkdir()
    for name in ("report.json", "index.html"):
        (report / name).write_text("an old report", encoding="utf-8")
    before = snapshot(folder)
    says(capsys, ["report", "--output", "old", "--target", "nowhere.onnx"], "nowhere.onnx")

    def failing(advance: Any) -> Any:
        advance("a cell")
        raise ValueError("cell 7 cannot be computed; repair it")

    monkeypatch.setattr(default, "default_experiments", lambda *a: (Experiment("invented", 1, failing),))
    says(capsys, ["report", "--output", "old"], "cell 7")
    monkeypatch.setattr("reports.page.write_report", lambda *a: failing(lambda cell: None))
    monkeypatch.setattr(default, "default_experiments", lambda *a: ())
    monkeypatch.setattr("empirical.experiments.conclusions.concluded", lambda records: records)
    says(capsys, ["report", "--output", "old"], "cell 7")
    assert snapshot(folder) == before, "byte for byte, and no half-written folder"


@pytest.mark.parametrize(
    "text",
    [
        "print(1)",
        "x.__class__",
        "1e999999*x",
        "tanh(x) + y",
        "x**9999999",
        "open('a')",
        "lambda: 1",
        "[x]",
        "10**10**10*x",
    ],
)
def test_expressions_of_the_command_line_run_no_code_and_stay_small(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bounds", "--expression", text, "--tolerance", "0.1"]) == 2
    captured = capsys.readouterr()
    assert "--expression" in captured.err and not captured.out


def test_piecewise_expressions_of_the_command_line_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bounds", "--expression", "Piecewise((x, x >= 0), (x/2, True))", "--tolerance", "0.1"]) == 0
    assert "1/2" in capsys.readouterr().out
