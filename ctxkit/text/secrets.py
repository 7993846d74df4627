"""Masks secrets in prose, code and command lines, by known shapes alone: what looks random otherwise may be a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.text.issuers import masks
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re

MASK = "***"

_NAMED = on_demand(
    r"(?<![\w.-])([\w.-]{0,60}?(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|authorization|auth))(\\?[\"']?(?:\s*[:=]\s*|\s+)\\?[\"']?)([^\s\"',;&}\\)]{6,})"
)
# What every match of that pattern holds, in small letters: to look for these takes a tenth of the time.
_NAMES = ("pass", "secret", "token", "key", "credential", "auth")
_SCHEME = on_demand(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9+/=_.~-]{8,})")
_USERINFO = on_demand(r"(://)[^\s/@:\"'<>]{0,200}:[^\s/@\"'<>]{1,200}(?=@)")
_REFERENCE = ("$", "%", "{", "<", "process.", "os.", "env.", MASK)
# Every key has so long a run with a digit or a capital letter. Few texts have one, and a key is looked for in no other.
_RUN = on_demand(r"[A-Za-z0-9_-]{13,}")
_MIXED = on_demand(r"[A-Z0-9]")
_LEAST_LETTERS = 32
"""Characters of a key that may have no digit (Hugging Face's)."""


def without_secrets(text: str) -> str:
    """``text`` with ``***`` for keys of known issuers, passwords in addresses, and values that a name calls secret.

    A value counts where it has both letters and digits; what refers to a secret (``$TOKEN``) stays.
    """
    small = text.lower()
    for sign, marks in masks() if _may_hold_key(text) else ():
        if sign in small:
            for mark, pattern in marks:
                if mark in small:
                    text = pattern().sub(_known, text)
    if "://" in small:
        text = _USERINFO().sub(rf"\1{MASK}", text)
    if "bearer" in small or "basic" in small:
        text = _SCHEME().sub(lambda match: f"{match[1]} {_hidden(match[2])}", text)
    if any(name in small for name in _NAMES):
        text = _NAMED().sub(lambda match: f"{match[1]}{match[2]}{_hidden(match[3])}", text)
    return text


def _may_hold_key(text: str) -> bool:
    runs = _RUN().findall(text)
    return bool(runs) and _MIXED().search(" ".join(runs)) is not None


def _known(match: re.Match[str]) -> str:
    """The mask for a key of a known issuer: it has digits, or it is long and of letters in both cases."""
    key = match.group()
    long = len(key) >= _LEAST_LETTERS and "-" not in key and key != key.lower() and key != key.upper()
    return MASK if long else _hidden(key)


def _hidden(value: str) -> str:
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return MASK if mixed and not value.startswith(_REFERENCE) else value
