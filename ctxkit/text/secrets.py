"""Secrets in prose, code and command lines, by their known shapes alone: what looks random otherwise may be a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re

MASK = "***"

_KNOWN = on_demand(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{16,}|[spr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|npm_[A-Za-z0-9]{16,}"
    r"|pypi-[\w-]{16,}|hf_[A-Za-z0-9]{16,}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|SG\.[\w-]{16,}[\w.-]*"
    r"|shp(?:at|ss|ca)_[a-fA-F0-9]{16,}|dop_v1_[a-f0-9]{16,}|lin_api_[A-Za-z0-9]{16,}|ntn_[A-Za-z0-9]{16,}"
    r"|tvly-[\w-]{16,}|figd_[\w-]{16,}|eyJ[\w-]{10,}\.[\w-]{4,}[\w.-]*"
    r")"
)
"""Prefixes that the issuers document (GitHub, GitLab, Slack, npm, PyPI, Stripe, AWS, Google, SendGrid, Shopify, Linear,
Notion, …; 2026-11), and JSON web tokens."""
_NAMED = on_demand(
    r"(?<![\w.-])([\w.-]{0,60}?(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|authorization|auth))(\\?[\"']?(?:\s*[:=]\s*|\s+)\\?[\"']?)([^\s\"',;&}\\)]{6,})"
)
# What every match of the two patterns holds, in small letters: to look for these takes a tenth of the time.
_PREFIXES = (
    "sk-", "k_live_", "k_test_", "gh", "glpat-", "xox", "npm_", "pypi-", "hf_", "akia", "asia", "aiza", "ya29.", "sg.",
    "shp", "dop_v1_", "lin_api_", "ntn_", "tvly-", "figd_", "eyj",
)  # fmt: skip
_NAMES = ("pass", "secret", "token", "key", "credential", "auth")
_SCHEME = on_demand(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9+/=_.~-]{8,})")
_USERINFO = on_demand(r"(://)[^\s/@:\"'<>]{0,200}:[^\s/@\"'<>]{1,200}(?=@)")
_REFERENCE = ("$", "%", "{", "<", "process.", "os.", "env.", MASK)


def without_secrets(text: str) -> str:
    """``text`` with ``***`` for keys of known issuers, passwords in addresses, and values that a name calls secret.

    A value counts where it has both letters and digits; what refers to a secret (``$TOKEN``) stays.
    """
    small = text.lower()
    if any(prefix in small for prefix in _PREFIXES):
        text = _KNOWN().sub(_if_mixed, text)
    if "://" in small:
        text = _USERINFO().sub(rf"\1{MASK}", text)
    if "bearer" in small or "basic" in small:
        text = _SCHEME().sub(lambda match: f"{match[1]} {_hidden(match[2])}", text)
    if any(name in small for name in _NAMES):
        text = _NAMED().sub(lambda match: f"{match[1]}{match[2]}{_hidden(match[3])}", text)
    return text


def _if_mixed(match: re.Match[str]) -> str:
    return _hidden(match.group())


def _hidden(value: str) -> str:
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return MASK if mixed and not value.startswith(_REFERENCE) else value
