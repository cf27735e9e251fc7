"""All mutants of a source text: one small fault each, by its syntax tree. Pure.

The operators are the usual ones (Offutt et al., "An experimental determination of sufficient
mutant operators", ACM TOSEM 5(2), 1996; for Python those of mutmut and Cosmic Ray): a comparison is
moved by its bound or turned round, `and` and `or`, an arithmetic operator, `min` and `max`, `any`
and `all` exchanged, a condition inverted, a constant changed, a statement left out, a value not
returned.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: (r"<", ("<=", ">=")),
    ast.LtE: (r"<=", ("<", ">")),
    ast.Gt: (r">", (">=", "<=")),
    ast.GtE: (r">=", (">", "<")),
    ast.Eq: (r"==", ("!=",)),
    ast.NotEq: (r"!=", ("==",)),
    ast.Is: (r"\bis\b", ("is not",)),
    ast.IsNot: (r"\bis\s+not\b", ("is",)),
    ast.In: (r"\bin\b", ("not in",)),
    ast.NotIn: (r"\bnot\s+in\b", ("in",)),
}
"""How a comparison is written, and what it becomes."""
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: (r"-", "+"),
    ast.Mult: (r"\*", "/"),
    ast.Div: (r"/", "*"),
    ast.FloorDiv: (r"//", "/"),
    ast.Mod: (r"%", "*"),
    ast.BitAnd: (r"&", "|"),
    ast.BitOr: (r"\|", "&"),
}
EXCHANGED = {"min": "max", "max": "min", "any": "all", "all": "any"}
LEFT_OUT = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)

Edit = tuple[int, int, bytes]
"""Bytes of the source from one offset to another, and what is in their place."""


@dataclass(frozen=True)
class Mutant:
    """A source text with one fault. `line` counts from 1; `was` and `becomes` are the lines that
    differ, without their indentation."""

    line: int
    was: str
    becomes: str
    text: str

    def diff(self, original: str, name: str) -> str:
        """As `diff -u` shows it, with one line around."""
        lines = original.splitlines(), self.text.splitlines()
        return "\n".join(difflib.unified_diff(*lines, name, name, n=1, lineterm=""))


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a text, by its place in it; none is there twice.

    Raises:
        SyntaxError: the text is no Python.
    """
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree, edits = ast.parse(source), _Edits(data, starts)
    statements = [edits.span(statement) for statement in tree.body]
    old, found = source.splitlines(), dict[str, Mutant]()
    for start, end, other in sorted(set(edits.of(tree))):
        text = (data[:start] + other + data[end:]).decode()
        # only what it stands in can have become no Python: to compile the rest takes seconds
        first, last = next(span for span in statements if span[0] <= start and end <= span[1])
        statement = (data[first:start] + other + data[end:last]).decode()
        if text != source and text not in found and _is_python(statement):
            found[text] = _mutant(old, text)
    return list(found.values())


def _is_python(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _mutant(old: list[str], text: str) -> Mutant:
    new = text.splitlines()
    first = next(n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    was, becomes = (
        " ".join(line.strip() for line in lines[first : len(lines) - last]) for lines in (old, new)
    )
    return Mutant(first + 1, was, becomes, text)


class _Edits:
    """Walks a tree; annotations, decorators and `assert` (which only tells mypy) are left alone."""

    def __init__(self, data: bytes, starts: list[int]) -> None:
        self.data, self.starts = data, starts

    def of(self, node: ast.AST) -> Iterator[Edit]:
        """Edits of a node and of all below it."""
        if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
            return
        yield from self._own(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.of(child)

    def _own(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.Compare():
                for left, op, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    written, others = COMPARISONS[type(op)]
                    for other in others:
                        yield self._between(left, right, written, other)
            case ast.BoolOp():
                written, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield self._between(left, right, rf"\b{written}\b", other)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                if not any(_is_text(side) for side in (left, right)):
                    yield self._between(left, right, *OPERATORS[type(op)])
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                yield *self.span(node)[:1], self.span(operand)[0], b""
            case ast.Constant(value=bool()):
                yield *self.span(node), str(not node.value).encode()
            case ast.Constant(value=int() | float() as number):
                yield *self.span(node), repr(number + 1).encode()
            case ast.Name(id=name) if name in EXCHANGED:
                yield *self.span(node), EXCHANGED[name].encode()
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield *self.span(node), b"return None"
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield *self.span(node), b"pass"
            case ast.stmt() if isinstance(node, LEFT_OUT) and not _is_docstring(node):
                yield *self.span(node), b"pass"
        for test in _conditions(node):
            if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
                start, end = self.span(test)
                yield start, end, b"(not (" + self.data[start:end] + b"))"

    def span(self, node: ast.AST) -> tuple[int, int]:
        at: ast.expr | ast.stmt = node  # type: ignore[assignment]
        assert at.end_lineno is not None
        assert at.end_col_offset is not None
        return (
            self.starts[at.lineno - 1] + at.col_offset,
            self.starts[at.end_lineno - 1] + at.end_col_offset,
        )

    def _between(self, left: ast.AST, right: ast.AST, written: str, other: str) -> Edit:
        """The operator between two operands, brackets around them aside."""
        start, end = self.span(left)[1], self.span(right)[0]
        found = re.search(written.encode(), self.data[start:end])
        assert found is not None
        return start + found.start(), start + found.end(), other.encode()


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.BoolOp():
            return node.values
    return []


def _is_text(node: ast.expr) -> bool:
    constant = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return constant or isinstance(node, ast.JoinedStr | ast.List | ast.Tuple)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
