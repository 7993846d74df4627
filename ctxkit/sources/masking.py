"""Command lines and addresses as they may be shown: without the secrets that people write into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

MASK = "***"

# What is shown of a command line, and how much of one argument is looked at, in characters.
_LONGEST = 400
_LONGEST_ARGUMENT = 2_000
# A reference to a secret kept elsewhere is no secret: ${VAR}, ${env:VAR}, $VAR, %VAR%, {env:VAR}, {file:path}.
_REFERENCE = r"\$\{[^{}]*\}|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\{(?:env|file):[^{}]*\}"
_ONLY_REFERENCES = on_demand(rf"(?:(?i:bearer|basic|token)\s+)?(?:{_REFERENCE})+")
_DEFAULT = on_demand(r"(\$\{\w+:?[-=?+])[^{}]*\}")
_URL = on_demand(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+://[^\s\"'<>]+")
_ASSIGNMENT = on_demand(r"\b([A-Z][A-Z0-9_]{2,}+)=(\"[^\"]*\"|'[^']*'|[^\s\"']+)")
_NAMED = on_demand(
    rf"(?:{_REFERENCE})|(?<![\w.-])([\w.-]++)([\"']?\s*[:=]\s*[\"']?)"
    rf"((?:(?:[Bb]earer|[Bb]asic|[Tt]oken)\s+)?(?:{_REFERENCE}|[^\s\"',;&}}])+)"
)
_SCHEME = on_demand(r"\b([Bb]earer|[Bb]asic)\s+([^\s\"',;]+)")
_USERINFO = on_demand(r"(?<![\w.-])(?!npm:|jsr:)[\w.-]+:[^\s/@:]+@(?=[\w.-])")
_PIECE = on_demand(rf"{_REFERENCE}|[A-Za-z0-9_+=.~-]{{12,}}")
_WORD = on_demand(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FLAG = on_demand(r"(--?[A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_FLAG_INSIDE = on_demand(r"(?<![\w.-])(--?[A-Za-z][\w.-]*+)(\s+)(\"[^\"]*\"|'[^']*'|[^\s\"'-][^\s\"']*)")
_SENSITIVE = frozenset(
    {
        "apikey",
        "auth",
        "authorization",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "dsn",
        "jwt",
        "key",
        "keys",
        "pass",
        "passphrase",
        "passwd",
        "password",
        "pat",
        "private",
        "pwd",
        "secret",
        "secrets",
        "sig",
        "signature",
        "token",
        "tokens",
    }
)
_PREFIX = on_demand(
    r"(?:sk|pk|rk|gh[oprsu]|github_pat|glpat|xox[a-z]|npm|pypi|hf|key|AKIA|ASIA|AIza|eyJ|ya29|SG|shpat|dop_v1|lin_api"
    r"|secret|ntn|tvly|fc|figd|pat|api)[-_.]?[A-Za-z0-9][A-Za-z0-9_+=.~-]{8,}"
)
_UUID = on_demand(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_RUN = on_demand(r"[A-Za-z0-9]+")
_CLASS_CHANGE = on_demand(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")


def command_line(arguments: Sequence[str], longest: int = _LONGEST) -> str:
    """``arguments`` in one line, quoted where they hold blanks; values that may be secret are replaced by ``***``.

    What is over ``longest`` characters is cut off.
    """
    shown: list[str] = []
    secret_next = False
    room = max(longest, _LONGEST_ARGUMENT)
    for argument in (argument[:room] for argument in arguments[:longest]):
        flag = _FLAG().fullmatch(argument)
        if secret_next and (flag is None or (len(argument) > 2 and not argument.startswith("--"))):
            shown.append(_hidden(argument))
            secret_next = False
            continue
        secret_next = False
        if flag is None:
            shown.append(_quoted(masked(argument, room)))
        elif flag[2] is None:
            secret_next = is_sensitive(flag[1])
            shown.append(masked(argument, room))
        else:
            value = _hidden(flag[2]) if is_sensitive(flag[1]) else masked(flag[2], room)
            shown.append(_quoted(f"{flag[1]}={value}"))
    line = printable(" ".join(shown))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def masked(text: str, longest: int = _LONGEST_ARGUMENT) -> str:
    """``text`` with secrets replaced: in addresses, assignments, headers, and what looks like a token by itself.

    Names of variables stay; references such as ``${TOKEN}`` stay unexpanded. Only the first ``longest``
    characters count.
    """
    text = text[:longest]
    text = _DEFAULT().sub(rf"\1{MASK}}}", text)
    text = _URL().sub(lambda match: _url(match.group()), text)
    text = _ASSIGNMENT().sub(lambda match: f"{match[1]}={_hidden(match[2])}", text)
    text = _NAMED().sub(_named, text)
    text = _FLAG_INSIDE().sub(_after_flag, text)
    text = _SCHEME().sub(lambda match: f"{match[1]} {_hidden(match[2])}", text)
    text = _USERINFO().sub(f"{MASK}@", text)
    return _PIECE().sub(lambda match: MASK if _is_secret(match.group()) else match.group(), text)


def printable(text: str) -> str:
    """``text`` with control characters and undecodable bytes as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _named(match: re.Match[str]) -> str:
    if match[1] is None or not is_sensitive(match[1]):
        return match.group()
    return f"{match[1]}{match[2]}{_hidden(match[3])}"


def _after_flag(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{_hidden(match[3])}" if is_sensitive(match[1]) else match.group()


def _hidden(value: str) -> str:
    inner = value.strip("\"'")
    return _DEFAULT().sub(rf"\1{MASK}}}", inner) if _ONLY_REFERENCES().fullmatch(inner) else MASK


def is_sensitive(name: str) -> bool:
    """Does a variable, header or option of this name usually hold a secret?"""
    words = [word.lower() for word in _WORD().findall(name)]
    return any(word in _SENSITIVE for word in words) or "apikey" in "".join(words)


def _is_secret(piece: str) -> bool:
    """Does a piece of text look like a token: a known prefix, a UUID, or letters and digits in no order."""
    if piece.startswith(("$", "%", "{")):
        return False
    if any(_PREFIX().fullmatch(part) and any(c.isdigit() for c in part) for part in (piece, *piece.split("="))):
        return True
    return is_random(piece)


def is_random(text: str) -> bool:
    """Does ``text`` hold a UUID, or letters and digits in no order?"""
    if _UUID().search(text):
        return True
    for run in _RUN().findall(text):
        digits = sum(c.isdigit() for c in run)
        if len(run) >= 12 and digits >= 2 and len(run) - digits >= 2 and len(_CLASS_CHANGE().findall(run)) >= 3:
            return True
        if len(run) >= 20 and len(_CLASS_CHANGE().findall(run)) >= 6:
            return True
    return False


def _url(url: str) -> str:
    scheme, rest = url.split("://", 1)
    rest, hash_mark, _ = rest.partition("#")
    rest, question, query = rest.partition("?")
    authority = rest.split("/", 1)[0]
    if "@" in rest and ("@" in authority or ":" in authority):
        rest = f"{MASK}@{rest.rpartition('@')[2]}"
    rest = "/".join(MASK if part != MASK and _is_secret(part) else part for part in rest.split("/"))
    if question:
        names = [part.split("=", 1) for part in query.split("&")]
        rest += "?" + "&".join(f"{pair[0]}={_hidden(pair[1])}" if len(pair) == 2 else MASK for pair in names)
    return f"{scheme}://{rest}{'#' + MASK if hash_mark else ''}"


def _quoted(text: str) -> str:
    return f'"{text}"' if not text or any(c.isspace() for c in text) else text
