"""No tampered artefact is accepted: every entry of the list below is a false or unproved claim."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from tests.bounds.artefacts.claims import accepted, changed, enclosure, propagated, sizes
from tests.bounds.artefacts.test_base_set_claims import closed

Claim = dict[str, Any]
Tampering = Callable[[Claim], Claim]


def scaled(key: str, factor: Fraction) -> Tampering:
    return lambda claim: changed(claim, **{key: str(Fraction(claim[key]) * factor)})


def replaced(**values: Any) -> Tampering:
    return lambda claim: changed(claim, **values)


def without(key: str) -> Tampering:
    return lambda claim: {name: value for name, value in claim.items() if name != key}


def at(key: str, index: int, value: Callable[[Any], Any]) -> Tampering:
    """One entry of a list replaced by a function of it."""

    def tamper(claim: Claim) -> Claim:
        result = copy.deepcopy(claim)
        result[key][index] = value(result[key][index])
        return result

    return tamper


def wider(claim: Claim) -> Claim:
    """The radius enlarged by one percent, the subdivision stretched with it."""
    stretch = Fraction(101, 100)
    return changed(
        claim,
        points=[str(Fraction(p) * stretch) for p in claim["points"]],
        pieces=[[order, str(Fraction(centre) * stretch)] for order, centre in claim["pieces"]],
    )


def last_point_moved(claim: Claim) -> Claim:
    points = [str(Fraction(claim["points"][0]) * 2), *claim["points"][1:-1], str(Fraction(claim["points"][-1]) * 2)]
    return changed(claim, points=points)


def piece_deleted(claim: Claim) -> Claim:
    return changed(claim, points=claim["points"][:1] + claim["points"][2:], pieces=claim["pieces"][1:])


def zero_skipped(claim: Claim) -> Claim:
    """The point 0 taken out, so that one piece would lie on both sides of it."""
    index = claim["points"].index(0)
    points = claim["points"][:index] + claim["points"][index + 1 :]
    return changed(claim, points=points, pieces=claim["pieces"][:index] + claim["pieces"][index + 1 :])


TIGHT = ("tanh", "gelu", "softplus", "elu", "exp", "mish")
ENCLOSURE: dict[str, Tampering] = {
    "radius enlarged": wider,
    "last point moved": last_point_moved,
    "tolerance lowered": scaled("tolerance", Fraction(99, 100)),
    "piece deleted, the ends kept": lambda c: changed(c, pieces=c["pieces"][1:]),
    "piece and point deleted": lambda c: changed(piece_deleted(c), points=piece_deleted(c)["points"]),
    "left side deleted": lambda c: changed(c, points=[p for p in c["points"] if str(p)[0] != "-"]),
    "no piece at all": replaced(points=[0], pieces=[]),
    "0 skipped": zero_skipped,
    "points reversed": lambda c: changed(c, points=c["points"][::-1]),
    "right slope altered": lambda c: changed(c, slope_plus=["mul", "11/10", c["slope_plus"]]),
    "left slope altered": lambda c: changed(c, slope_minus=["mul", "9/10", c["slope_minus"]]),
    "slope with x": lambda c: changed(c, slope_plus=["add", c["slope_plus"], "x"]),
    "intercept moved": lambda c: changed(c, intercept=["add", c["intercept"], "1/500"]),
    "another function": lambda c: changed(c, phi=["mul", "11/10", c["phi"]]),
    "reflected function": lambda c: changed(c, phi=["mul", -1, c["phi"]]),
    "centre outside": lambda c: changed(c, pieces=[[o, "7/2"] for o, _ in c["pieces"]]),
    "order too small": lambda c: changed(c, pieces=[[0, centre] for _, centre in c["pieces"]]),
    "order negative": lambda c: changed(c, pieces=[[-1, centre] for _, centre in c["pieces"]]),
    "order a truth value": lambda c: changed(c, pieces=[[True, centre] for _, centre in c["pieces"]]),
    "float tolerance": replaced(tolerance=1.0),
    "decimal tolerance": replaced(tolerance="1e9"),
    "negative tolerance": replaced(tolerance=-1),
    "infinite tolerance": replaced(tolerance="inf"),
    "infinite radius": lambda c: changed(c, points=["-inf", 0, "inf"], pieces=[[4, 0], [4, 0]]),
    "unknown operation": lambda c: changed(c, phi=["eval", c["phi"]]),
    "third operand of a maximum": lambda c: changed(c, phi=["max", c["phi"], c["phi"], 99]),
    "second operand of a function": replaced(phi=["tanh", "x", "x"]),
    "empty tree": replaced(phi=[]),
    "a dictionary as tree": replaced(phi={"x": 1}),
    "deep tree": lambda c: changed(c, phi=nested(c["phi"])),
    "tree without an operand": replaced(phi=["add"]),
    "missing field": without("pieces"),
}


def nested(tree: Any) -> Any:
    for _ in range(5000):
        tree = ["add", 0, tree]
    return tree


@pytest.mark.parametrize("name", TIGHT)
def test_tampered_enclosures_are_rejected(name: str) -> None:
    claim = enclosure(name, 1e-3, "exact")
    assert accepted(claim)
    wrong = [what for what, tamper in ENCLOSURE.items() if accepted(tamper(claim))]
    assert not wrong, f"{name}: accepted with {wrong}"


DISTANCE = ["max", ["add", "x", "-1/8"], ["add", "1/8", ["mul", -1, "x"]]]
HIDDEN_KINKS: dict[str, Any] = {
    "two switches inside a piece": ["below", "1/10", "x", ["below", "3/20", ["mul", 2, "x"], "x"]],
    "a tent inside a piece": ["add", "x", ["max", ["add", "1/40", ["mul", -1, DISTANCE]], 0]],
    "a switch at the end": ["below", "1/5", "x", ["mul", 2, "x"]],
    "a switch inside a piece": ["below", "1/10", "x", ["mul", 2, "x"]],
    "a maximum inside a piece": ["max", "x", ["add", ["mul", 2, "x"], "-1/10"]],
    "a minimum inside a piece": ["mul", -1, ["max", ["mul", -1, "x"], "-1/10"]],
    "a switch left of the piece": ["below", "-1/10", ["mul", 2, "x"], "x"],
}


@pytest.mark.parametrize("name", HIDDEN_KINKS)
def test_a_kink_cannot_hide_inside_a_piece(name: str) -> None:
    """The linear branch beside 0 does not speak for the other one."""
    honest = plain(HIDDEN_KINKS[name])
    assert accepted(honest)
    assert not accepted(changed(honest, points=["-1/5", 0, "1/5"]))


def plain(phi: Any, **values: Any) -> Claim:
    """A claim about phi and the line x on [-1/20, 1/20], one piece on either side."""
    claim = {"kind": "activation-enclosure", "phi": phi, "intercept": 0, "slope_minus": 1, "slope_plus": 1}
    return claim | {"tolerance": "1/1000", "points": ["-1/20", 0, "1/20"], "pieces": [[2, 0], [2, 0]]} | values


def test_a_slope_is_a_number() -> None:
    """x + x^2 is not within 0 of a line, though it equals (1 + x) x."""
    curved = ["add", "x", ["pow", "x", 2]]
    assert accepted(plain(curved, tolerance="1/400"))
    assert not accepted(plain(curved, tolerance=0, slope_minus=["add", 1, "x"], slope_plus=["add", 1, "x"]))


def test_every_gap_needs_its_piece() -> None:
    """The right half of a kinked function is not covered by the piece of the left half."""
    kinked = ["below", 0, "x", ["mul", 2, "x"]]
    assert accepted(plain(kinked, slope_plus=2))
    assert not accepted(plain(kinked, pieces=[[2, 0]], points=["-1/20", 0, "1/20"]))


BASE_SET: dict[str, Tampering] = {
    "one variable fewer": lambda c: changed(c, size=c["size"] - 1),
    "no variable": replaced(size=0),
    "smaller tolerance": scaled("tolerance", Fraction(9, 10)),
    "smaller failure probability": scaled("failure_probability", Fraction(4, 5)),
    "larger window": replaced(window="9/8"),
    "larger weight": replaced(weight=2),
    "smaller weight": replaced(weight="9/10"),
    "another quantifier": replaced(quantifier="all"),
    "an unknown quantifier": replaced(quantifier="some"),
    "an unknown law": replaced(law="normal"),
    "narrower window of the proof": scaled("half_width", Fraction(1, 2)),
    "target nearer": replaced(target_offset=0),
    "origin nearer": replaced(origin_offset=0),
    "target outside": replaced(target_offset=2),
    "finer unit": lambda c: changed(c, unit=c["unit"] * 2),
    "coarser unit": lambda c: changed(c, unit=c["unit"] // 2),
    "first node unreachable": at("nodes", 0, lambda node: node + 60),
    "a node missing at the top": lambda c: changed(c, **{k: c[k][:-1] for k in ("nodes", "mean", "hit")}),
    "lists of different lengths": lambda c: changed(c, hit=c["hit"][:-1]),
    "nodes out of order": lambda c: changed(c, nodes=[c["nodes"][1], c["nodes"][0], *c["nodes"][2:]]),
    "node repeated": lambda c: changed(c, nodes=[c["nodes"][0], c["nodes"][0], *c["nodes"][2:]]),
    "negative node": at("nodes", 0, lambda node: -node),
    "all means larger": lambda c: changed(c, mean=[value + 1 for value in c["mean"]]),
    "all hits larger": lambda c: changed(c, hit=[value + 1 for value in c["hit"]]),
    "float size": lambda c: changed(c, size=float(c["size"])),
    "truth value as size": replaced(size=True),
    "size as text": lambda c: changed(c, size=str(c["size"])),
    "endless size": replaced(size=10**30),
    "zero tolerance": replaced(tolerance=0),
    "negative failure probability": replaced(failure_probability="-1/100"),
    "missing means": without("mean"),
    "declared a closed form": replaced(kind="closed-form"),
    "unknown kind": replaced(kind="proved"),
}


def numbers_raised(claim: Claim, count: int) -> Iterator[tuple[str, Claim]]:
    """Single lower bounds raised by one unit, single nodes lowered below the share that their numbers belong to."""
    draw = random.Random(1)
    for key in ("mean", "hit"):
        for index in draw.sample(range(len(claim["nodes"]) - 1), count):
            yield f"{key} {index}", at(key, index, lambda value: value + 1)(claim)
    for index in draw.sample(range(1, len(claim["nodes"]) - 1), count):
        lowered = (claim["nodes"][index - 1] + claim["nodes"][index]) // 2
        yield f"node {index}", at("nodes", index, lambda _, node=lowered: node)(claim)


def test_tampered_base_sets_are_rejected() -> None:
    claim = sizes(0.01, 0.01)
    assert accepted(claim)
    wrong = [what for what, tamper in BASE_SET.items() if accepted(tamper(claim))]
    wrong += [what for what, tampered in numbers_raised(claim, 15) if accepted(tampered)]
    assert not wrong, f"accepted with {wrong}"


def test_the_reachable_share_ends_at_the_windows_edge() -> None:
    """At tolerance .1 the window ends 1/64 beyond 0: less than both tolerances are reachable at first."""
    claim = sizes(0.1, 0.1)
    assert accepted(claim)
    further = changed(claim, **{key: claim[key][1:] for key in ("nodes", "mean", "hit")})
    assert not accepted(further)


def test_the_laws_are_told_apart() -> None:
    assert not accepted(changed(sizes(0.01, 0.01), law="product"))
    assert not accepted(changed(sizes(0.1, 0.02, "product"), law="uniform", size=10))


ALL_TARGETS: dict[str, Tampering] = {
    "one variable fewer": lambda c: changed(c, size=c["size"] - 1),
    "smaller tolerance": scaled("tolerance", Fraction(3, 4)),
    "hits counted": lambda c: changed(c, hit=[1, *c["hit"][1:]]),
    "larger window": replaced(window=2),
    "start beyond the tolerance": at("nodes", 0, lambda node: node * 2 - 1),
}


def test_tampered_claims_for_all_targets_are_rejected() -> None:
    claim = sizes(0.1, 0.02, "uniform", "all")
    assert accepted(claim)
    wrong = [what for what, tamper in ALL_TARGETS.items() if accepted(tamper(claim))]
    assert not wrong, f"accepted with {wrong}"


CLOSED: dict[str, Tampering] = {
    "one variable fewer": lambda c: changed(c, size=c["size"] - 1),
    "weight larger": lambda c: changed(c, contained=str(Fraction(c["contained"]) + Fraction(1, 2**30))),
    "weight above 1": replaced(contained=3),
    "uniform part narrower": scaled("half_width", Fraction(99, 100)),
    "uniform part wider": scaled("half_width", Fraction(3, 2)),
    "more blocks": lambda c: changed(c, blocks=c["blocks"] + 1),
    "no blocks": replaced(blocks=0),
    "smaller failure probability": scaled("failure_probability", Fraction(1, 2)),
    "smaller tolerance": scaled("tolerance", Fraction(1, 2)),
}


@pytest.mark.parametrize(("law", "quantifier"), [("uniform", "all"), ("product", "all"), ("product", "fixed")])
def test_tampered_closed_forms_are_rejected(law: str, quantifier: str) -> None:
    claim = closed(law, quantifier)
    assert accepted(claim)
    wrong = [what for what, tamper in CLOSED.items() if accepted(tamper(claim))]
    assert not wrong, f"accepted with {wrong}"


def test_one_target_needs_the_uniform_part_to_reach_beyond_it() -> None:
    """Corollary 3: 2 a >= |z| + tolerance, not |z| alone."""
    claim = closed("uniform", "fixed")
    short = changed(claim, half_width="1/2", contained="1/2", size=1000)
    assert not accepted(short) and accepted(changed(short, half_width="101/200"))


def layer_changed(index: int, **factors: Fraction) -> Tampering:
    def tamper(claim: Claim) -> Claim:
        numbers = claim["layers"][index]
        scaled_numbers = {key: str(Fraction(numbers[key]) * factor) for key, factor in factors.items()}
        return at("layers", index, lambda layer: layer | scaled_numbers)(claim)

    return tamper


TOLERANCES: dict[str, Tampering] = {
    "smaller tolerance": scaled("tolerance", Fraction(9, 10)),
    **{f"T_{k + 1} larger": layer_changed(k, lipschitz=Fraction(5, 4)) for k in range(3)},
    **{f"M_{k} larger": layer_changed(k, input_l1=Fraction(3, 2)) for k in range(3)},
    **{f"eps_{k + 1} larger": at("tolerances", k, lambda t: str(Fraction(t) * 2)) for k in range(3)},
    "a layer left out": lambda c: changed(c, layers=c["layers"][1:]),
    "negative T": layer_changed(1, lipschitz=Fraction(-1)),
    "negative eps": at("tolerances", 0, lambda t: f"-{t}"),
    "unknown norm": replaced(norm="l2"),
    "no range": layer_changed(0, row_sum=Fraction(-1)),
}


@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_tampered_tolerances_are_rejected(norm: str) -> None:
    claim = propagated(norm)
    assert accepted(claim)
    sums = {"linf": "row_sum", "l1": "column_sum"}[norm]
    more = {f"{sums} of layer {k + 1} larger": layer_changed(k, **{sums: Fraction(3, 2)}) for k in (1, 2)}
    wrong = [what for what, tamper in (TOLERANCES | more).items() if accepted(tamper(claim))]
    assert not wrong, f"accepted with {wrong}"


def test_tolerances_in_the_largest_output_do_not_pass_for_those_in_sum() -> None:
    assert not accepted(changed(propagated("linf"), norm="l1"))


@pytest.mark.parametrize("garbage", [None, [], {}, 1, "x", {"kind": []}, {"kind": "tolerances"}])
def test_garbage_is_rejected(garbage: Any) -> None:
    assert not accepted(garbage)


def test_there_are_enough_tamperings() -> None:
    assert min(len(ENCLOSURE), len(BASE_SET)) >= 30
    assert len(ENCLOSURE) + len(BASE_SET) + len(CLOSED) + len(TOLERANCES) + len(ALL_TARGETS) >= 90
