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
    """The first version of the agent with this fact; None: every version before ``before``."""
    before: str | None = None
    """The first version without it; None: no version so far."""
    confidence: Confidence = Confidence.DOC
    """How sure it is."""
    evidence: str = ""
    """Where it is from: an address, a source with its date, or ``lab VERSION, what was varied``."""
    note: str = ""
    """What a reader should know besides, in whole sentences."""


Walk = Literal["none", "up", "ends", "between", "down"]
Until = Literal["git-root", "git-root-or-all", "git-root-or-below-home", "fs-root", "home", "below-home", "markers"]


class Where(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which directories an agent looks for files."""

    base: str = "root"
    """The directory to begin at: ``cwd``, ``root``, ``git-root``, ``home``, one of the agent's ``roots``, or a path.
    ``{setting:KEY}`` stands for every directory in that setting, relative to the cwd."""
    walk: Walk = "none"
    """Which others are looked into: ``up`` every directory above the base as far as ``until``, ``ends`` only the last
    of these, ``between`` only those that lie between it and the base (and not the base), ``down`` every directory
    below the base. ``none``: only the base."""
    until: Until = "git-root"
    """The last directory of a walk upwards, included; ``below-home`` stops before the home directory. Without a git
    root ``git-root`` means the base alone, ``git-root-or-all`` every directory above it, ``git-root-or-below-home``
    those below the home directory. ``markers``: the nearest that holds one of ``markers``, or the base alone."""
    markers: tuple[str, ...] = (".git",)
    """Names of files or directories that mark the top of a project."""
    markers_setting: str | None = None
    """The setting whose names replace ``markers`` once it is set."""


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
    """A test of one key of a frontmatter, a server entry or a settings file; without an answer it asks for a value."""

    key: str
    """The key; dotted in settings."""
    is_: Is | None = field(default=None, name="is")
    """What the value is. ``matches-all``: one of its globs is ``**``, ``**/*`` or ``*``; ``all-match-all``: all are.
    ``not-boolean``: there is a value of another kind; ``list`` and ``text``: there is one of this kind."""
    equals: str | None = None
    """The value as text."""
    matches: str | None = None
    """A regular expression that the whole value as text must match."""


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a part counts at all; everything that is given must hold."""

    absent: tuple[str, ...] = ()
    """Ids of rule sources of which none may have found a file with text."""
    setting: str | None = None
    """A dotted key of the settings, tested by ``one_of`` and ``none_of``."""
    one_of: tuple[str | bool, ...] = ()
    """The setting has one of these values; empty: any."""
    none_of: tuple[str | bool, ...] = ()
    """The setting has none of these values."""
    default: str | bool | None = None
    """The value of a setting that no file sets."""
    scope: Literal["user", "project", "any"] = "any"
    """Whose settings files count for ``setting``."""
    env: str | None = None
    """A variable that is set, to something other than ``0``, ``no``, ``off``, ``false`` or nothing."""
    env_unset: str | None = None
    """A variable that is not set in this sense."""
    git: bool | None = None
    """Is there a git root?"""
    any: tuple["Condition", ...] = ()
    """Conditions of which one must hold; empty: none is asked for."""


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size cap."""

    n: float
    """The size that is allowed, in ``unit``."""
    unit: Literal["bytes", "chars", "tokens", "lines", "window-fraction"]
    """``window-fraction``: a share of the model's window."""
    overflow: Literal["truncate", "skip-file", "drop-descriptions", "shorten-descriptions", "name-the-rest", "none"]
    """What happens to more. Of a file: ``truncate`` cuts it off, ``skip-file`` leaves it out. Of a listing:
    ``drop-descriptions`` leaves names where a description does not fit, ``shorten-descriptions`` cuts all to one
    length, ``name-the-rest`` names all from the first that does not fit in one line. ``none``: it is sent."""
    setting: str | None = None
    """The setting that replaces ``n``."""
    env: str | None = None
    """The variable with a number of characters that replaces ``n`` and ``unit``."""
    fallback: int | None = None
    """Characters that are allowed where the size of the window is not known."""
    reserve: int = 0
    """What is taken off the allowance before it is filled: tokens for ``window-fraction``, else characters."""
    line_cost: bool = False
    """Each line costs a quarter of its characters, rounded up to whole tokens."""
    ellipsis: str = "…"
    """What ends a text that was cut; it counts."""


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text an agent writes around what it loads, in o200k tokens."""

    preamble: int = 0
    """Tokens before the first file of a source, group or listing."""
    preamble_by_model: dict[str, int] = {}
    """Glob of model ids → tokens that the preamble has more for these."""
    prints_cwd: bool = False
    """The preamble holds the path of the working directory, which comes on top."""
    per_file: int = 0
    """Tokens around each file, without its path."""
    path: Literal["absolute", "relative", "from-cwd", "both", "name", "none"] = "none"
    """The path printed with each file, which comes on top; ``relative`` is to the root, ``name`` the last part.
    ``both``: absolute, and again from the cwd for a file inside it."""
    path_times: int = 1
    """How often that path is printed."""
    per_root: int = 0
    """Tokens around the path of each directory that holds entries of a catalogue, which is printed once."""


class GlobDialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent reads the patterns of a ``glob`` rule."""

    base: Literal["root", "cwd", "holder"] = "root"
    """What patterns are relative to; ``holder``: the directory in which the source's names are looked up."""
    inside: str | None = None
    """The directory outside of which nothing is matched; None: no such bound."""
    style: Literal["gitignore", "glob"] = "glob"
    """``gitignore``: a pattern without inner ``/`` matches at any depth, and one that matches a directory matches all
    below it. ``glob``: a pattern matches the whole path."""
    bare: Literal["basename", "anchored"] = "basename"
    """What a ``glob`` without ``/`` matches: a base name at any depth, or only one directly in the base."""
    any_depth: bool = False
    """A relative ``glob`` also matches below any directory."""
    ignore_case: bool = False
    """Case does not matter."""
    split: str = ","
    """What separates patterns in one text."""
    drop_globstar: bool = False
    """``/**`` at the end of a pattern is taken off first."""
    never: tuple[str, ...] = ()
    """Patterns that begin like this match nothing."""
    negation: Literal["take-back", "complement"] = "take-back"
    """``!pattern`` takes back what earlier patterns matched, or is a pattern of its own that matches where the path or
    the name does not (``complement``)."""
