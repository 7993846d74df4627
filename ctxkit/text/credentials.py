"""Finds secrets that somebody could use: keys of known issuers, private keys, passwords in addresses, named values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from ctxkit.text.issuers import has_checksum, issuers, keys
from ctxkit.text.made_up import is_made_up
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_PREFIX = on_demand(
    r"^(?:AGE-SECRET-KEY-1|sk-ant-[a-z]+\d\d-|sk-or-v1-|github_pat_|A[KSBC][A-Z]A|[a-zA-Z0-9]{1,9}[-_.=](?:[a-z]{2,6}_)?)"
)
_PEM = on_demand(r"-----BEGIN ([A-Z0-9 ]{0,30})PRIVATE KEY(?: BLOCK)?-----")
_PEM_LONGEST = 20_000
_PEM_NOISE = on_demand(r"(?m)\\[rnt]|[\s\"'>|,+]|^[ \t]*[A-Za-z-]{1,30}: [^\n]{0,200}$")
_PEM_BODY = on_demand(r"[A-Za-z0-9+/=]{64,}")
_NAMED = on_demand(
    r"(?i:password|passwd|passphrase|secret|token|(?:api|access|secret|private|account|encryption|signing)[_-]?key)"
    r"(?:[_-]?base)?[\"'`]?[ \t]{0,4}(?::=|[:=])[ \t]{0,4}[\"'`]?([A-Za-z0-9+/_~-]{20,200}={0,2})(?![\w.(/\[$=-])"
)
_PASSWORD = on_demand(
    r"(?i:passw(?:or)?d|passphrase|pwd|secret)[\"'`]?(?:[ \t]{0,4}(?::=|[:=])[ \t]{0,4}|[ \t]{1,4}is:?[ \t]{1,4})"
    r"[\"'`]?([^\s\"'`<>;,]{8,64})(?=[\"'`;,\s]|\Z)"
)
_LOGIN = on_demand(r"(?:^|[\s`])(?:-u|--user)[ \t=]{1,4}[\"'`]?([\w.@-]{1,64}):([^\s\"'`]{8,64})")
_CODE = on_demand(r"[A-Za-z_]\w*(?:(?:\.|::|->|/)[\w-]+)+|[^\s]*[(){}\[\]|\\][^\s]*")
_WORDS = on_demand(r"(?i)[a-z]{2,}\d{0,4}(?:[-_.](?:[a-z]{1,}\d{0,4}|\d{1,8}))+")
_UUID = on_demand(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STRONG_NAME = on_demand(r"(?i)secret|passw|api[_-]?key")
_PADDING = on_demand(r"A{4,}")
_NAME_BEFORE = on_demand(r"[\w-]{0,40}\Z")
_NAMES = ("passw", "passphrase", "secret", "token", "key")
_SCHEME = on_demand(
    r"(?i)\bauthorization[\"'`]?[ \t]{0,4}:[ \t]{0,4}[\"'`]?(bearer|basic|token)[ \t]+([A-Za-z0-9+/=_~-]{20,200})"
)
_USERINFO = on_demand(
    r"\b([a-z][a-z0-9+.-]{1,20}://)([^\s/@:\"'`<>]{0,64}):([^\s/@\"'`<>]{8,100})@([A-Za-z0-9.-]{1,120})"
)
_NEAR = on_demand(
    r"(?i)^(?:.*\.local|.*\.internal|.*\.test|.*\.invalid|(?:.*\.)?example(?:\.[a-z]+)?|127\..*|0\.0\.0\.0|[a-z0-9_-]+"
    r"|(?:.*[.-])?(?:your|my|some)[a-z-]*\..*|(?:.*\.)?(?:host|hostname|server|domain|foo|bar|site|company)\.[a-z]+)$"
)
_CAPITALISED = on_demand(r"u?l+|u")
_LEAST_TURNS = 3
_MOST = 5_000
"""Candidates of one kind that are judged in one text: no file that people read has so many."""
_LONGEST_WORD = 2.6
_LEAST_CHOSEN = 10
_LEAST_KINDS = 3


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret from ``start`` to ``end`` (characters). ``id``: what kind; ``issuer``: whose, in words.

    ``sure``: it has the shape of an issuer, and no public key has it. ``named``: what stands for it where it must not
    be shown: the name it was given, the address it opens, or a digest of a key that nobody can guess. ``doubt``: what
    speaks against it, as a sentence.
    """

    id: str
    issuer: str
    start: int
    end: int
    sure: bool
    named: str
    doubt: str = ""


def credentials(text: str) -> list[Credential]:
    """The secrets in ``text`` in order, none within another. What only shows a shape is left out."""
    found: list[Credential] = []
    for one in sorted(_all(text), key=lambda one: (one.start, not one.sure, -one.end)):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found


def _all(text: str) -> Iterator[Credential]:
    small = text.lower()
    yield from _of_issuers(text, small)
    if "private key" in small:
        yield from _private_keys(text)
    if "://" in small:
        yield from _in_addresses(text)
    if "authorization" in small:
        for match in islice(_SCHEME().finditer(text), _MOST):
            if _is_random(match[2]) and not (match[1].lower() == "basic" and _shows_no_password(match[2])):
                yield Credential("authorization", "an Authorization header", *match.span(2), False, _digest(match[2]))
    if "-u" in small:
        for match in islice(_LOGIN().finditer(text), _MOST):
            if _is_chosen(match[2]):
                yield Credential("login", f"a password of {match[1]}", *match.span(2), False, match[1])
    if any(name in small for name in _NAMES):
        yield from _named(text)
        for match in islice(_PASSWORD().finditer(text), _MOST):
            if _is_chosen(match[1]) and _digest(match[1], "") not in issuers().public:
                name = _name(text, match)
                yield Credential("password", f"a value called {name}", *match.span(1), False, name)


def _of_issuers(text: str, small: str) -> Iterator[Credential]:
    known = issuers()
    for issuer, match in islice(keys(text, small, wide=False), _MOST):
        key = match.group()
        if key.startswith("eyJ") and _is_public_token(key):
            continue
        fits = has_checksum(key) if issuer.checksum else None
        if _digest(key, "") in known.public or (not fits and is_made_up(_PREFIX().sub("", key, count=1))):
            continue
        sure = issuer.confidence == "high" and fits is not False
        doubt = "" if fits is not False else "Its checksum is wrong: it was cut off or changed, or never was a key."
        yield Credential(issuer.id, issuer.issuer, *match.span(), sure, _digest(key), doubt)


def _is_public_token(token: str) -> bool:
    """Is a JSON web token one of those that documentation shows, or that browsers get (Supabase's anonymous role)?"""
    import base64
    import json

    header, payload = (part + "=" * (-len(part) % 4) for part in token.split(".")[:2])
    try:
        kind, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in (header, payload))
    except (ValueError, RecursionError):
        return True
    if not isinstance(kind, dict) or not isinstance(claims, dict) or "alg" not in kind:
        return True
    words = json.dumps(claims).lower()
    return any(
        word in words for word in ("1234567890", "john doe", "example", "supabase-demo", '"anon"', "test", "foo")
    )


def _private_keys(text: str) -> Iterator[Credential]:
    for match in islice(_PEM().finditer(text), _MOST):
        stop = text.find("-----", match.end(), match.end() + _PEM_LONGEST)
        stop = min(match.end() + _PEM_LONGEST, len(text)) if stop < 0 else stop
        body = _PEM_BODY().match(_PEM_NOISE().sub("", text[match.end() : stop]))
        # The head of a key, which says what kind it is, has long runs of one letter.
        if body is not None and not is_made_up(_PADDING().sub("", body.group())[-200:]):
            kind = match[1].strip()
            issuer = f"a private key ({kind})" if kind else "a private key"
            yield Credential("private-key", issuer, match.start(), stop, True, _digest(body.group()))


def _in_addresses(text: str) -> Iterator[Credential]:
    for match in islice(_USERINFO().finditer(text), _MOST):
        if _NEAR().match(match[4]) or not _opens(match[3]) or match[3].lower().startswith(match[2].lower() or "\0"):
            continue
        place = f"{match[1]}{match[2]}@{match[4]}"
        yield Credential("password-in-address", f"a password in an address at {match[4]}", *match.span(3), False, place)


def _named(text: str) -> Iterator[Credential]:
    for match in islice(_NAMED().finditer(text), _MOST):
        value, name = match[1], _name(text, match)
        if (
            _is_random(value)
            and _digest(value, "") not in issuers().public
            and name[:1] not in ("$", ".")
            and (_STRONG_NAME().search(name) or not _UUID().fullmatch(value))
        ):
            yield Credential("named-secret", f"a value called {name}", *match.span(1), False, name)


def _name(text: str, match: re.Match[str]) -> str:
    """The name that a value was given, with a ``$`` or a dot that stands before it."""
    before = _NAME_BEFORE().search(text, max(0, match.start() - 40), match.start())
    start = before.start() if before is not None else match.start()
    name = text[start : match.start(1)].split("=")[0].split(":")[0].strip(" \t\"'`").removesuffix(" is")
    return f"{text[start - 1]}{name}" if start and text[start - 1] in "$." else name


def _shows_no_password(encoded: str) -> bool:
    """Does Base64 of ``user:password`` hold a password that nobody made by chance?"""
    import base64

    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    except ValueError:
        return True
    return not _is_password(decoded.partition(":")[2])


def _is_random(value: str) -> bool:
    """Letters and digits in no order: no name, no path, no identifier in words."""
    if value.count("/") > len(value) // 20 + 1 or value.startswith("eyJ") or _WORDS().fullmatch(value):
        return False
    return (
        any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and not is_made_up(value) and _mixed(value)
    )


def _opens(value: str) -> bool:
    """Could it be the password of an account that is there: letters and digits, and no word for a password?"""
    return (
        any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and not value.startswith(("$", "%", "{", "[", "("))
        and not is_made_up(value)
    )


def _is_chosen(value: str) -> bool:
    """Is it a password by itself, whatever stands around it: of three kinds of characters, in no order, and no code?"""
    value = value.rstrip(".)")
    if value.startswith(("$", "%", "/", "-", ".", "@", "#")) or _CODE().fullmatch(value) or "://" in value:
        return False
    kinds = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum())
    held = [any(map(kind, value)) for kind in kinds]
    return (
        len(value) >= _LEAST_CHOSEN
        and sum(held) >= _LEAST_KINDS
        and held[2]
        and _is_random(value.replace("$", ""))
        and _turns(value)
    )


def _turns(value: str) -> bool:
    """Do the kinds of characters change more than they do in words with a number?"""
    classes = [0 if c.isdigit() else 1 if c.isupper() else 2 if c.islower() else 3 for c in value]
    return sum(a != b for a, b in pairwise(classes)) >= len(value) // 2


def _is_password(value: str) -> bool:
    if any(char in value for char in "$%{}[]()*") and not any(char.isdigit() for char in value):
        return False
    return not value.startswith(("$", "%", "{", "[", "(")) and not is_made_up(value) and _mixed(value)


def _mixed(value: str) -> bool:
    """Do letters and digits take turns, or capitals and small letters faster than in words joined by capitals?"""
    kinds = "".join("d" if c.isdigit() else "u" if c.isupper() else "l" for c in value if c.isalnum())
    turns = sum((a == "d") != (b == "d") for a, b in pairwise(kinds))
    runs = _CAPITALISED().findall(kinds)
    return turns >= _LEAST_TURNS or (turns > 0 and sum(map(len, runs)) < _LONGEST_WORD * len(runs))


def _digest(secret: str, salt: str = "ctxkit secret-in-context\0") -> str:
    """The first 16 hexadecimal digits of SHA-256; the salt keeps it out of tables of hashes of known keys."""
    return hashlib.sha256(f"{salt}{secret}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
