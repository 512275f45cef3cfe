r"""Patterns: regular expressions that are matched in linear time, so that none can stall a query.

The syntax is that part of Python's `re` which needs no going back: literals, ``.``, classes,
``\d \w \s \b`` and their opposites, ``^`` and ``$`` (start and end of the text), ``|``, groups,
``* + ? {m,n}``, and ``(?i)`` at the start. A match may lie anywhere in the text.

All ways through a pattern are followed at once, character by character. Source: Ken Thompson,
"Regular Expression Search Algorithm", Communications of the ACM 11 (6), 1968.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MAX_LENGTH = 200
# Nodes of the machine; a counted repetition copies what it repeats.
_MAX_NODES = 500
_MAX_NESTING = 30
_MAX_COUNT = 1000
# Steps that are remembered; a text of many scripts would otherwise fill the memory.
_MAX_STEPS = 10_000

_Test = Callable[[str], bool]
"""Tells whether a character fits."""


class PatternError(ValueError):
    """A pattern that can't be understood.

    Attributes:
        at: Where in the pattern `[characters]`.
    """

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


@dataclass(frozen=True, slots=True)
class _One:
    """One character."""

    fits: _Test


@dataclass(frozen=True, slots=True)
class _Edge:
    """A place between characters: ``^``, ``$``, ``b`` or ``B``."""

    kind: str


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: list[_Part]


@dataclass(frozen=True, slots=True)
class _Choice:
    options: list[_Part]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Part
    least: int
    most: int | None


_Part = _One | _Edge | _Sequence | _Choice | _Repeat


class Pattern:
    """A compiled pattern; may be used from any thread.

    Raises:
        PatternError: It can't be understood, or is too big.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise PatternError(f"a pattern has at most {MAX_LENGTH} characters", MAX_LENGTH)
        self._machine = _Machine()
        start = self._machine.add(_Parser(text).parse(), None)
        self._start = frozenset([start])
        self._steps: dict[tuple[frozenset[int | None], int, int, str], _Step] = {}

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches a part of a text."""
        states, before = self._start, _NONE
        for character in text:
            here = _WORD if _is_word(character) else _OTHER
            step = self._step(states, before, here, character)
            if step is None:
                return True
            states, before = step, here
        return None in self._machine.reached(states, before, _NONE)

    def _step(
        self, states: frozenset[int | None], before: int, here: int, character: str
    ) -> frozenset[int | None] | None:
        """Go one character on; ``None`` when the pattern has matched before it."""
        asked = (states, before, here, character)
        try:
            return self._steps[asked]
        except KeyError:
            pass
        if len(self._steps) >= _MAX_STEPS:
            self._steps.clear()
        reached = self._machine.reached(states, before, here)
        found: _Step = None
        if None not in reached:
            found = self._machine.after(reached, character) | self._start
        self._steps[asked] = found
        return found


_Step = frozenset["int | None"] | None
# What stands on a side of a place between characters.
_NONE, _WORD, _OTHER = 0, 1, 2


@dataclass(slots=True)
class _Machine:
    """Nodes with where each leads to; ``None`` is the end.

    Attributes:
        tests: Of a node that takes a character.
        edges: Of a node that takes none: its kind, empty for a mere fork.
        targets: Where a node leads to.
    """

    tests: dict[int, _Test] = field(default_factory=dict)
    edges: dict[int, str] = field(default_factory=dict)
    targets: list[list[int | None]] = field(default_factory=list)
    n_added: int = 0

    def add(self, part: _Part, then: int | None) -> int | None:
        """Add the nodes of a part in front of what follows it; returns the first of them."""
        self.n_added += 1  # also of parts that are empty, which would be repeated for long
        if max(self.n_added, len(self.targets)) > _MAX_NODES:
            raise PatternError("the pattern is too big; repeat less", 0)
        if isinstance(part, _One):
            node = self._node([then])
            self.tests[node] = part.fits
            return node
        if isinstance(part, _Edge):
            node = self._node([then])
            self.edges[node] = part.kind
            return node
        if isinstance(part, _Sequence):
            for each in reversed(part.parts):
                then = self.add(each, then)
            return then
        if isinstance(part, _Choice):
            return self._fork([self.add(each, then) for each in part.options])
        return self._add_repeat(part, then)

    def reached(
        self, states: frozenset[int | None], before: int, after: int
    ) -> frozenset[int | None]:
        """Return all nodes that are reached from some without taking a character."""
        reached, waiting = set(states), list(states)
        while waiting:
            node = waiting.pop()
            if node is None or node in self.tests or not _holds(self.edges[node], before, after):
                continue
            for target in self.targets[node]:
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return frozenset(reached)

    def after(self, states: frozenset[int | None], character: str) -> frozenset[int | None]:
        """Return where taking a character leads to."""
        return frozenset(
            self.targets[node][0]
            for node in states
            if node is not None and node in self.tests and self.tests[node](character)
        )

    def _add_repeat(self, part: _Repeat, then: int | None) -> int | None:
        if part.most is None:
            again = self._fork([then])
            self.targets[again].insert(0, self.add(part.part, again))
            then = again
        else:
            out = then
            for _ in range(part.most - part.least):
                then = self._fork([self.add(part.part, then), out])
        for _ in range(part.least):
            then = self.add(part.part, then)
        return then

    def _fork(self, targets: list[int | None]) -> int:
        node = self._node(targets)
        self.edges[node] = ""
        return node

    def _node(self, targets: list[int | None]) -> int:
        self.targets.append(targets)
        return len(self.targets) - 1


def _holds(edge: str, before: int, after: int) -> bool:
    if edge == "^":
        return before == _NONE
    if edge == "$":
        return after == _NONE
    if edge in {"b", "B"}:
        return ((before == _WORD) != (after == _WORD)) == (edge == "b")
    return True


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CLASSES: dict[str, _Test] = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._ignores_case = text.startswith("(?i)")
        self._text = text
        self._at = len("(?i)") if self._ignores_case else 0
        self._depth = 0

    def parse(self) -> _Part:
        part = self._choice()
        if self._at < len(self._text):
            raise PatternError("this ) closes nothing", self._at)
        return part

    @property
    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _choice(self) -> _Part:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else _Choice(options)

    def _sequence(self) -> _Part:
        return _Sequence(list(self._parts()))

    def _parts(self) -> Iterator[_Part]:
        while self._next and self._next not in "|)":
            at = self._at
            if self._counts() is not None:
                raise PatternError(f"nothing stands before {self._text[at]} to be repeated", at)
            yield self._repeated(self._single())

    def _repeated(self, part: _Part) -> _Part:
        at, counts = self._at, self._counts()
        if counts is None:
            return part
        if isinstance(part, _Edge):
            raise PatternError("a place between characters can't be repeated", at)
        self._take("?")  # the shortest match is a match as well
        at = self._at
        if self._counts() is not None:
            raise PatternError("what is repeated is repeated again; use a group", at)
        return _Repeat(part, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        for mark, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(mark):
                return counts
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at + 1 : end].partition(",")
        is_count = self._next == "{" and end > 0 and (least or comma)
        if not is_count or not (least or "0").isdecimal() or not (most or "0").isdecimal():
            return None
        first = int(least or "0")
        last = first if not comma else int(most) if most else None
        if max(first, last or 0) > _MAX_COUNT or (last is not None and last < first):
            raise PatternError(f"a count goes up to {_MAX_COUNT}, the smaller first", self._at)
        self._at = end + 1
        return first, last

    def _single(self) -> _Part:
        at = self._at
        self._at += 1
        character = self._text[at]
        if character == "(":
            return self._group(at)
        if character in "^$":
            return _Edge(character)
        if character == "\\" and self._next in {"b", "B"}:
            self._at += 1
            return _Edge(self._text[at + 1])
        if character == "[":
            return _One(self._class(at))
        if character == ".":
            return _One(lambda each: each != "\n")
        return _One(self._cased(self._escape() if character == "\\" else _equals(character)))

    def _group(self, at: int) -> _Part:
        if self._next == "?" and not self._take("?:"):
            raise PatternError("of groups with ? there are (?:…), and (?i) at the start", at)
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise PatternError(f"groups nest up to {_MAX_NESTING} deep", at)
        part = self._choice()
        self._depth -= 1
        if not self._take(")"):
            raise PatternError("this ( is not closed", at)
        return part

    def _escape(self) -> _Test:
        character = self._next
        if not character:
            raise PatternError("nothing stands behind the last \\", self._at - 1)
        self._at += 1
        if character.lower() in _CLASSES:
            fits = _CLASSES[character.lower()]
            return fits if character.islower() else lambda each: not fits(each)
        if character.isalnum() and character not in _CONTROLS:
            raise PatternError(f"\\{character} is not known", self._at - 2)
        return _equals(_CONTROLS.get(character, character))

    def _class(self, at: int) -> _Test:
        is_opposite = self._take("^")
        tests: list[_Test] = []
        while not tests or self._next != "]":
            if not self._next:
                raise PatternError("this [ is not closed", at)
            tests.append(self._cased(self._member()))
        self._at += 1
        return lambda character: any(fits(character) for fits in tests) != is_opposite

    def _member(self) -> _Test:
        at = self._at
        first = self._class_character()
        if not isinstance(first, str):
            return first
        if self._next != "-" or self._text[self._at + 1 : self._at + 2] in {"]", ""}:
            return _equals(first)
        self._at += 1
        last = self._class_character()
        if not isinstance(last, str) or last < first:
            raise PatternError("a range goes from a lower character to a higher one", at)
        return lambda character: first <= character <= last

    def _class_character(self) -> str | _Test:
        at = self._at
        if not self._take("\\"):
            self._at += 1
            return self._text[at]
        if self._next.lower() in _CLASSES:
            return self._escape()
        self._escape()
        return _CONTROLS.get(self._text[at + 1], self._text[at + 1])

    def _cased(self, fits: _Test) -> _Test:
        if not self._ignores_case:
            return fits
        return lambda character: fits(character.lower()) or fits(character.upper())


def _equals(wanted: str) -> _Test:
    return lambda character: character == wanted
