"""Tells a key that a machine made from one that a writer made up to show its shape."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log2

from ctxkit.text.pattern import on_demand

# Words that documentation puts into keys. Of four letters or more: shorter ones turn up in random text.
_WORDS = on_demand(
    r"(?i)example|your|dummy|fake|sample|placeholder|change|replace|insert|redact|secret|token|passw|apikey|api[_-]key"
    r"|access|here|test|mock|demo|todo|fixme|foobar|invalid|hidden|actual|real|value|string|xxxx|abcd|qwert|asdf|dead"
    r"|beef|cafebabe|\.\.\.|\*\*|[<>{}$…]"
)
_LEAST_DISTINCT = 7
_LEAST_BITS = 2.9
_LEAST_CHANGES = 0.12
_MANY_DIGITS = 0.25
_MOST_IN_ORDER = 0.45
_LONGEST_REPEAT = on_demand(r"(.)\1{4}")
_BLOCK = on_demand(r"(.{2,24}?)\1{2,}")


def is_made_up(body: str) -> bool:
    """Is ``body`` (a key without the prefix of its issuer) no key: words, a sequence, a repetition, too little chance?

    Long keys are judged by their first 200 characters.
    """
    body = body[:200]
    plain = [char for char in body if char.isalnum()]
    if len(plain) < _LEAST_DISTINCT or len(set(plain)) < _LEAST_DISTINCT:
        return True
    if _WORDS().search(body) or _LONGEST_REPEAT().search(body) or _repeats(body):
        return True
    return _bits("".join(plain)) < _LEAST_BITS or _in_words(plain) or _in_order(plain)


def _repeats(body: str) -> bool:
    """Is half of it or more one block over and over?"""
    return any(2 * len(match.group()) >= len(body) for match in _BLOCK().finditer(body))


def _bits(text: str) -> float:
    """Shannon entropy of a character, in bits."""
    return -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values())


def _in_words(chars: list[str]) -> bool:
    """Are they letters with few digits, and neighbours seldom of different classes: small, capital, digit?

    Keys in capitals alone (AWS) may have no digit at all, so nothing is said of them.
    """
    digits = sum(char.isdigit() for char in chars)
    if digits >= _MANY_DIGITS * len(chars) or not any(char.islower() for char in chars):
        return False
    return sum(_class(a) != _class(b) for a, b in pairwise(chars)) < _LEAST_CHANGES * (len(chars) - 1)


def _class(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2


def _in_order(chars: list[str]) -> bool:
    """Do the characters, or every second one, mostly count up or down (abc, 123, a1b2c3, 987)?"""
    codes = [ord(char.lower()) for char in chars]
    for step in (1, 2):
        pairs = list(zip(codes, codes[step:], strict=False))
        if sum(abs(b - a) <= 1 for a, b in pairs) >= _MOST_IN_ORDER * len(pairs):
            return True
    return False
