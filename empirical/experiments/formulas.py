"""A sympy expression written three ways: as text, as LaTeX, as MathML that a browser shows without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.latex import latex
from sympy.printing.mathml import MathMLPresentationPrinter

import bounds

RELATIONS = {"<": "&lt;", "<=": "&le;", ">": "&gt;", ">=": "&ge;", "==": "=", "!=": "&ne;"}


@dataclass(frozen=True, slots=True)
class Formula:
    """One expression in three notations."""

    text: str
    latex: str
    mathml: str


def formula(expression: sympy.Expr) -> Formula:
    """Write an expression; the symbol ``bounds.eps`` is shown as a varepsilon."""
    body = _PagePrinter().doprint(sympy.sympify(expression))
    return Formula(
        text=str(expression),
        latex=latex(expression, symbol_names={bounds.eps: r"\varepsilon"}),
        mathml=f'<math displaystyle="true">{body}</math>',
    )


class _PagePrinter(MathMLPresentationPrinter):
    """sympy's printer, with cases for Piecewise, escaped relations and a Greek epsilon."""

    def _print_Symbol(self, symbol: sympy.Symbol, style: str = "plain") -> Any:
        if symbol == bounds.eps:
            return self._leaf("mi", "&epsilon;")
        return super()._print_Symbol(symbol, style)

    def _print_Relational(self, relation: sympy.Rel) -> Any:
        return self._row(
            self._print(relation.lhs), self._leaf("mo", RELATIONS[relation.rel_op]), self._print(relation.rhs)
        )

    def _print_Exp1(self, base: sympy.Expr) -> Any:
        return self._leaf("mi", "e")

    def _print_Piecewise(self, expression: sympy.Piecewise) -> Any:
        table = self.dom.createElement("mtable")
        table.setAttribute("columnalign", "left")
        table.setAttribute("displaystyle", "true")
        for value, condition in expression.args:
            words = self._leaf("mtext", "otherwise") if condition == sympy.true else self._print(condition)
            line = self.dom.createElement("mtr")
            for content in (self._print(value), words):
                cell = self.dom.createElement("mtd")
                cell.appendChild(content)
                line.appendChild(cell)
            table.appendChild(line)
        brace = self._leaf("mo", "{")
        brace.setAttribute("stretchy", "true")
        return self._row(brace, table)

    def _leaf(self, tag: str, text: str) -> Any:
        element = self.dom.createElement(tag)
        element.appendChild(self.dom.createTextNode(text))
        return element

    def _row(self, *children: Any) -> Any:
        row = self.dom.createElement("mrow")
        for child in children:
            row.appendChild(child)
        return row
