"""What a server's entry would run, as it is shown to whoever has to agree to it: true first, discreet second.

Reports hide whatever may be a secret. Here that would hide code: a file can call a program, a module or a script by any
name, and put it where a secret is expected. So what the file says is shown as it stands there. A value is hidden only
where a secret stands by its name or its place and where it can be nothing else.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from ctxkit.sources.masking import MASK, is_random, is_sensitive, printable
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Without blanks, quotes, slashes and all that a shell or a program could take for more than one word.
_PLAIN = on_demand(r"[A-Za-z0-9_+=.:~-]+")
_FLAG = on_demand(r"--?[A-Za-z][\w.-]*")
_NAMED = on_demand(
    r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)(?P<between>=|:[ ]?)(?P<scheme>(?:[Bb]earer|[Bb]asic|[Tt]oken)[ ])?(?P<value>\S+)"
)
# Nor is an address one that a shell would take for more.
_URL = on_demand(r"(?!\S*[\"'`$;|<>()\\])([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#]*)([^\s?#]*)(\?[^\s#]*)?(#\S*)?")
_CLOUD_KEY = on_demand(r"A[KS]IA[A-Z0-9]{16}")
_VARIABLE = on_demand(r"\w+")
# What has as many different characters and as many digits as this is no word that anybody made up.
_SHORTEST_RANDOM = 16
_BITS = 3.5
_DIGITS = 0.25
# Where interpreters look for what they are given by its name alone.
_FOLDERS = ("", "node_modules")


def shown_line(arguments: Sequence[str], directory: str) -> str:
    """``arguments`` in one line, each quoted where its ends could not be seen.

    ``directory`` is where they run: what names a file there is no secret.
    """
    shown: list[str] = []
    option = ""
    for argument in arguments:
        if option and not argument.startswith("-") and is_sensitive(option):
            shown.append(MASK if _is_only_secret(argument, directory) else _quoted(_argument(argument, directory)))
        else:
            shown.append(_quoted(_argument(argument, directory) if shown else argument))
        option = argument if _FLAG().fullmatch(argument) else ""
    return printable(" ".join(shown))


def shown_address(url: str) -> str:
    """``url`` with its host and its path as they are; passwords, and secrets of its query, are ``***``."""
    return printable(_url(url))


def shown_variables(values: Mapping[str, str], arguments: Sequence[str], directory: str) -> tuple[str, ...]:
    """NAME=VALUE for each of ``values``, sorted.

    What has the name of a secret is hidden where it is one plain word, unless ``arguments`` or another value speak of
    that variable: then they may run what it says.
    """
    shown = []
    for name, value in sorted(values.items()):
        others = (text for other, text in values.items() if other != name)
        spoken_of = name in _words((*arguments, *others))
        secret = is_sensitive(name) and (
            _is_only_secret(value, directory) if spoken_of else _is_plain(value, directory)
        )
        shown.append(printable(f"{name}={MASK if secret else _quoted(_url(value))}"))
    return tuple(shown)


def _argument(text: str, directory: str) -> str:
    if (named := _NAMED().fullmatch(text)) and "://" not in text[: named.start("value") + 2]:
        value = named["value"]
        if is_sensitive(named["name"]) and _is_only_secret(value, directory):
            return text[: named.start("value")] + MASK
        return text[: named.start("value")] + _url(value)
    return _url(text)


def _url(text: str) -> str:
    """``text`` without the secrets of an address where all of it is one."""
    match = _URL().fullmatch(text)
    if match is None:
        return text
    scheme, authority, path, query, fragment = match.groups("")
    user, at, host = authority.rpartition("@")
    name, colon, password = user.partition(":")
    if _PLAIN().fullmatch(password):
        password = MASK
    elif not colon and _is_token(name):
        name = MASK
    return scheme + name + colon + password + at + host + path + _query(query) + fragment


def _query(query: str) -> str:
    parts = []
    for part in query[1:].split("&"):
        name, equals, value = part.partition("=")
        hidden = is_sensitive(name) and _PLAIN().fullmatch(value) and _is_token(value)
        parts.append(f"{name}={MASK}" if equals and hidden else part)
    return query[:1] + "&".join(parts)


def _is_only_secret(value: str, directory: str) -> bool:
    return _is_token(value) and _is_plain(value, directory)


def _is_plain(value: str, directory: str) -> bool:
    """Is ``value`` one word that names no file?"""
    return _PLAIN().fullmatch(value) is not None and not _names_file(value, directory)


def _is_token(value: str) -> bool:
    """Does ``value`` look as if a machine had made it?"""
    if _PLAIN().fullmatch(value) is None:
        return False
    if _CLOUD_KEY().fullmatch(value) or is_random(value):
        return True
    digits = sum(char.isdigit() for char in value)
    return len(value) >= _SHORTEST_RANDOM and _DIGITS * len(value) <= digits < len(value) and _entropy(value) >= _BITS


def _entropy(text: str) -> float:
    """Bits in a character of ``text``, after how often each occurs in it."""
    return -sum(times / len(text) * math.log2(times / len(text)) for times in Counter(text).values())


def _names_file(value: str, directory: str) -> bool:
    """Does ``value``, with or without an ending, name a file that a program started in ``directory`` would find?"""
    return any(
        next(glob.iglob(glob.escape(os.path.join(directory, folder, value)) + "*"), None) is not None
        for folder in _FOLDERS
    )


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _VARIABLE().findall(text)}


def _quoted(text: str) -> str:
    """``text`` in quotes where it needs some: in those that it does not hold itself, so that it stays as it is."""
    if text and not re.search(r"[\s\"']", text):
        return text
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
