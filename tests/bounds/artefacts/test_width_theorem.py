"""Theorem W of docs/artefacts.md, inequality by inequality: each holds with equality, and fails a billionth below."""

from __future__ import annotations

import copy
import json
import math
from fractions import Fraction
from typing import Any

import pytest

from bounds.artefacts import check_width

Q = Fraction
NOTHING = Q(0)
BELOW = 1 - Q(1, 10**9)
LAYER: dict[str, Any] = {
    "n_in": 3,
    "n_out": 2,
    "lipschitz": 1,
    "enlargement": "inf",
    "input_sup": 2,
    "support_l1": 5,
    "row_sum": 3,
    "max_weight": 1,
    "max_bias": 0,
    "nonzero_weights": 6,
    "nonzero_biases": 0,
    "row_nonzeros": 3,
    "one_signed_inputs": 1,
    "two_signed_inputs": 2,
}
STAGE: dict[str, Any] = {
    "own_error": 1000,
    "amplification": 1000,
    "tolerance": "1/8",
    "sigma": 4,
    "probability": "1/1000",
    "two_signed": 20,
    "one_signed": 12,
    "constant": 5,
    "copies": 1,
    "spares": 0,
    "constants": 0,
    "aim": 0,
    "low": 1,
    "high": 1,
    "weights": 0,
    "one_signed_weights": 1,
    "biases": 2,
    "helper": None,
}
HELPER: dict[str, Any] = {"scale": "1/2", "width": 10_000, "pairs": False, "fits": "1/4", "linearisation": 3}
LINES = {
    "unsplit": (Q(3, 2), Q(3, 2), False),
    "pairs": (Q(1, 4), Q(1, 4), True),
    "split": (Q(1, 3), Q(1), False),
    "split with a sign": (Q(-1, 4), Q(1), False),
}


def lemmas(law: str = "product", line: tuple[Fraction, Fraction, bool] = LINES["unsplit"]) -> list[dict[str, Any]]:
    """Base sets for both kinds of inputs and for biases, more than enough, and a linearisation."""
    sets = [
        {
            "kind": "dynamic-program",
            "law": name,
            "weight": 1,
            "size": 1,
            "window": 10**6,
            "tolerance": "1/1000000",
            "failure_probability": "1/1000000",
        }
        for name in (law, law, "uniform")
    ]
    minus, plus, _ = line
    linear = {"kind": "activation-enclosure", "intercept": 0, "slope_minus": str(minus), "slope_plus": str(plus)}
    return [*sets, linear | {"phi": "x", "tolerance": "1/64", "points": [-9, 0, 9]}]


def stage(
    line: str | None, below: Fraction = NOTHING, given: list[dict[str, Any]] | None = None, **values: Any
) -> check_width.Stage:
    """A stage of two source layers (a line) or one (None); keys of layer, stage or helper replace their numbers."""
    chosen = LINES[line] if line else LINES["unsplit"]
    known = given or lemmas("product" if line else "uniform", chosen)
    layer = LAYER | {key: value for key, value in values.items() if key in LAYER}
    record = STAGE | {key: value for key, value in values.items() if key in STAGE}
    if line:
        record["helper"] = HELPER | {"pairs": chosen[2]} | {k: v for k, v in values.items() if k in HELPER}
    return check_width.Stage(layer, record, known, below)


def holds(line: str | None, **values: Any) -> bool:
    try:
        stage(line, **values)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("bias", [0, 1])
@pytest.mark.parametrize("below", [Q(0), Q(1, 7)])
@pytest.mark.parametrize("line", LINES)
def test_own_error_of_two_source_layers(line: str, below: Fraction, bias: int) -> None:
    minus, plus, pairs = LINES[line]
    split = minus != plus
    kappa = (abs(minus) + abs(plus)) / abs(minus + plus) if split else 1
    neurons = 2 if pairs else 1
    chosen = max((2 if split else 1) * 20, 12) * neurons
    error = Q(1, 8) * (kappa * (5 + 3 * below) + bias) + 3 * chosen * 4 * Q(1, 64)
    assert holds(line, below=below, max_bias=bias, own_error=str(error))
    assert not holds(line, below=below, max_bias=bias, own_error=str(error * BELOW))


@pytest.mark.parametrize("bias", [0, 1])
def test_own_error_of_one_source_layer(bias: int) -> None:
    error = Q(1, 8) * (5 + bias)
    assert holds(None, max_bias=bias, own_error=str(error))
    assert not holds(None, max_bias=bias, own_error=str(error * BELOW))


def test_amplifications() -> None:
    assert holds("split", amplification=3) and not holds("split", amplification=str(3 * BELOW))
    assert holds(None, amplification=240) and not holds(None, amplification=120, probability="9/10")
    t = math.sqrt(60 * math.log(1000) / 6)
    assert holds(None, amplification=str(Q(4 * (30 + t * 1.0001))))
    assert not holds(None, amplification=str(Q(4 * (30 + t * 0.9999))))


@pytest.mark.parametrize("line", LINES)
def test_the_linearisation_reaches_as_far_as_the_inputs(line: str) -> None:
    given = lemmas("product", LINES[line])
    given[3]["points"] = ["-8/7", 0, "8/7"]
    assert holds(line, below=Q(2, 7), given=given) and not holds(line, below=Q(3, 7), given=given)


@pytest.mark.parametrize(("index", "key"), [(0, "two"), (1, "one")])
@pytest.mark.parametrize("line", LINES)
def test_base_sets_after_scaling(line: str, index: int, key: str) -> None:
    """Factor: |m| for inputs of both signs of a split block, else the steeper slope; twice for pairs; times sigma s."""
    minus, plus, pairs = LINES[line]
    split = minus != plus and key == "two"
    factor = (abs(minus + plus) if split else max(abs(minus), abs(plus))) * (2 if pairs else 1) * 2
    for name, value in (("tolerance", Q(1, 8) / factor), ("window", 1 / factor), ("failure_probability", Q(1, 1000))):
        for change, expected in ((Q(1), True), (BELOW, name != "window"), (1 / BELOW, name == "window")):
            given = lemmas("product", LINES[line])
            given[index][name] = str(value * change)
            assert holds(line, given=given) == expected, (name, change)
    given = lemmas("product", LINES[line])
    given[index]["size"] = 20 if key == "two" else 12
    assert holds(line, given=given)
    given[index]["size"] += 1
    assert not holds(line, given=given)


def test_base_sets_of_biases() -> None:
    """Targets up to the bias or the aim, scale sigma low, weight low/high."""
    values: dict[str, Any] = {"max_bias": 1, "aim": 2, "low": "1/2", "high": 2, "constant": 5}
    for name, value in (("window", Q(1)), ("tolerance", Q(1, 16)), ("weight", Q(1, 4)), ("size", Q(5))):
        given = lemmas("uniform")
        given[2]["weight"] = "1/4"
        given[2][name] = str(value) if name != "size" else 5
        assert holds(None, given=given, **values), name
        worse = value * BELOW if name == "window" else value / BELOW
        given[2][name] = str(worse) if name != "size" else 6
        assert not holds(None, given=given, **values), name
    assert not holds(None, **(values | {"low": 3})) and not holds(None, **(values | {"low": 0}))


def test_slopes_that_differ_cannot_be_those_of_an_odd_part() -> None:
    assert not holds("split", pairs=True)
    given = lemmas()
    given[3]["intercept"] = 1
    assert not holds("unsplit", given=given)


def tail(trials: int, want: int, q: Fraction) -> Fraction:
    return sum((math.comb(trials, k) * q**k * (1 - q) ** (trials - k) for k in range(min(want, trials + 1))), Q(0))


@pytest.mark.parametrize("line", LINES)
def test_helper_neurons_run_out(line: str) -> None:
    """Constants, one-signed and two-signed inputs in turn, each class on what is left."""
    minus, plus, pairs = LINES[line]
    split = minus != plus
    neurons, classes, q = (2 if pairs else 1), (2 if split else 1), Q(1, 2) if split else Q(1)
    width = 160 * neurons
    left = 160
    expected = tail(left, 9, Q(1, 4)) + tail(left - 9, 12, q)
    expected += classes * (tail(left - 21, 20, q) + tail(left - 21 - 20 * classes, 20, q))
    failure = stage(line, max_bias=1, constant=9, width=width).failure
    assert expected <= failure <= expected + Q(1, 2**390)


@pytest.mark.parametrize("line", [None, "unsplit", "split"])
@pytest.mark.parametrize("spares", [0, 1, 3])
@pytest.mark.parametrize(("copies", "constants"), [(1, 0), (1, 1), (6, 0), (6, 9), (1, 4)])
def test_rows_that_fail(line: str | None, spares: int, copies: int, constants: int) -> None:
    given = {"copies": copies, "constants": constants, "spares": spares, "nonzero_biases": 2}
    found, p = stage(line, **given).rows_failure(4), Q(1, 1000)
    classes, single = (2 if line == "split" else 1), line is None
    if copies == 1 and constants <= 1 and spares == 0:
        assert found == (6 * classes + 2 + constants + (4 if single else 0)) * p
        return
    rows, row = max(copies, constants) + spares, (3 * classes + 1 + (1 if single else 0)) * p
    lost = rows * row / (spares + 1)
    if single:
        lost = min(lost, math.comb(rows, spares + 1) * row ** (spares + 1))
    assert found == (4 + (1 if constants else 0)) * lost


def test_widths_of_a_stage() -> None:
    given = {"copies": 6, "constants": 9, "spares": 2}
    assert stage(None, **given).widths(4) == [4 * 8 + 9]
    assert stage("split", aim=1, width=77, **given).widths(4) == [77, 4 * 8 + 9 + 2]
    assert stage(None, copies=0).widths(4) == [1]


def two_layers(**values: Any) -> dict[str, Any]:
    """A claim of two layers of two source layers each, all of whose inequalities hold."""
    upper = LAYER | {"n_in": 2, "n_out": 1, "one_signed_inputs": 1, "two_signed_inputs": 1}
    record = STAGE | {"own_error": 9, "amplification": 3, "helper": HELPER, "probability": "1/100000", "constant": 0}
    claim = {
        "kind": "width",
        "tolerance": 64,
        "failure_probability": "1/100",
        "widths": [3, 10_000, 2, 10_000, 1],
        "layers": [LAYER, upper],
        "stages": [record, record],
        "lemmas": lemmas("product", LINES["split"]),
    }
    return json.loads(json.dumps(claim | values))


def accepted(claim: dict[str, Any]) -> bool:
    try:
        check_width.check(claim)
    except ValueError:
        return False
    return True


def test_signs_of_hidden_neurons_are_known_within_one() -> None:
    """The first layer moves by 9: its neurons may change sign, so the second cannot take any for one-signed."""
    claim = two_layers()
    claim["lemmas"][3]["points"] = [-99, 0, 99]
    claim["stages"][1]["own_error"] = 20
    assert not accepted(claim)
    claim["layers"][1] |= {"one_signed_inputs": 0, "two_signed_inputs": 2}
    assert accepted(claim)


def test_errors_failures_and_ranges_add_up() -> None:
    claim = two_layers()
    claim["lemmas"][3]["points"] = [-99, 0, 99]
    claim["layers"][1] |= {"one_signed_inputs": 0, "two_signed_inputs": 2, "lipschitz": "1/2"}
    claim["stages"][1]["own_error"] = 20
    end = Q(20 + 3 * 9, 2)
    assert accepted(claim | {"tolerance": str(end)}) and not accepted(claim | {"tolerance": str(end * BELOW)})
    for index, shift in ((0, 9), (1, 20 + 3 * 9)):
        narrow = copy.deepcopy(claim)
        narrow["layers"][index]["enlargement"] = shift
        assert accepted(narrow)
        narrow["layers"][index]["enlargement"] = str(shift * BELOW)
        assert not accepted(narrow)
    short = copy.deepcopy(claim)
    short["stages"][0]["helper"]["width"] = short["widths"][1] = 60  # two neurons above the total need of the classes
    assert not accepted(short)


def test_copies_constants_and_aims() -> None:
    """What a stage of one source layer above asks of the one below, however the widths are written."""
    claim = two_layers()
    record = claim["stages"][1]
    record |= {"helper": None, "weights": 2, "own_error": 8, "amplification": 240, "constant": 7, "sigma": 4}
    claim["layers"][1] |= {"max_bias": 1}
    claim["lemmas"][3]["points"] = [-99, 0, 99]
    claim |= {"tolerance": 10**5, "failure_probability": 1}
    claim["stages"][0] |= {"copies": 20, "constants": 7}
    claim["widths"] = [3, 10_000, 2 * 20 + 7, 1]
    assert accepted(claim)
    for key, value, rows in (("copies", 19, 2 * 19 + 7), ("constants", 6, 2 * 20 + 6)):
        fewer = copy.deepcopy(claim)
        fewer["stages"][0][key] = value
        fewer["widths"][2] = rows
        assert not accepted(fewer)
    aimed = copy.deepcopy(claim)
    aimed["stages"][0] |= {"aim": 1, "constant": 1, "own_error": 99}
    assert accepted(aimed)
    aimed["stages"][0] |= {"tolerance": "1/3"}
    assert not accepted(aimed)


def test_the_first_layer_has_one_copy_of_its_inputs() -> None:
    claim = two_layers(layers=[LAYER], stages=[STAGE], widths=[3, 2], lemmas=lemmas("uniform"), tolerance=1000)
    claim["failure_probability"] = 1
    assert not accepted(claim)


def test_numbers_are_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        check_width.Numbers({"a": "-1/2"}, "a")
    with pytest.raises(ValueError, match="whole"):
        check_width.whole(True)
    assert [check_width.choose(9, k) for k in range(4)] == [1, 9, 36, 84]
