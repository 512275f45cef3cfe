r"""The grammar of filters: a text becomes a tree, or an error that says where it is wrong.

A term is a word, or a field, an operator and a value; terms side by side must all hold. Between
double quotes stands any text, ``\"`` for a quote and ``\\`` for a backslash. Places are counted in
characters (Unicode code points) from 0.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from runicorn.errors import InvalidFilterError
from runicorn.query import modes
from runicorn.query.filters.tree import All, Comparison, Either, Field, Not, Tree, Value, Word
from runicorn.texts import is_clean

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

FIELD = "filter"
"""The part of a question that a filter is, for messages."""

MAX_LENGTH = 2_000
# Terms, opening parentheses and ``not``.
MAX_PARTS = 100
# Open parentheses; the parser of SQLite has room for about 30.
MAX_DEPTH = 20

# A word ends at white space, a quote, a parenthesis or an operator, and is none of the three that
# join terms; "§" stands for one character of a word. A value ends at white space or a parenthesis.
_GRAMMAR = r"""
start: [either]
?either: all (_OR all)*
?all: opposite (_AND? opposite)*
?opposite: NOT opposite -> negated | term
?term: OPEN either _CLOSE -> group
     | (WORD | QUOTED) OPERATOR (VALUE | QUOTED_VALUE) -> comparison
     | WORD -> word
     | QUOTED -> word

_AND.2: /and(?!§)/i
_OR.2: /or(?!§)/i
NOT.2: /not(?!§)/i
OPEN: "("
_CLOSE: ")"
OPERATOR: />=|<=|!=|==|[:=<>~]/
WORD: /(?!(?:and|or|not)(?!§))§+/i
QUOTED: /"(?:[^"\\]|\\.)*"(?:[@.][a-z_]+(?=\s*(?:[:=<>~]|!=)))?/s
VALUE: /[^\s()"]+(?=[\s)]|$)/
QUOTED_VALUE: /"(?:[^"\\]|\\.)*"(?=[\s)]|$)/s
%ignore /\s+/
""".replace("§", r"""(?:[^\s()":=<>~!]|!(?!=))""")
_EXPECTED = {
    "WORD": "a word or a field",
    "QUOTED": "a text in quotes",
    "OPERATOR": "an operator",
    "VALUE": "a value",
    "QUOTED_VALUE": "a value in quotes",
    "NOT": "not",
    "OPEN": "(",
    "_CLOSE": ")",
    "_AND": "and",
    "_OR": "or",
    "$END": "the end",
}
_PARTS = frozenset({"WORD", "QUOTED", "NOT", "OPEN"})
_ESCAPE = re.compile(r"\\([\"\\])")


def parse(text: str) -> Tree:
    """Read a filter; a blank one holds for every run.

    Raises:
        InvalidFilterError: It can't be understood, or is too long.
    """
    from lark.exceptions import UnexpectedInput

    if len(text) > MAX_LENGTH:
        reason = f"is longer than {MAX_LENGTH:,} characters"
        raise InvalidFilterError(FIELD, reason, position=MAX_LENGTH)
    if not is_clean(text):
        position = next(at for at, each in enumerate(text) if not is_clean(each))
        raise InvalidFilterError(FIELD, "holds half a character", position=position)
    parser = _parser().parse_interactive(text)
    n_parts = depth = 0
    try:
        for token in parser.iter_parse():
            n_parts += token.type in _PARTS
            depth += {"OPEN": 1, "_CLOSE": -1}.get(token.type, 0)
            if n_parts > MAX_PARTS or depth > MAX_DEPTH:
                reason = (
                    f"has more than {MAX_PARTS} terms, parentheses and nots, or nests deeper "
                    f"than {MAX_DEPTH}"
                )
                raise InvalidFilterError(FIELD, reason, position=token.start_pos)
        tree: Tree = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        _refuse(text, error)
    return tree


def _refuse(text: str, error: UnexpectedInput) -> NoReturn:
    token: Token | None = getattr(error, "token", None)
    is_end = token is not None and token.type == "$END"
    position = len(text) if is_end else error.pos_in_stream
    assert position is not None, "everything but the end has a place"
    names = getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    expected = [shown for name, shown in _EXPECTED.items() if name in names]
    reason = _what(text[position:], expected)
    raise InvalidFilterError(FIELD, reason, position=position, expected=expected) from None


def _what(rest: str, expected: list[str]) -> str:
    """Say in one line what is wrong with the rest of a filter."""
    listed = f"expected {', '.join(expected[:-1])} or {expected[-1]}" if expected else ""
    listed = listed if len(expected) != 1 else f"expected {expected[0]}"
    if not rest:
        return f"ends too early: {listed}"
    if rest.startswith('"') and not re.match(r'"(?:[^"\\]|\\.)*"', rest, re.DOTALL):
        return "a quote is opened and not closed"
    if "a value" in expected and not rest.startswith((")", '"')):
        return "a value that holds parentheses or quotes must stand in double quotes"
    return f"{listed}, not {rest.split(maxsplit=1)[0][:40]!r}"


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder, maybe_placeholders=True)


class _Builder:
    """Makes nodes as the parser meets them, so that no depth of a filter needs recursion."""

    @staticmethod
    def start(children: list[Tree | None]) -> Tree:
        return children[0] or All(())

    @staticmethod
    def either(children: list[Tree]) -> Tree:
        return Either(tuple(children))

    @staticmethod
    def all(children: list[Tree]) -> Tree:
        return All(tuple(children))

    @staticmethod
    def negated(children: tuple[Token, Tree]) -> Tree:
        return Not(children[1])

    @staticmethod
    def group(children: tuple[Token, Tree]) -> Tree:
        return children[1]

    @staticmethod
    def word(children: tuple[Token]) -> Tree:
        token = children[0]
        return Word(_unquoted(token) if token.type == "QUOTED" else str(token), _place(token))

    @staticmethod
    def comparison(children: tuple[Token, Token, Token]) -> Tree:
        field, operator, value = children
        is_quoted = value.type == "QUOTED_VALUE"
        text = _unquoted(value) if is_quoted else str(value)
        return Comparison(
            _field(field),
            "=" if operator == "==" else operator.value,
            Value(text, is_quoted, _place(value), len(value)),
        )


def _field(token: Token) -> Field:
    at = _place(token)
    if token.type == "QUOTED":
        quoted, _, end = token.rpartition('"')
        name, mode = _unquoted(f'{quoted}"'), end[1:] or None
        if mode is not None and mode not in modes.MODES:
            reason = f"there is no value {mode!r}; there are {', '.join(modes.MODES)}"
            raise InvalidFilterError(FIELD, reason, position=at + len(quoted) + 1)
        return Field(name, mode, True, name, at)
    text = str(token)
    is_config = text.startswith(modes.CONFIG_PREFIX)
    name, mode = (text, None) if is_config else modes.split(text)
    return Field(name, mode, False, text, at)


def _unquoted(token: str) -> str:
    return _ESCAPE.sub(r"\1", token[1:-1])


def _place(token: Token) -> int:
    assert token.start_pos is not None, "the lexer knows where it found it"
    return token.start_pos
