"""The text form of the query language: ``Base("BTC Crypto") && !Venue("KRAKEN")``.

``not`` binds tightest, then ``or``, then ``and``, as in the gateway's own parser: ``A || B && C`` is ``(A || B) && C``.
"""

import re
from typing import Literal, NamedTuple, TypeVar

from simulator.catalogue.query_terms import (
    EXPIRATIONS,
    MAX_DEPTH,
    MAX_TERMS,
    NAMES,
    Expiration,
    LeafVariant,
    Misread,
    Term,
    expiration,
    leaf,
    shown,
    unknown,
)

__all__ = ["MAX_TEXT", "read_text"]

MAX_TEXT = 65_536
"""The longest expression that is read, in characters."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')|(?P<word>\w+)|(?P<sign>&&|\|\||[!~(),])|(?P<end>\Z))""",
    re.DOTALL,
)
_SIGNS = {"&&": "and", "||": "or", "!": "not", "~": "not"}
_OPERATORS = ("and", "or", "not")
_TERMS: tuple[LeafVariant | Literal["Expiration"], ...] = ("All", *NAMES, "Expired", "Expiration")

_AnyVariant = TypeVar("_AnyVariant", bound=str)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int

    @property
    def where(self) -> str:
        return f"column {self.column}"

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else shown(self.text)


def read_text(text: str) -> Term:
    """Return the query that an expression states; raises `Misread` with the column of what is wrong."""
    if len(text) > MAX_TEXT:
        raise Misread(f"column {MAX_TEXT + 1}", f"expected at most {MAX_TEXT} characters, got {len(text)}")
    return _TextReader(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens = []
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            place = len(text) - len(text[place:].lstrip())
            raise Misread(f"column {place + 1}", _unreadable(text[place]))
        kind = str(match.lastgroup)
        found = match.group(kind)
        column = match.start(kind) + 1
        if kind == "sign" and found in _SIGNS:
            kind, found = "operator", _SIGNS[found]
        elif kind == "word" and found.lower() in _OPERATORS:
            kind, found = "operator", found.lower()
        tokens.append(_Token(kind, found, column))
        if kind == "end":
            return tokens
        place = match.end()


def _unreadable(character: str) -> str:
    if character in "\"'":
        return f"a string that begins here has no closing {character}"
    if character in "&|":
        return f"expected {character}{character}, got a single {character}"
    return f"expected a term, an operator or a parenthesis, got {character!r}"


class _TextReader:
    """Reads tokens by descent, one method for each rank: and, or, not, term."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0

    def whole(self) -> Term:
        term = self._and(0)
        if self._next.kind != "end":
            raise Misread(self._next.where, f"expected || or &&, which binds less, or the end, got {self._next}")
        return term

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, kind: str, text: str) -> bool:
        taken = self._next.kind == kind and self._next.text == text
        self._at += taken
        return taken

    def _and(self, depth: int) -> Term:
        terms = [self._or(depth)]
        while self._take("operator", "and"):
            terms.append(self._or(depth))
        return terms[0] if len(terms) == 1 else Term("And", terms=tuple(terms))

    def _or(self, depth: int) -> Term:
        terms = [self._not(depth)]
        while self._take("operator", "or"):
            terms.append(self._not(depth))
        return terms[0] if len(terms) == 1 else Term("Or", terms=tuple(terms))

    def _not(self, depth: int) -> Term:
        token = self._next
        if depth >= MAX_DEPTH:
            raise Misread(token.where, f"expected a nesting of at most {MAX_DEPTH}")
        if self._take("operator", "not"):
            return Term("Not", terms=(self._not(depth + 1),))
        if self._take("sign", "("):
            term = self._and(depth + 1)
            self._close(token)
            return term
        return self._term()

    def _close(self, opened: _Token) -> None:
        if not self._take("sign", ")"):
            raise Misread(self._next.where, f"expected ) for the ( at {opened.where}, got {self._next}")

    def _term(self) -> Term:
        word, variant = self._word("a term", _TERMS)
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise Misread(word.where, f"expected at most {MAX_TERMS} terms")
        if variant == "Expiration":
            return self._expiration()
        arguments = self._arguments(word) if self._next == ("sign", "(", self._next.column) else []
        if len(arguments) > 1:
            raise Misread(arguments[1][1], f"{word.text} takes one value")
        value, where = arguments[0] if arguments else (None, word.where)
        return leaf(variant, value, where)

    def _expiration(self) -> Term:
        opened = self._next
        if not self._take("sign", "("):
            raise Misread(opened.where, f"expected ( after Expiration, got {opened}")
        word, variant = self._word("an expiration", tuple(EXPIRATIONS))
        dates = self._arguments(word)
        self._close(opened)
        return expiration(Expiration(variant, dates), word.where)

    def _word(self, what: str, valid: tuple[_AnyVariant, ...]) -> tuple[_Token, _AnyVariant]:
        word = self._next
        if word.kind != "word":
            raise Misread(word.where, f"expected {what} like {valid[1]}(...), got {word}")
        for variant in valid:
            if variant == word.text:
                self._at += 1
                return word, variant
        raise unknown(what, word.text, valid, word.where)

    def _arguments(self, word: _Token) -> list[tuple[object, str]]:
        opened = self._next
        if not self._take("sign", "("):
            raise Misread(opened.where, f"expected ( after {word.text}, got {opened}")
        arguments: list[tuple[object, str]] = []
        if self._take("sign", ")"):
            return arguments
        while True:
            token = self._next
            arguments.append((_value(token), token.where))
            self._at += 1
            if not self._take("sign", ","):
                break
        self._close(opened)
        return arguments


def _value(token: _Token) -> object:
    if token.kind == "string":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
    if token.kind == "word" and token.text.lower() in ("true", "false"):
        return token.text.lower() == "true"
    raise Misread(token.where, f"expected a string in quotes, got {token}")
