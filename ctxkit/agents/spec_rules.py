"""The form of the rule sources in a data file: where rule files are, which count, what of them is sent when."""

from typing import Literal

from msgspec import Struct, field

from ctxkit.agents.spec_parts import Condition, Frame, GlobDialect, KeyTest, Limit, Part, Where
from ctxkit.model import Activation

Strip = Literal["frontmatter", "html-comments", "all-comments", "outer-space"]
Region = Literal[
    "code-span",
    "code-fence",
    "indented-code",
    "html-comment",
    "html-block",
    "frontmatter",
    "odd-ticks",
    "fence-lines",
    "backticks",
]  # fmt: skip


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a decision list over a frontmatter; the first whose tests all hold decides."""

    if_: tuple[KeyTest, ...] = field(default=(), name="if")
    """The tests; none: the case for everything else."""
    then: Activation
    """The activation of such a file."""
    patterns: str | None = None
    """The key that holds the globs of a ``glob`` activation."""


class Imports(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a rule file pulls in others."""

    syntax: Literal["at-path", "kiro-file", "brace-file"] = "at-path"
    """How an import is written: ``@path``, ``#[[file:path]]`` or ``{file:path}``."""
    token: str | None = None
    """A regular expression whose group ``path`` is the path behind an ``@``, for an agent that reads such tokens in a
    way of its own; None: ``@`` after white space or at the start of a line, up to the next white space."""
    emphasis: bool = False
    """Without a ``token``: ``**@x**``, ``_@x_`` and ``[@x](url)`` count too."""
    fragment: bool = False
    """A ``#part`` at the end of a path is taken off."""
    skip: tuple[Region, ...] = ()
    """Regions of a text in which ``@path`` is no import. ``odd-ticks``: what follows an odd number of runs of
    backticks on its line. ``fence-lines``: what stands between lines that begin with three backticks or tildes,
    however many follow. ``backticks``: what stands between two runs of backticks of one length, in the whole text."""
    depth: int
    """Hops from the rule file that was found; its own imports are hop 1."""
    extensions: tuple[str, ...] = ()
    """The only extensions that are imported, lower case; an empty text stands for none (``.env`` has none). Empty:
    all are."""
    not_extensions: tuple[str, ...] = ()
    """Extensions that are never imported."""
    base: str | None = None
    """The directory that paths are relative to; None: that of the importing file."""
    wildcards: bool = False
    """A path with ``*``, ``?`` or ``[`` stands for every file that matches."""
    inside: str | None = None
    """The directory an imported file must lie in; None: any. ``{boundary}``: the nearest directory at or above the one
    of the file that was found (not imported) that holds one of the source's ``markers``, else its own directory."""
    through_links: bool = False
    """Only the name must lie ``inside``, not what a link leads to."""
    approved_by: str | None = None
    """The setting that, once true, allows imports from outside as well."""
    fatal: bool = False
    """An import from outside takes the importing file out."""
    eager: bool = False
    """Imports of a rule that waits for a touch are loaded at the start all the same."""
    patterns: str | None = None
    """A frontmatter key; an imported file with globs there is sent only once a file that matches them was read."""
    once_per_file: bool = False
    """A file comes once for each rule file that leads to it, even where the agent sends it elsewhere as well."""
    repeat_mark: int = 0
    """o200k tokens of the mark that, with its path, stands for a file named again."""
    inline: bool = False
    """The text takes the place of the token."""
    frame: Frame | None = None
    """What is written around each imported file; None: what is written around a rule file."""


class LinkGuard(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Links that lead out of a directory are not followed."""

    inside: str
    """The directory in which the target must lie."""
    approved_by: str | None = None
    """The setting that, once true, allows targets outside as well."""


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON file that names rule files beside it (those of an extension)."""

    file: str
    """Glob of such files below the base."""
    key: str
    """The dotted key that holds a name or a list of names."""
    default: tuple[str, ...] = ()
    """The names where the key is not set."""
    enabled_by: str | None = None
    """A setting (``{name}`` is the manifest's directory) with patterns of working directories; the last that matches
    decides, and one with ``!`` switches the manifest off."""


class Waiting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the first request for a rule file that waits for a touch."""

    template: str
    """Its line, as in :class:`Catalog`: ``{path}``, ``{patterns}`` (joined by ``, ``) and frontmatter keys."""
    preamble: int = 0
    """o200k tokens before the first such line."""


class RuleSource(Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule files of one kind: where they are, which of them count, and when they are loaded."""

    id: str
    """The name other parts know it by; unique within the agent."""
    kind: Literal["rule", "memory", "readme"] = "rule"
    """What reports call such a file."""
    activation: Activation | tuple[Case, ...]
    """When a file is loaded, always the same or as its frontmatter says."""
    when: tuple[Condition, ...] = ()
    """Conditions that must all hold for the source to count at all."""
    invisible: bool = False
    """There is something, but in no file (rules kept in the account)."""

    names: tuple[str, ...] = ()
    """Globs under each directory, in order. ``{setting:KEY}`` stands for the texts of a setting, ``{setting-name:KEY}``
    for those without a slash, ``{env:NAME}`` for the parts of a variable between commas or of the JSON array in it."""
    not_names: tuple[str, ...] = ()
    """Shell patterns of file names that do not count as found."""
    ignore_case: bool = False
    """Case of the names does not matter."""
    directories: bool = False
    """A name that is a directory stands for all files below it."""
    pick: Literal["all", "first"] = "all"
    """In each directory the files of all names count, or those of the ``first`` name that has any."""
    empty_counts: bool = False
    """A file without text counts as found: it is picked, and its source is not ``absent``."""
    nearest_first: bool = False
    """A walk upwards begins at the base; else at its other end."""
    manifest: Manifest | None = None
    """Files that say the names; None: ``names`` does."""
    text_setting: str | None = None
    """The text is not in a file but in this setting: a text, or a list of texts or of maps with a text ``rule``."""

    below: Activation | None = None
    """Files of these names in directories below the base count too, with this activation (where the frontmatter does
    not ask for another); None: they do not."""
    below_base: str | None = None
    """The directory below which they count, in place of the base; never in a directory that the walk covers."""
    below_depth: int | None = None
    """How many directories down they count; None: all."""
    unless_beside: tuple[str, ...] = ()
    """Below the base, a directory that holds one of these is left out."""
    reach_out: bool = False
    """Once a file below was reached, its patterns count for files elsewhere too."""
    waiting: Waiting | None = None
    """How a file that waits for a touch is listed, unless it lies below; None: not at all."""

    disabled_if: tuple[KeyTest, ...] = ()
    """Tests of the frontmatter; a file for which one holds is left out."""
    strict: bool = False
    """A file whose frontmatter is no YAML, nor becomes it with its values in quotes, is left out."""
    links: Literal["followed", "refused"] | LinkGuard = "followed"
    """What becomes of files that are links."""
    inside: str | None = None
    """The directory outside of which files are left out; None: no such bound."""
    refused_text: str | None = None
    """A regular expression; files in whose text it is found are left out."""
    excluded_by: str | None = None
    """A setting with shell patterns of names, or of paths from the directory of the source, of files left out."""

    strip: tuple[Strip, ...] = ()
    """What is not sent. ``html-comments``: those that begin a block, as Markdown has them; ``all-comments``: every
    ``<!-- … -->``; ``outer-space``: white space at both ends."""
    limits: tuple[Limit, ...] = ()
    """Size caps of one file, applied in this order."""
    imports: Imports | None = None
    """How a file pulls in others; None: it does not."""
    globs: GlobDialect | None = None
    """How the patterns of a file are read; None: as the agent reads all others."""
    frame: Frame | None = None
    """What is written around the files; None: not known."""
    placement: Literal["system", "developer", "user", "tool-result", "unknown"] = "unknown"
    """The message that carries them."""

    group: str | None = None
    """The group whose order, limit and names it shares; None: it stands alone."""
    rule_name: str | None = None
    """The name of its file in a group of unique rule names; None: as :class:`Group` says."""


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sources of one group share."""

    order: Literal["source", "directory"] = "source"
    """Files are sent source by source, or directory by directory, outermost first."""
    limit: Limit | None = None
    """The size cap of all files together, in the order sent."""
    unique: Literal["text", "file-name", "rule-name"] | None = None
    """Of files that are the same in this respect one is sent. ``text``: of those loaded at the start. ``rule-name``:
    the source's ``rule_name``, the frontmatter's ``name``, or the file's without extension. Case does not matter."""
    last_wins: bool = False
    """With unique names the first file of the last source is sent; else the first of all."""
