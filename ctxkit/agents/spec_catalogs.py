"""The form of the catalogues in a data file: skills, subagents, commands and modes."""

from typing import Literal

from msgspec import Struct

from ctxkit.agents.spec_parts import Condition, Frame, KeyTest, Limit, Part, Where
from ctxkit.model import Activation


class Place(Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where entries of a catalogue are looked for; of the walks only ``up``, nearest first."""

    names: tuple[str, ...]
    """Globs under each directory, in order, as those of a :class:`RuleSource`."""
    below: Literal["lazy-dir"] | None = None
    """Entries in directories below the base are listed once a file there is touched; None: never."""
    dot_directories: bool = True
    """Directories whose names begin with a dot are searched, even where ``names`` does not ask for them."""
    outermost: bool = False
    """What lies below the directory of another entry does not count."""
    ignore_files: tuple[str, ...] = ()
    """Names of ignore files inside the fixed part of the name that hide entries."""
    approved_by: str | None = None
    """A setting (``{name}`` is the entry's) that must hold the SHA-256 of the file, as hexadecimal digits."""
    label: str = ""
    """What ``{label}`` stands for in the template."""


class BodyDescription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the body of an entry stands in for its description."""

    form: Literal["first-line", "all-lines"]
    """Its first line with text, or all in one line, but then only of a file without any frontmatter."""
    chars: int
    """The characters it is cut to."""


class Sidecar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A YAML file beside an entry that may hide it."""

    file: str
    """Its path, relative to the entry's directory."""
    hidden_if: tuple[KeyTest, ...]
    """Tests of which one must hold."""


class Removal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings with lists that take entries out."""

    settings: tuple[str, ...]
    """Their dotted keys."""
    forms: tuple[str, ...] = ("{name}",)
    """What an item of such a list looks like for the entry ``{name}``, as in ``Agent({name})``."""


class BuiltIn(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries that the agent brings along, as they stand in its listing."""

    count: int
    """How many there are."""
    chars: int
    """Their size in characters, which counts towards the limit of the listing."""
    tokens: int
    """Their size in o200k tokens."""
    last: bool = False
    """They are listed behind the others; else before them."""
    when: tuple[Condition, ...] = ()
    """Conditions that must all hold."""


class Catalog(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Skills, subagents, commands or modes: named in the window, their bodies on demand."""

    id: str
    """The name other parts know it by; unique within the agent."""
    kind: Literal["skill", "subagent", "command", "mode", "prompt"]
    """What its entries are."""
    activation: Activation = Activation.DESCRIBED
    """``described`` or ``named`` in the first request, ``manual`` or ``never`` if not listed."""
    when: tuple[Condition, ...] = ()
    """Conditions that must all hold for the catalogue to count at all."""
    places: tuple[Place, ...]
    """Where the files of entries are, in order."""
    entries_setting: str | None = None
    """A setting with further entries: a map from names to their keys."""

    name_from: Literal["frontmatter", "directory", "stem", "path"] = "frontmatter"
    """Where the name of an entry is from: the ``frontmatter`` (else as ``directory``), its ``directory`` (else the
    file without extension), the file without extension, or its ``path`` below the place, ``:`` between directories."""
    template: str = "- {name}: {description}\n"
    """How an entry is listed: ``{name}``, ``{path}``, ``{title}`` (the frontmatter's name where it differs),
    ``{inside}`` (the path below the part of the place's name without wildcards), ``{label}`` and frontmatter keys; a
    part in ``[...]`` only if its key has a value."""
    escape: Literal["none", "xml"] = "none"
    """How values are written in the template."""
    lines: Literal["all", "joined", "first"] = "all"
    """What becomes of a description of several lines; ``joined``: white space in it and in other values becomes single
    blanks."""
    description_from_body: BodyDescription | None = None
    """What stands in where there is no description; None: nothing."""
    description_limit: Limit | None = None
    """The size cap of a description."""

    needs: tuple[str, ...] = ()
    """Keys without which an entry is not listed."""
    strict: bool = False
    """An entry whose frontmatter is missing or no YAML is not listed."""
    only_keys: tuple[str, ...] = ()
    """The keys a frontmatter may have for its entry to be listed; empty: any."""
    min_body: int = 0
    """The characters a body must have for its entry to be listed."""
    hidden_if: tuple[KeyTest, ...] = ()
    """Tests of the frontmatter; an entry for which one holds is left to the user."""
    sidecar: Sidecar | None = None
    """A file beside an entry that may do the same."""
    gate_keys: tuple[str, ...] = ()
    """Keys with globs: an entry that has some is listed only once a file that matches one of them was touched."""
    unique: bool = True
    """Of entries of one name only the first is listed."""

    removed_by: Removal | None = None
    """Settings that take entries out."""
    denied_by: str | None = None
    """A setting that is ``deny``, or a map from patterns of names to ``allow``, ``ask`` or ``deny``, the last match
    deciding."""
    switched_off_by: str | None = None
    """A setting with a list of maps; one with ``enabled: false`` takes out the entry of its ``name`` or ``path``."""
    overridden_by: str | None = None
    """A setting with a map from names to ``name-only``, ``user-invocable-only`` or ``off``."""

    listing: str | None = None
    """Catalogues with the same word here share one listing, its limit and its names; None: this one stands alone."""
    sort: bool = False
    """Entries are listed by name; else as they are found."""
    total_limit: Limit | None = None
    """The size cap of the whole listing; the first of its catalogues that has one decides."""
    usage_setting: str | None = None
    """The setting that counts uses by name; used entries keep their descriptions longest."""
    built_in: tuple[BuiltIn, ...] = ()
    """Entries that the agent brings along."""
    frame: Frame | None = None
    """What is written around the listing; None: not known."""
    placement: Literal["system", "developer", "user", "tool", "unknown"] = "unknown"
    """The message, or the tool definition, that carries the listing."""
