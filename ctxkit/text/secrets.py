"""Masks secrets in prose, code and command lines, by known shapes alone: what looks random otherwise may be a hash."""

from __future__ import annotations

from ctxkit.text.issuers import keys
from ctxkit.text.pattern import on_demand

MASK = "***"

_NAMED = on_demand(
    r"(?<![\w.-])([\w.-]{0,60}?(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|authorization|auth))(\\?[\"'`]?(?:\s*[:=]\s*|\s+(?:is:?\s+)?)\\?[\"'`]?)([^\s\"'`,;&}\\)]{6,})"
)
# What every match of that pattern holds, in small letters: to look for these takes a tenth of the time.
_NAMES = ("pass", "secret", "token", "key", "credential", "auth")
_LOGIN = on_demand(r"((?<!\S)(?:-u|--user)[ \t=]{1,4}[\"'`]?[\w.@-]{1,64}:)([^\s\"'`]{6,})")
_SCHEME = on_demand(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9+/=_.~-]{8,})")
_USERINFO = on_demand(r"(://)[^\s/@:\"'<>]{0,200}:[^\s/@\"'<>]{1,200}(?=@)")
_REFERENCE = ("$", "%", "{", "<", "process.", "os.", "env.", MASK)
_TURN = on_demand(r"[a-z][A-Z]")
_LEAST_TURNS = 3
"""From so many on, capitals in the middle of a key without digits are no beginnings of words."""


def without_secrets(text: str) -> str:
    """``text`` with ``***`` for keys of known issuers, passwords in addresses, and values that a name calls secret.

    A value counts where it has both letters and digits; what refers to a secret (``$TOKEN``) stays.
    """
    small = text.lower()
    text = _without_keys(text, small)
    if "://" in small:
        text = _USERINFO().sub(rf"\1{MASK}", text)
    if "bearer" in small or "basic" in small:
        text = _SCHEME().sub(lambda match: f"{match[1]} {_hidden(match[2])}", text)
    if "-u" in small:
        text = _LOGIN().sub(lambda match: f"{match[1]}{_hidden(match[2])}", text)
    if any(name in small for name in _NAMES):
        text = _NAMED().sub(lambda match: f"{match[1]}{match[2]}{_hidden(match[3])}", text)
    return text


def _without_keys(text: str, small: str) -> str:
    pieces: list[str] = []
    done = 0
    for _, match in keys(text, small, wide=True):
        if match.start() >= done:
            pieces += (text[done : match.start()], _known(match.group()))
            done = match.end()
    return "".join((*pieces, text[done:])) if done else text


def _known(key: str) -> str:
    """The mask for a key of a known issuer: it has digits, or letters that no word is made of."""
    shown = _hidden(key)
    return MASK if len(_TURN().findall(key)) >= _LEAST_TURNS or (key.isalnum() and key.isupper()) else shown


def _hidden(value: str) -> str:
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return MASK if mixed and not value.startswith(_REFERENCE) else value
