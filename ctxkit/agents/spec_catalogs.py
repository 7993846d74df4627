"""The form of the catalogues in a data file: skills, subagents, commands and modes."""

from typing import Literal

from msgspec import Struct

from ctxkit.agents.spec_parts import Condition, Frame, GlobDialect, KeyTest, Limit, Part, Until, Walk
from ctxkit.model import Activation


class Place(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where entries of a catalogue are looked for; as in :class:`RuleSource`.

    ``hidden``: hidden directories count. ``outermost``: what lies below the directory of another entry does not.
    ``label``: what ``{label}`` stands for in the template. ``approved``: a setting (``{name}`` is the entry's) that
    must hold the SHA-256 of the file, as hexadecimal digits. ``ignore_files``: names of ignore files inside the fixed
    part of the name that hide entries.
    """

    base: str = "root"
    walk: Walk = "none"
    until: Until = "git-root"
    markers: tuple[str, ...] = (".git",)
    markers_setting: str | None = None
    names: tuple[str, ...]
    hidden: bool = True
    below: bool = False
    outermost: bool = False
    label: str = ""
    approved: str | None = None
    ignore_files: tuple[str, ...] = ()


class BuiltIn(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries that the agent brings along: their listing's size in characters and o200k tokens.

    They are listed first, or behind the entries of their catalogue (``last``).
    """

    chars: int
    tokens: int
    count: int
    last: bool = False
    when: tuple[Condition, ...] = ()


class Sidecar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A YAML file beside an entry (``name``, relative to its directory) that hides it if one of these tests holds."""

    name: str
    hidden_if: tuple[KeyTest, ...]


class Catalog(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Skills, subagents, commands or modes: named in the window, their bodies on demand.

    ``template``: how an entry is listed; ``{name}``, ``{path}``, ``{inside}`` (the path below the part of the place's
    name that has no wildcard), ``{label}`` and frontmatter keys in braces, a part in ``[...]`` only if its keys have a
    value. ``escape``: how values are written in it. ``name_from``: where the name comes from: the ``frontmatter`` (else
    the directory or file), always the ``directory``, the file's ``stem``, or its ``path`` below the place with ``:``
    between directories. ``needs``: keys without which an entry is not listed. ``describe_from_body``: without a
    description the first line of the body stands in, cut to so many characters; with ``body_form: all-lines`` the whole
    body in one line, but only without any frontmatter. ``strict``: an entry whose frontmatter is missing or no YAML is
    not listed. ``hidden_if``: not listed at all. ``sidecar``: a file beside it that may hide it. ``switches``: a
    setting with a list of maps; one with ``enabled: false`` takes out the entry of its ``name`` or ``path``.
    ``gated_if``: listed only after a file matching that key's globs was read. ``folded``: white space in a description
    becomes single blanks. ``per_entry`` caps the description, ``total`` the whole listing; catalogues of one
    ``listing`` share it, in order. ``first_wins``: of entries of one name only the first is listed. ``usage``: the
    setting that counts uses by name; used entries keep their descriptions longest. ``overrides``: a setting name →
    ``name-only``/``off`` …. ``removed_by``: settings that take out entries by one of the forms in ``removed_form``,
    such as ``Agent({name})``. ``denied_by``: a setting that is ``deny``, or a map from patterns of names to
    ``allow``/``ask``/``deny``, the last match deciding. ``only_keys``: an entry with another frontmatter key is not
    listed; nor is one whose body has fewer characters than ``min_body``. ``setting``: a map from names to the keys of
    further entries. ``first_line``: only that of a description is listed.
    """

    id: str
    kind: Literal["skill", "subagent", "command", "mode", "prompt"]
    activation: Activation = Activation.DESCRIBED
    places: tuple[Place, ...]
    template: str = "- {name}: {description}\n"
    name_from: Literal["frontmatter", "directory", "stem", "path"] = "frontmatter"
    escape: Literal["none", "xml"] = "none"
    needs: tuple[str, ...] = ()
    strict: bool = False
    describe_from_body: int = 0
    body_form: Literal["first-line", "all-lines"] = "first-line"
    hidden_if: tuple[KeyTest, ...] = ()
    sidecar: Sidecar | None = None
    switches: str | None = None
    gated_if: str | None = None
    globs: GlobDialect | None = None
    folded: bool = False
    when: tuple[Condition, ...] = ()
    per_entry: Limit | None = None
    total: Limit | None = None
    listing: str | None = None
    sort: bool = False
    usage: str | None = None
    first_wins: bool = True
    built_in: tuple[BuiltIn, ...] = ()
    overrides: str | None = None
    removed_by: tuple[str, ...] = ()
    removed_form: tuple[str, ...] = ()
    denied_by: str | None = None
    setting: str | None = None
    only_keys: tuple[str, ...] = ()
    min_body: int = 0
    first_line: bool = False
    frame: Frame | None = None
    placement: Literal["system", "developer", "user", "tool", "unknown"] = "unknown"
