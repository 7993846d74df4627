"""JSON with comments and trailing commas, as the settings files of most agents are written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ctxkit.model import ConfigError
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable

# An unfinished string or comment runs to the end of the text: the search never starts over behind an opening quote,
# so its time stays linear.
_STRING = r'"(?:[^"\\]++|\\.)*+(?:"|\Z)'
_COMMENTS = on_demand(rf"{_STRING}|//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)", re.DOTALL)
_COMMAS = on_demand(rf"{_STRING}|,(?=[ \t\r\n]*+[}}\]])", re.DOTALL)
_WORDS = on_demand(rf"{_STRING}|NaN|-?Infinity", re.DOTALL)
_NOT_NEWLINE = on_demand(r"[^\r\n]")
# Python refuses to read longer decimal integers; JavaScript, in which the agents are written, makes them infinite.
_LONGEST_INT = 4300


class JsoncError(ConfigError):
    """Text that is not JSON, not even with comments. ``line`` and ``column`` count from 1."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column


def parse(text: str) -> object:
    """The value that ``text`` stands for.

    Comments of both kinds, a comma before a closing bracket and a byte order mark are read over; of a repeated
    key the last one counts. Integers too long to read become infinite floats. Raises :class:`JsoncError`, which
    names the place, also for nesting deeper than the interpreter can follow.
    """
    body = text.removeprefix("\ufeff")
    try:
        return _loads(body)
    except json.JSONDecodeError:
        pass
    except RecursionError:
        raise _too_deep(body) from None
    plain = _without_commas(_without_comments(body))
    try:
        return _loads(plain)
    except json.JSONDecodeError as error:
        raise _error(
            body, error.pos, _PROBLEMS.get(error.msg, error.msg[:1].lower() + error.msg[1:].removesuffix(" at"))
        ) from None
    except RecursionError:
        raise _too_deep(body) from None


_PROBLEMS = {
    "Expecting value": "a value is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the key",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Unterminated string starting at": "the string that starts here has no end",
    "Extra data": "there is more text after the end of the value",
    "Illegal trailing comma before end of object": "a comma stands where none may",
    "Illegal trailing comma before end of array": "a comma stands where none may",
}


def _problem(message: str) -> str:
    return _PROBLEMS.get(message, message[:1].lower() + message[1:].removesuffix(" at"))


def _loads(text: str) -> object:
    return json.loads(text, parse_int=_integer, parse_constant=_no_constant(text))


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)


def _no_constant(text: str) -> Callable[[str], float]:
    """A hook that refuses the words Python adds to JSON: NaN and the infinities."""

    def refuse(word: str) -> float:
        places = (match.start() for match in _WORDS().finditer(text) if match.group() == word)
        raise json.JSONDecodeError("Expecting value", text, next(places, 0))

    return refuse


def _without_comments(text: str) -> str:
    """``text`` with every comment blanked; places and line breaks stay where they are."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] == '"':
            return found
        if found[1] == "*" and (len(found) < 4 or not found.endswith("*/")):
            raise _error(text, match.start(), "the comment that starts here has no end")
        return _NOT_NEWLINE().sub(" ", found)

    return _COMMENTS().sub(blank, text)


def _without_commas(text: str) -> str:
    """``text`` with the commas before closing brackets blanked, where a value stands before them."""

    def blank(match: re.Match[str]) -> str:
        if match.group() != ",":
            return match.group()
        before = match.start() - 1
        while before >= 0 and text[before] in " \t\r\n":
            before -= 1
        return "," if before < 0 or text[before] in "[{,:" else " "

    return _COMMAS().sub(blank, text)


def _error(text: str, at: int, problem: str) -> JsoncError:
    line = text.count("\n", 0, at) + 1
    return JsoncError(problem, line, at - (text.rfind("\n", 0, at) + 1) + 1)


_BRACKET = on_demand(rf"{_STRING}|[\[{{}}\]]", re.DOTALL)


def _too_deep(text: str) -> JsoncError:
    """The error for nesting beyond what the interpreter follows, placed where the nesting is deepest."""
    depth = deepest = at = 0
    for match in _BRACKET().finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > deepest:
            deepest, at = depth, match.start()
    return _error(text, at, f"values are nested {deepest:,} deep, more than can be read")
