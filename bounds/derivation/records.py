"""What a derivation is: numbered steps, each with what it states, why that holds, and how sure it is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import sympy

from bounds.derivation.notation import latex_of, text_of
from bounds.subset_sum.size_bound import Status

_WIDTH = 100
GIVEN = "given"
"""The status of a step that defines something and claims nothing."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One line of a step: as text, and as LaTeX cut in two where lines are to be aligned."""

    text: str
    head: str
    tail: str

    @property
    def latex(self) -> str:
        """The line for math mode, without an alignment mark.

        >>> Formula("a = 1", "a", "= 1").latex
        'a = 1'
        """
        return f"{self.head} {self.tail}".strip()


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both notations, as ``m_plus`` and ``m_+``."""

    text: str
    latex: str


def equation(name: Name, *values: Any, relation: str = "=") -> Formula:
    """``name = value = value ...``; a value is a sympy expression, a number or another name.

    >>> equation(Name("m_plus", "m_+"), sympy.Rational(1, 2))
    Formula(text='m_plus = 1/2', head='m_+', tail='= \\\\frac{1}{2}')
    """
    texts, latexes = zip(*(_both(value) for value in values), strict=True)
    sign = _RELATIONS[relation]
    return Formula(f"{name.text} {relation} " + " = ".join(texts), name.latex, f"{sign} " + " = ".join(latexes))


_RELATIONS = {"=": "=", "<=": r"\leq", "!=": r"\neq", "~": r"\sim", "in": r"\in"}


def _both(value: Any) -> tuple[str, str]:
    return (value.text, value.latex) if isinstance(value, Name) else (text_of(value), latex_of(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a derivation.

    ``title``     what the step is about.
    ``formulas``  what it states.
    ``method``    how that was found and why it holds, in words.
    ``source``    where the statement comes from, and the page with the proof.
    ``status``    "given" for a definition, otherwise "proved", "refuted" or "open".
    """

    title: str
    formulas: tuple[Formula, ...]
    method: str
    source: str
    status: str = Status.PROVED

    @property
    def statement(self) -> str:
        """The statement as text, one formula per line.

        >>> step = Step(title="t", formulas=(Formula("a = 1", "a", "= 1"),), method="m", source="s")
        >>> step.statement
        'a = 1'
        """
        return "\n".join(formula.text for formula in self.formulas)

    @property
    def latex(self) -> str:
        """The statement as an ``align*`` environment of amsmath.

        >>> step = Step(title="t", formulas=(Formula("a = 1", "a", "= 1"),), method="m", source="s")
        >>> print(step.latex)
        \\begin{align*}
          a & = 1
        \\end{align*}
        """
        lines = " \\\\\n".join(f"  {formula.head} & {formula.tail}".rstrip() for formula in self.formulas)
        return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the numbers of an activation follow from its expression, step by step.

    ``print(derivation)`` is for reading, :meth:`latex` for a paper, :meth:`as_dict` for programs.
    """

    name: str
    expression: sympy.Expr
    steps: tuple[Step, ...]

    def step(self, title: str) -> Step:
        """The step of a title; ValueError listing the titles.

        >>> from bounds.named import activation
        >>> activation("gelu").derivation().step("Intercept").status
        <Status.PROVED: 'proved'>
        """
        found = {step.title: step for step in self.steps}
        if title not in found:
            raise ValueError(f"step({title!r}): no such step; choose one of {', '.join(found)}")
        return found[title]

    def __str__(self) -> str:
        heading = f"{self.name}: the numbers of Assumption 2.3, derived from the expression"
        return "\n".join([heading, *(_shown(number, step) for number, step in enumerate(self.steps, start=1))])

    def latex(self) -> str:
        """An ``enumerate`` of all steps; needs the package amsmath and nothing else.

        >>> from bounds.named import activation
        >>> activation("relu").derivation().latex().splitlines()[0]
        '\\\\begin{enumerate}'
        """
        items = "\n".join(_item(step) for step in self.steps)
        return f"\\begin{{enumerate}}\n{items}\n\\end{{enumerate}}"

    def as_dict(self) -> dict[str, Any]:
        """Everything as text, for JSON: name, expression and the fields of every step.

        >>> from bounds.named import activation
        >>> sorted(activation("relu").derivation().as_dict())
        ['expression', 'name', 'steps']
        """
        steps = [
            {
                "title": step.title,
                "statement": [formula.text for formula in step.formulas],
                "latex": step.latex,
                "method": step.method,
                "source": step.source,
                "status": str(step.status),
            }
            for step in self.steps
        ]
        return {"name": self.name, "expression": str(self.expression), "steps": steps}


def _shown(number: int, step: Step) -> str:
    head = f"{number:2}. {step.title}"
    lines = [f"\n{head:<{_WIDTH - 10}}{step.status:>10}"]
    for formula in step.formulas:
        lines += textwrap.wrap(formula.text, _WIDTH, initial_indent="    ", subsequent_indent=" " * 10, **_KEEP)
    lines += textwrap.wrap(f"by {step.method}", _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 9, **_KEEP)
    lines += textwrap.wrap(f"[{step.source}]", _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 7, **_KEEP)
    return "\n".join(lines)


_KEEP: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def _item(step: Step) -> str:
    words = f"\\textbf{{{_escaped(step.title)}}} ({step.status}), by {_escaped(step.method)} [{_escaped(step.source)}]:"
    return f"\\item {words}\n{step.latex}"


def _escaped(text: str) -> str:
    """Plain words as LaTeX text."""
    return text.translate(_SPECIAL)


_SPECIAL = str.maketrans(
    {**{c: f"\\{c}" for c in "&%$#_{}"}, "\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''"}
)
