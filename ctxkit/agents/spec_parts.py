"""Parts that several forms of ``rules/agents/<agent>.yaml`` share."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct, field


class Confidence(StrEnum):
    """How sure a fact is, best first."""

    LAB = "lab"
    """Seen in a run of the agent itself."""
    SOURCE = "source"
    """Read in the agent's public source."""
    DOC = "doc"
    """The vendor's documentation."""
    THIRD_PARTY = "third-party"
    """Somebody else's parser or report."""
    UNVERIFIED = "unverified"
    """A hint that nobody has confirmed."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part of a data file may say about itself."""

    since: str | None = None
    before: str | None = None
    confidence: Confidence = Confidence.DOC
    evidence: str = ""
    note: str = ""


Is = Literal[
    "true",
    "false",
    "empty",
    "non-empty",
    "absent",
    "present",
    "matches-all",
    "all-match-all",
    "not-boolean",
    "list",
    "text",
]  # fmt: skip


class KeyTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test of one key of a frontmatter, a server entry or a settings file.

    ``key`` is dotted. ``matches-all`` holds where one of the globs is ``**``, ``**/*`` or ``*``, ``all-match-all``
    where all are. ``not-boolean`` holds where the key has a value of another kind, ``list`` and ``text`` where it has
    one of this kind. ``equals`` compares the value as text; ``matches`` is a regular expression that the whole text of
    a value must match.
    """

    key: str
    matches: str | None = None
    is_: Is | None = field(default=None, name="is")
    equals: str | None = None
    one_of: tuple[str, ...] = ()


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a source counts at all. All that is given must hold.

    ``absent``/``present``: none (or one) of the named sources found a file. ``setting`` (dotted) has one of ``one_of``,
    or ``default`` where it is not set; with ``scope: user`` only the user's own settings count. ``env`` is set to
    something other than ``0``/``false``/empty. ``git``: there is a git root, or (false) there is none. ``any``: one of
    these holds.
    """

    absent: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    setting: str | None = None
    default: str | bool | None = None
    one_of: tuple[str | bool, ...] = ()
    none_of: tuple[str | bool, ...] = ()
    env: str | None = None
    env_unset: str | None = None
    scope: Literal["user", "project", "any"] = "any"
    git: bool | None = None
    any: tuple["Condition", ...] = ()


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size cap. ``setting`` overrides ``n``; ``window-fraction`` is of the model's window, in tokens.

    ``fallback`` (characters) holds where the window is not known. ``env``: a variable with a number of characters that
    replaces it. ``ellipsis``: what ends a text that was cut. ``line_cost``: a line counts as a quarter of its length,
    rounded up. ``reserve``: what is taken off the allowance before it is filled, in tokens for ``window-fraction``.
    Overflow of a listing: ``drop-descriptions`` leaves names where a description does not fit, ``shorten-descriptions``
    cuts all to one length, ``name-the-rest`` names everything from the first entry that does not fit in one line.
    """

    n: float
    unit: Literal["bytes", "chars", "tokens", "lines", "window-fraction"]
    overflow: Literal["truncate", "skip-file", "drop-descriptions", "shorten-descriptions", "name-the-rest", "none"]
    setting: str | None = None
    env: str | None = None
    fallback: int | None = None
    ellipsis: str = "…"
    line_cost: bool = False
    reserve: int = 0


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text an agent writes around what it loads, in o200k tokens: once (``preamble``) and around each file.

    ``path``: the path it prints with each file (``absolute``, ``relative`` to the root, ``from-cwd``, ``name``, none,
    or ``both``: absolute, and again from the cwd for a file inside it), ``times`` over. ``models``: by a glob of model
    ids, how much longer the preamble is for these. ``cwd``: the preamble prints the working directory. ``per_root``:
    tokens around the path of each directory that holds entries of a catalogue, which is printed once.
    """

    preamble: int = 0
    per_file: int = 0
    per_root: int = 0
    models: dict[str, int] = {}
    cwd: bool = False
    path: Literal["absolute", "relative", "from-cwd", "both", "name", "none"] = "none"
    times: int = 1


class GlobDialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent reads the patterns of a ``glob`` rule.

    ``base``: what patterns are relative to: the audited root, the cwd, or the ``holder``, the directory in which the
    source's names are looked up. ``style``: ``gitignore`` (a pattern without inner ``/`` matches at any depth, one that
    matches a directory matches all below it), or ``glob`` (matches the whole path). ``bare``: with ``glob``, a pattern
    without ``/`` matches the base name at any depth, or is ``anchored``. ``prefix``: a relative pattern also matches
    below any directory. ``inside``: only files in this directory count. ``split``: what separates patterns in one
    string. ``drop_globstar``: a trailing ``/**`` is taken off first. ``never``: patterns that begin like this match
    nothing. ``negation``: ``!pattern`` takes back what earlier patterns matched, or is a pattern of its own that
    matches where path or name does not (``complement``).
    """

    base: Literal["root", "cwd", "holder"] = "root"
    style: Literal["gitignore", "glob"] = "glob"
    bare: Literal["basename", "anchored"] = "basename"
    prefix: bool = False
    ignore_case: bool = False
    inside: str | None = None
    split: str = ","
    drop_globstar: bool = False
    never: tuple[str, ...] = ()
    negation: Literal["take-back", "complement"] = "take-back"


Walk = Literal["none", "up", "ends", "between", "down"]
Until = Literal["git-root", "git-root-or-all", "git-root-or-below-home", "fs-root", "home", "below-home", "markers"]
