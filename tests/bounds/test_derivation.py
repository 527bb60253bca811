"""Derivations: complete, true, quick, generic, and LaTeX that parses."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import time
from pathlib import Path

import pytest
import sympy
from matplotlib.mathtext import MathTextParser

import bounds
from bounds.certificate import Certificate
from bounds.derivation import near_zero, remainder
from bounds.derivation.derive import STEPS
from bounds.derivation.records import Derivation, Formula, Step
from bounds.enclosures.branch_and_bound import Verdict
from bounds.enclosures.lipschitz import slope_candidates
from bounds.enclosures.pieces import smooth_pieces
from bounds.expansion import AssumptionError
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.majorant import ExactMajorant, majorant_proof
from bounds.registry import ACTIVATIONS

NO_POWER = x + x / sympy.log(1 / sympy.Abs(x) / 4)
USER = {
    "no power": NO_POWER,
    "fractional": x + sympy.Abs(x) ** sympy.Rational(3, 2),
    "hidden switch": sympy.Max(x, sympy.tanh(x)),
    "undefined at 0": sympy.sin(x) / x + x,
    "irrational slopes": sympy.sqrt(2) * x + sympy.Max(0, x) / 3,
    "oscillating error": x + x**2 * sympy.sin(1 / x),
    "decimals": sympy.Float("0.1234567891234") * sympy.exp(x),
    "two majorants": sympy.asinh(x) + sympy.exp(x),
}
EVERY = {name: bounds.activation(name).expression for name in bounds.activations()} | USER
TITLES = ("Expression", "Continuity at 0", "Slope at 0+", "Slope at 0-", "Intercept", "m is not 0", "Lemma 2.4")
COMMANDS = re.compile(r"\\([A-Za-z]+)")
WORDS = (
    "begin end item textbf textless textgreater textbar text varphi hat varepsilon infty frac sqrt left right leq geq "
    "neq lim to in quad min max pm sup cdot ldots approx operatorname tanh sin cos log pi circ sinh cosh asinh atan erf"
)


def derivation(name: str) -> Derivation:
    return Activation.from_expression(EVERY[name], name).derivation()


@pytest.mark.parametrize("name", EVERY)
def test_every_step_is_there_and_says_who_proves_it(name: str) -> None:
    found = derivation(name)
    titles = [step.title for step in found.steps]
    assert set(TITLES) <= set(titles) and len(set(titles)) == len(titles)
    assert sum(title.startswith("Error") for title in titles) == 2
    assert sum(title.startswith("Power majorant") for title in titles) >= 2
    for step in found.steps:
        assert step.status in ("given", "proved", "open") and step.formulas and step.method and step.source
    assert [step.title for step in found.steps if step.status == "given"] == ["Expression"]


@pytest.mark.parametrize("name", bounds.activations())
def test_named_activations_are_proved_throughout(name: str) -> None:
    assert {step.status for step in derivation(name).steps} == {"given", "proved"}


@pytest.mark.parametrize("name", EVERY)
def test_the_text_is_readable(name: str) -> None:
    shown = str(derivation(name))
    assert max(map(len, shown.splitlines())) <= 100
    assert not re.search(r"\d{16}", shown), "long numbers are shortened"
    for word in ("zoo", "nan", "Piecewise", "ExprCondPair", "None", "arb("):
        assert word not in shown


def test_what_tanh_says() -> None:
    found = derivation("tanh")
    said = {step.title: step.statement for step in found.steps}
    assert said["Slope at 0+"].splitlines() == [
        "phi(t) = t - t**3/3 + O(t**4) as t -> 0+",
        "m_plus = lim (phi(x) - phi(0))/x for x -> 0+ = 1",
    ]
    assert said["Error left of 0"].splitlines()[-1] == "e_minus(t) = t**3/3 + o(t**3)"
    assert said["Power majorant right of 0"].splitlines()[0] == "|e_plus(t)| <= t**3/3 for t > 0"
    assert said["Radius a(eps)"].endswith("a(eps) = 3**(1/3)*eps**(1/3)")
    assert said["g and its inverse"].endswith("g^-1(y) = sqrt(3)*y**(3/2)")
    assert said["Lipschitz constant"].startswith("T = sup |phi'(x)| = 1\n|phi'| = 1 for x = 0")
    assert "2*eps/|m| = eps" in said["Lemma 2.4"]


def test_errors_growth_and_cuts() -> None:
    def said(name: str) -> dict[str, str]:
        return {step.title: f"{step.statement}\n{step.method}" for step in derivation(name).steps}

    assert said("elu")["Error left of 0"].splitlines()[:3] == [
        "e_minus(t) = phi(-t) - d + m_minus*t",
        "e_minus(t) = t - 1 + exp(-t) for t > 0",
        "e_minus(t) = t**2/2 + o(t**2)",
    ]
    assert said("exp")["Error right of 0"].startswith(
        "e_plus(t) = phi(t) - d - m_plus*t\ne_plus(t) = -t + exp(t) - 1 for"
    )
    assert "exponents 2/3, all positive" in said("tanh")["g is increasing, g(0+) = 0"]
    growing = said("exp")["g is increasing, g(0+) = 0"]
    assert "exponents 1/2, 1, all positive" in growing, "powers of the majorants, and eps/r where one ends"
    assert "K*r**p = 0.14875: from" in growing and "K*r**p = 4.3896: from" in growing
    assert "K*r**p" not in said("hardtanh")["g is increasing, g(0+) = 0"]
    assert said("hardtanh")["Power majorant left of 0"].startswith("|e_minus(t)| <= 0 for 0 < t <= 1")
    assert said("relu")["Domain of g"].startswith("a(eps) = oo\ng(eps) = 0")


def test_the_evidence_of_a_majorant() -> None:
    """tanh t - t = -t^3/3 + G t^5 with G about 2/15; beyond the bisection |tanh t - t| <= t."""
    lines = derivation("tanh").step("Power majorant right of 0").statement.splitlines()
    low, high = map(float, re.search(r"G\(t\) in \[(\S+), (\S+)\]", lines[1]).groups())  # type: ignore[union-attr]
    assert 0.1 < low < 0.12 < 2 / 15 <= high < 0.14, "G(1/2) is .1190, G(0) is 2/15"
    assert lines[1].startswith("on (0, 0.5]: e_plus(t) = -t**3/3 + G(t)*t**5")
    assert lines[2] == "on [0.5, 2]: |e_plus(t)| <= K*t**p"
    assert lines[3] == "on [2, oo): |e_plus(t)| <= 1*t <= K*t**p"
    act = bounds.activation("tanh")
    proof = majorant_proof(
        act.expansion.right, sympy.Rational(1, 3), act.expansion.right_majorants[0].exponent, sympy.oo
    )
    assert proof is not None and proof.boxes >= 2, "[1/2, 2] is more than one box at this accuracy"
    assert f"({proof.boxes} boxes)" in derivation("tanh").step("Power majorant right of 0").method
    ratio = re.search(r"\*\*p <= (\S+)$", derivation("mish").step("Power majorant left of 0").statement.splitlines()[1])
    assert ratio is not None and 0.3214 < float(ratio[1]) <= 0.32157


def test_one_sided_slopes_are_not_mixed_up() -> None:
    said = {step.title: step.statement for step in derivation("leaky_relu").steps}
    assert said["Slope at 0+"].endswith("= 1") and said["Slope at 0-"].endswith("= 0.01")
    assert said["m is not 0"].startswith("m = m_plus + m_minus = 1.01")
    assert "2*eps/|m| = 1.980198019...*eps" in said["Lemma 2.4"]
    selu = {step.title: step.statement for step in derivation("selu").steps}
    assert selu["Slope at 0-"].endswith("= 1.758099340...") and selu["Slope at 0+"].endswith("= 1.050700987...")


def test_what_cannot_be_proved_is_open() -> None:
    found = {step.title: step.status for step in derivation("no power").steps}
    assert {title for title, status in found.items() if status == "open"} == {
        "Error right of 0",
        "Error left of 0",
        "Power majorant right of 0",
        "Power majorant left of 0",
        "Closed form",
        "Lipschitz constant",
    }
    assert found["Certificates"] == "proved", "exact radii need no closed form"
    assert derivation("oscillating error").step("Power majorant left of 0").status == "open"


@pytest.mark.parametrize("verdict", ["open", "refuted"])
def test_the_worst_certificate_is_the_status(verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Activation.certify

    def doubtful(act: Activation, tolerance: float, radius: float | None = None) -> Certificate:
        found = asked(act, tolerance, radius)
        return dataclasses.replace(found, verdict=Verdict(verdict)) if tolerance == 1e-9 else found

    monkeypatch.setattr(Activation, "certify", doubtful)
    step = derivation("tanh").step("Certificates")
    assert step.status == verdict and step.statement.count(": proved, ") == 4


def test_expansions_show_the_leading_term_of_the_error() -> None:
    """Also where a quotient loses orders: sin(x)/x + x = 1 + x - x^2/6 + ..."""
    shown = derivation("undefined at 0").step("Slope at 0+").statement
    assert shown.startswith("phi(t) = 1 + t - t**2/6 + O(t**4) as")
    lossy = Activation.from_expression((sympy.exp(x) - 1 - x - x**2 / 2) / x**2 + 2 * x).derivation()
    assert lossy.step("Slope at 0-").statement.startswith("phi(-t) = -13*t/6 + t**2/24 + O(t**3) as")
    for name in bounds.activations():
        act = bounds.activation(name)
        for side, error in ((near_zero.RIGHT, act.expansion.right), (near_zero.LEFT, act.expansion.left)):
            series = near_zero.expansion_beside_zero(act, side)
            assert series is not None and (error.leading_term is None or error.leading_term in series.terms)


def test_the_numbers_of_a_proof_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A majorant that cannot be proved a second time is no step of a derivation."""
    act = Activation.from_expression(sympy.tanh(x) + x / 97, "fresh")
    too_small = ExactMajorant(sympy.Rational(33, 100), act.expansion.right_majorants[0].exponent, sympy.oo)
    wrong = dataclasses.replace(act.expansion, right_majorants=(too_small,))
    with pytest.raises(ArithmeticError, match="cannot be proved again"):
        list(remainder.majorant_steps(dataclasses.replace(act, expansion=wrong)))


def test_a_wrong_slope_does_not_pass_the_second_expansion() -> None:
    act = bounds.activation("tanh")
    for change in ({"m_plus": sympy.Rational(2)}, {"m_minus": -act.m_minus}, {"intercept": sympy.S.One}):
        wrong = dataclasses.replace(act, expansion=dataclasses.replace(act.expansion, **change))
        with pytest.raises(ArithmeticError, match="does not give d"):
            list(near_zero.slope_steps(wrong))


def test_radii_in_the_text_are_rounded_down() -> None:
    for name in ("tanh", "sigmoid", "selu", "exp"):
        act = bounds.activation(name)
        for formula in derivation(name).step("Certificates").formulas:
            match = re.match(r".* <= (\S+) for \|x\| <= ([\d.e-]+): proved", formula.text)
            assert match is not None
            radius = act.radius(float(match[1]))
            assert radius * (1 - 1e-5) <= float(match[2]) <= radius


def test_an_unknown_step_is_named() -> None:
    with pytest.raises(ValueError, match="no such step; choose one of Expression"):
        derivation("relu").step("Slope")


def test_a_derivation_is_frozen_and_becomes_json() -> None:
    found = derivation("gelu")
    with pytest.raises(AttributeError):
        found.name = "other"  # type: ignore[misc]
    shown = json.loads(json.dumps(found.as_dict()))
    assert shown["name"] == "gelu" and len(shown["steps"]) == len(found.steps)
    assert set(shown["steps"][0]) == {field.name for field in dataclasses.fields(Step)} - {"formulas"} | {
        "statement",
        "latex",
    }


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        (sympy.Abs(x), "m = m_plus + m_minus != 0"),
        (sympy.Max(0, x - 1), "m = m_plus + m_minus != 0"),
        (sympy.Piecewise((1, x >= 0), (0, True)), "continuous at 0"),
        (sympy.sqrt(sympy.Abs(x)), "finite one-sided slopes"),
        (x * sympy.sin(1 / x) + x, "one-sided slopes"),
    ],
)
def test_refused_expressions_name_the_condition_instead(expression: sympy.Expr, condition: str) -> None:
    with pytest.raises(AssumptionError, match=re.escape(condition)):
        Activation.from_expression(expression).derivation()


@pytest.mark.parametrize("name", EVERY)
def test_the_latex_is_balanced_and_uses_amsmath_only(name: str) -> None:
    source = derivation(name).latex()
    depth = 0
    for character in re.sub(r"\\[{}]", "", source):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    environments: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{([a-z*]+)\}", source):
        assert environment in ("enumerate", "align*", "cases")
        environments.append(environment) if kind == "begin" else None
        assert kind == "begin" or environments.pop() == environment
    assert environments == [] and source.count(r"\left") == source.count(r"\right")
    assert set(COMMANDS.findall(source.replace("\\\\", " "))) <= set(WORDS.split())
    outside = re.sub(r"\\begin\{align\*\}.*?\\end\{align\*\}", "", source, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[_^&%$#~<>|]", outside), "words are escaped"


def test_words_are_escaped_for_latex() -> None:
    step = Step(title="50 % of a_b^c", formulas=(Formula("a", "a", ""),), method=r"a \ & {b} ~ <|>", source="#1")
    (line,) = [line for line in Derivation("n", x, (step,)).latex().splitlines() if line.startswith(r"\item")]
    assert line == (
        r"\item \textbf{50 \% of a\_b\^{}c} (proved), by a \textbackslash{} \& \{b\} \~{} "
        r"\textless{}\textbar{}\textgreater{} [\#1]:"
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_formula_is_rendered(name: str) -> None:
    """By matplotlib's mathtext, which knows everything used but ``cases``: their entries are rendered one by one."""
    parser = MathTextParser("path")
    formulas = [formula for step in derivation(name).steps for formula in step.formulas]
    assert formulas
    for formula in formulas:
        for piece in without_cases(formula.latex):
            parser.parse(f"${piece}$")


def without_cases(formula: str) -> list[str]:
    """The formula with every case distinction replaced by a letter, and the entries of these."""
    entries = re.findall(r"\\begin\{cases\}(.*?)\\end\{cases\}", formula, flags=re.DOTALL)
    cells = [cell for entry in entries for line in entry.split("\\\\") for cell in line.split("&")]
    cells = [re.sub(r"\\text\{(for|otherwise)\}(\\:)?", "", cell).strip() for cell in cells]
    return [re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "C", formula, flags=re.DOTALL), *filter(None, cells)]


@pytest.mark.parametrize("name", EVERY)
def test_a_derivation_is_quick(name: str) -> None:
    """Under 2 s of processor time from a fresh expression to text and LaTeX; about .1 s where it is measured alone."""
    fresh = EVERY[name] + sympy.Rational(len(name), 7907) * x
    start = time.process_time()
    found = Activation.from_expression(fresh, name="fresh").derivation()
    assert str(found) and found.latex()
    assert time.process_time() - start < 2


def test_no_step_asks_which_activation_it_is_about() -> None:
    """No string of the package is the name of an activation, other than as a word of sympy's printers."""
    folder = Path(near_zero.__file__).parent
    for path in folder.glob("*.py"):
        strings = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Compare)
            for node in ast.walk(node)
            if isinstance(node, ast.Constant)
        }
        assert not strings & set(ACTIVATIONS), path
    assert len(STEPS) == len(set(STEPS)) >= 11


def limit_and_bound(act: Activation, direction: int) -> tuple[float, float] | None:
    """(lim |e|/t^p at 0, the sharpest proved K) of one side; None where the error vanishes next to 0."""
    side = act.expansion.right if direction > 0 else act.expansion.left
    majorants = act.expansion.right_majorants if direction > 0 else act.expansion.left_majorants
    if side.vanishes or side.leading_term is None:
        return None
    return float(abs(side.leading_term[1])), float(majorants[0].coefficient)


def is_tight(act: Activation) -> bool:
    """Whether a(eps) is asymptotically the largest radius: K is the limit, within 1 %, on the side that decides."""
    sides = [pair for pair in (limit_and_bound(act, direction) for direction in (1, -1)) if pair is not None]
    if not sides:
        return act.a != sympy.oo
    decisive = max(sides, key=lambda pair: pair[1])
    return decisive[1] <= 1.01 * decisive[0]


def test_only_one_closed_form_is_not_tight() -> None:
    """K of exp covers (0, 1/2] and is 1.19 times the limit; every other K is the limit or within 1 % of it."""
    curved = [name for name in bounds.activations() if bounds.activation(name).a != sympy.oo]
    assert [name for name in curved if not is_tight(bounds.activation(name))] == ["exp"]


@pytest.mark.parametrize("name", [n for n in bounds.activations() if bounds.activation(n).a != sympy.oo])
def test_tight_radii_enlarged_by_one_percent_are_refuted(name: str) -> None:
    act = bounds.activation(name)
    for tolerance in (1e-6, 1e-9, 1e-12):
        verdict = act.certify(tolerance, 1.01 * act.radius(tolerance)).verdict
        assert verdict == ("refuted" if is_tight(act) else "proved")


@pytest.mark.parametrize("name", bounds.activations())
def test_constants_in_the_derivation_are_certified(name: str) -> None:
    """No sampled slope exceeds T; T is reached within 1e-9 where finite; every K is proved a second time."""
    act = bounds.activation(name)
    step = derivation(name).step("Lipschitz constant")
    slopes = [abs(float(act.expression.diff(x).subs(x, sympy.Rational(k, 16)))) for k in range(-63, 64, 2)]
    assert step.status == "proved" and all(slope <= float(act.lipschitz) * (1 + 1e-12) for slope in slopes)
    if act.lipschitz.is_finite:
        largest = max(float(c.size) for c in slope_candidates(smooth_pieces(act.expression, x), x))
        assert float(act.lipschitz) == pytest.approx(largest, rel=1e-9)
