"""Width claims: lemmas proved by one checker, widths derived from them by the other, and nothing tampered with."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from flint import arb

import bounds
from bounds.artefacts import check_artefact, check_width, copy_checker, save, width
from bounds.widths.assignment import binomial_lower_tail
from tests.bounds.artefacts.claims import changed, layer, network

Claim = dict[str, Any]


def derived(claim: Claim) -> bool:
    """Whether the widths follow from the lemmas' statements."""
    try:
        check_width.check(claim)
    except Exception:
        return False
    return True


def spec_of(activation: str, bias: float = 0.5, one_signed: int = 0) -> bounds.NetworkSpec:
    """Numbers of a 3-4-2 network; ``one_signed`` of its three inputs have one sign."""
    common = {"max_bias": bias, "input_sup": 1.0}
    lipschitz = float(bounds.scalar_function(activation).lipschitz)
    return network(
        layer(
            3,
            4,
            activation=activation,
            lipschitz=lipschitz,
            nonzero_biases=4 if bias else 0,
            one_signed_inputs=one_signed,
            two_signed_inputs=3 - one_signed,
            **common,
        ),
        layer(4, 2, activation="identity", nonzero_biases=2 if bias else 0, **common),
    )


@lru_cache(maxsize=32)
def claim_for(
    activation: str, construction: str, bias: float = 0.5, one_signed: int = 0, tolerance: float = 0.1
) -> Claim:
    spec = spec_of(activation, bias, one_signed)
    return width(bounds.width_requirement(spec, construction, tolerance, 0.05, subsets="any"), spec)


@pytest.mark.parametrize("construction", ["L+1", "2L", "looks-linear"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "erf", "leaky_relu"])
def test_widths_follow_from_the_lemmas(activation: str, construction: str) -> None:
    spec = spec_of(activation)
    plan = bounds.width_requirement(spec, construction, 0.1, 0.05, subsets="any")
    claim = claim_for(activation, construction)
    assert tuple(claim["widths"]) == plan.widths
    assert derived(json.loads(json.dumps(claim)))


@pytest.mark.parametrize(("bias", "one_signed"), [(0.0, 0), (0.0, 2), (0.5, 3)])
def test_networks_without_biases_and_with_one_signed_inputs(bias: float, one_signed: int) -> None:
    claim = claim_for("relu", "L+1", bias, one_signed)
    assert derived(claim)
    assert any("biases" in stage for stage in claim["stages"]) == (bias > 0)


def test_both_checkers_accept_a_file_and_say_on_what_it_rests(tmp_path: Path) -> None:
    save(claim_for("sigmoid", "L+1"), tmp_path / "width.json")
    checkers = copy_checker(tmp_path / "checkers").parent
    lines = {}
    for name in ("check_artefact.py", "check_width.py"):
        command = [sys.executable, "-I", "-S", str(checkers / name), str(tmp_path / "width.json")]
        done = subprocess.run(command, cwd=checkers, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        lines[name] = done.stdout
    assert "the lemmas hold" in lines["check_artefact.py"]
    assert f"widths {claim_for('sigmoid', 'L+1')['widths']} suffice for error 1/10" in lines["check_width.py"]
    assert "phi_0 or its odd part" in lines["check_width.py"] and "constants c satisfy" in lines["check_width.py"]


def test_a_false_lemma_is_rejected_by_the_other_checker() -> None:
    claim = copy.deepcopy(claim_for("relu", "L+1", 0.0))
    sizes = next(lemma for lemma in claim["lemmas"] if lemma["kind"] == "dynamic-program")
    sizes["size"] -= 1
    assert derived(claim)  # more variables than the lemma needs
    with pytest.raises(ValueError, match="too few variables"):
        check_artefact.lemmas(claim)


def stage(index: int, key: str, change: Callable[[Any], Any]) -> Callable[[Claim], Claim]:
    def tamper(claim: Claim) -> Claim:
        result = copy.deepcopy(claim)
        result["stages"][index][key] = change(result["stages"][index][key])
        return result

    return tamper


def layer_number(index: int, key: str, factor: Any) -> Callable[[Claim], Claim]:
    def tamper(claim: Claim) -> Claim:
        result = copy.deepcopy(claim)
        value = Fraction(result["layers"][index][key]) * Fraction(factor)
        result["layers"][index][key] = int(value) if value.denominator == 1 else str(value)
        return result

    return tamper


def helper(key: str, change: Callable[[Any], Any]) -> Callable[[Claim], Claim]:
    def tamper(claim: Claim) -> Claim:
        result = copy.deepcopy(claim)
        result["stages"][0]["helper"][key] = change(result["stages"][0]["helper"][key])
        return result

    return tamper


def lemma(kind: str, key: str, change: Callable[[Any], Any], index: int = 0) -> Callable[[Claim], Claim]:
    def tamper(claim: Claim) -> Claim:
        result = copy.deepcopy(claim)
        chosen = [entry for entry in result["lemmas"] if entry["kind"] == kind][index]
        chosen[key] = change(chosen[key])
        return result

    return tamper


def times(factor: Any) -> Callable[[Any], str]:
    return lambda value: str(Fraction(value) * Fraction(factor))


def plus(step: int) -> Callable[[int], int]:
    return lambda value: value + step


def narrowed(index: int) -> Callable[[Claim], Claim]:
    return lambda claim: changed(claim, widths=[w - (1 if i == index else 0) for i, w in enumerate(claim["widths"])])


TAMPERINGS: dict[str, Callable[[Claim], Claim]] = {
    **{f"width {index} narrowed": narrowed(index) for index in range(4)},
    "a width left out": lambda c: changed(c, widths=c["widths"][:-1]),
    "smaller tolerance": lambda c: changed(c, tolerance=times("9/10")(c["tolerance"])),
    "smaller failure probability": lambda c: changed(c, failure_probability=times("1/4")(c["failure_probability"])),
    "fewer helper neurons": helper("width", lambda w: w * 3 // 5),
    "negative helper width": helper("width", lambda w: -w),
    "wider scale": helper("scale", times(4)),
    "no scale": helper("scale", lambda _: 0),
    "pairs denied or claimed": helper("pairs", lambda pairs: not pairs),
    "first layer without helpers": stage(0, "helper", lambda _: None),
    **{f"own error of stage {k + 1} halved": stage(k, "own_error", times("1/2")) for k in (0, 1)},
    **{f"own error of stage {k + 1} tripled": stage(k, "own_error", times(3)) for k in (0, 1)},
    **{f"tolerance of stage {k + 1} doubled": stage(k, "tolerance", times(2)) for k in (0, 1)},
    **{f"tolerance of stage {k + 1} halved": stage(k, "tolerance", times("1/2")) for k in (0, 1)},
    "amplification of stage 2 lowered": stage(1, "amplification", times("99/100")),
    "amplification of stage 2 raised": stage(1, "amplification", times(2)),
    "amplification of stage 1 lowered": stage(0, "amplification", times("1/2")),
    **{f"scale of stage {k + 1} doubled": stage(k, "sigma", times(2)) for k in (0, 1)},
    **{f"scale of stage {k + 1} halved": stage(k, "sigma", times("1/2")) for k in (0, 1)},
    **{f"problems of stage {k + 1} fail less": stage(k, "probability", times("1/2")) for k in (0, 1)},
    **{f"problems of stage {k + 1} fail more": stage(k, "probability", times(32)) for k in (0, 1)},
    **{f"base sets of stage {k + 1} smaller": stage(k, "two_signed", lambda m: m * 2 // 3) for k in (0, 1)},
    **{f"bias problems of stage {k + 1} smaller": stage(k, "constant", lambda m: m * 2 // 3) for k in (0, 1)},
    "fewer copies": stage(0, "copies", plus(-1)),
    "fewer constants": stage(0, "constants", plus(-1)),
    "more spare rows": stage(0, "spares", plus(1)),
    "fewer spare rows": stage(0, "spares", plus(-1)),
    "constants nearer to 0": stage(1, "low", times("9/10")),
    "constants larger": stage(1, "high", times("11/10")),
    "constants at 0": stage(1, "low", lambda _: 0),
    "float": stage(1, "sigma", lambda value: float(Fraction(value))),
    "T larger": layer_number(0, "lipschitz", "3/2"),
    "inputs larger": layer_number(0, "support_l1", "3/2"),
    "weights larger": layer_number(0, "max_weight", 3),
    "biases larger": layer_number(1, "max_bias", 3),
    "more weights": layer_number(1, "nonzero_weights", 9),
    "more outputs": layer_number(1, "n_out", 2),
    "layers that do not fit": layer_number(1, "n_in", 2),
    "half an input": layer_number(0, "two_signed_inputs", "1/2"),
    "base set of a larger failure probability": lemma("dynamic-program", "failure_probability", times(2)),
    "base set of a larger tolerance": lemma("dynamic-program", "tolerance", times("9/8")),
    "base set of a smaller window": lemma("dynamic-program", "window", times("1/2")),
    "base set of another law": lemma("dynamic-program", "law", lambda _: "normal"),
    "base set that is larger": lemma("dynamic-program", "size", lambda size: size * 2),
    "linearised less far": lemma("activation-enclosure", "points", lambda p: ["-1/1000000", 0, "1/1000000"]),
    "linearised less well": lemma("activation-enclosure", "tolerance", lambda t: str(Fraction(t) * 64 + 1)),
    "linearised with an intercept": lemma("activation-enclosure", "intercept", lambda _: "1/1000"),
    "other slopes": lemma("activation-enclosure", "slope_plus", times("1/4")),
    "lemmas missing": lambda c: changed(c, lemmas=c["lemmas"][:1]),
    "stages missing": lambda c: changed(c, stages=c["stages"][:1]),
    "nothing": lambda c: changed(c, stages=[], layers=[]),
}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_tampered_widths_are_rejected(activation: str) -> None:
    claim = claim_for(activation, "L+1")
    assert derived(claim)
    wrong = [what for what, tamper in TAMPERINGS.items() if derived(tamper(claim))]
    assert not wrong, f"{activation}: accepted with {wrong}"
    assert len(TAMPERINGS) >= 60


def test_ranges_that_are_relied_on() -> None:
    """T and the signs of hidden neurons hold near the target's pre-activations only."""
    claim = claim_for("relu", "2L", 0.0, 1)
    assert derived(claim)
    narrow = copy.deepcopy(claim)
    narrow["layers"][0]["enlargement"] = "1/100000"
    assert not derived(narrow)


def test_other_families_of_subsets_are_refused() -> None:
    plan = bounds.width_requirement(spec_of("relu"), "L+1", 0.1, 0.05, subsets="blocks of 8")
    with pytest.raises(ValueError, match="blocks of 8"):
        width(plan)


@pytest.mark.parametrize("n", [5, 60, 400])
def test_the_probability_of_a_large_sum_is_an_upper_bound(n: int) -> None:
    """Against the exact exponential; 1 up to the mean."""
    for share in (0.4, 0.5, 0.55, 0.6, 0.7):
        bound = check_width.exceeds(Fraction(n), Fraction(share) * n, Fraction(1))
        t = n * (share - 0.5)
        exact = math.exp(-6 * t * t / n) if t > 0 else 1.0
        assert exact * (1 - 1e-9) <= bound <= exact * (1 + 1e-9)
    assert check_width.exceeds(Fraction(n), Fraction(2 * n), Fraction(2)) == 0
    assert check_width.exceeds(Fraction(n), Fraction(2 * n) - 1, Fraction(2)) > 0


@pytest.mark.parametrize("q", [Fraction(1), Fraction(1, 2), Fraction(1, 4)])
def test_binomial_tails_are_exact(q: Fraction) -> None:
    for trials, want in ((0, 1), (7, 3), (40, 12), (200, 30), (30, 31), (5, 0)):
        exact = sum(math.comb(trials, k) * q**k * (1 - q) ** (trials - k) for k in range(min(want, trials + 1)))
        tail = check_width.too_few(trials, want, q)
        assert exact <= tail <= exact + Fraction(1, 2**399)
        assert tail <= Fraction(binomial_lower_tail(trials, float(q), want)) + Fraction(1, 2**300)


def test_uniform_sums_are_sub_gaussian_with_their_own_variance() -> None:
    """sinh(y)/y <= exp(y^2/6), the moment generating function behind ``exceeds``."""
    for k in range(1, 60):
        y = arb(k) / 4
        assert y.sinh() / y < (y * y / 6).exp()
