"""The form of ``rules/agents/<agent>.yaml``: what one coding agent loads, when and from where.

Every fact may carry ``since``/``before`` (agent versions: the first with it, the first without it),
``confidence`` and ``evidence``. Unknown keys are refused, because a typo in a data file is otherwise silent.

Paths in these files are posix. ``{root}``, ``{cwd}``, ``{git_root}`` and ``{home}`` stand for directories, ``{name}``
for one of the agent's own ``roots``; ``{slug}`` is the cwd with every non-alphanumeric character replaced by ``-``,
``{git_slug}`` the git root so; ``{cwd_name}`` and ``{git_name}`` are the last parts of their paths.
"""

from typing import Literal

from msgspec import Struct, field

from ctxkit.agents.spec_catalogs import BuiltIn, Catalog, Place, Sidecar
from ctxkit.agents.spec_parts import (
    Condition,
    Confidence,
    Frame,
    GlobDialect,
    Is,
    KeyTest,
    Limit,
    Part,
    Until,
    Walk,
)
from ctxkit.agents.spec_surroundings import (
    Deferral,
    DenyPatterns,
    Detect,
    Gateway,
    Ignore,
    IgnoreName,
    Listing,
    Mcp,
    McpFile,
    SettingsFile,
    Transcript,
)
from ctxkit.model import Activation

__all__ = [
    "AgentSpec",
    "BuiltIn",
    "Case",
    "Catalog",
    "Condition",
    "Confidence",
    "Deferral",
    "DenyPatterns",
    "Detect",
    "Fixed",
    "Frame",
    "Gateway",
    "GlobDialect",
    "Group",
    "Ignore",
    "IgnoreName",
    "Imports",
    "Is",
    "KeyTest",
    "Limit",
    "LinkGuard",
    "Listing",
    "Mcp",
    "McpFile",
    "Part",
    "Place",
    "RuleSource",
    "SettingsFile",
    "Sidecar",
    "Strip",
    "Transcript",
    "Until",
    "Waiting",
    "Walk",
]


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a decision list over a frontmatter: if all tests hold, the file has this activation.

    ``patterns`` names the key that holds the globs of a ``glob`` activation.
    """

    then: Activation
    if_: tuple[KeyTest, ...] = field(default=(), name="if")
    patterns: str | None = None


class Imports(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a rule file pulls in others.

    ``depth``: hops from the loaded file (its own imports are hop 1). ``skip``: regions that are not searched.
    ``inside``: the directory an imported file must lie in; others are dropped unless the setting ``approval`` is true.
    ``extensions``: the only ones that are imported (an empty string stands for none; a name that is all extension, like
    ``.env``, counts as none); empty means any. ``trim``: characters taken off the end of a path. ``fragment``: a
    ``#part`` is taken off. ``not_extensions``: never imported. ``starts``: characters that may stand before the ``@``,
    besides white space and line starts. ``emphasis``: ``**@x**``, ``_@x_`` and ``[@x](url)`` count. ``need``: a path
    must begin with one of these. ``token``: a regular expression whose group ``path`` is the path, where an agent's own
    reading of tokens fits none of these keys (it then replaces ``starts`` and ``emphasis``). Of the regions,
    ``odd-ticks`` is what follows an odd number of runs of backticks on its line, ``fence-lines`` what stands between
    lines that begin with three backticks or tildes, however many follow, ``backticks`` what stands between two runs of
    backticks of one length, anywhere in the file. ``inside`` may be ``{boundary}``: the nearest directory at or above
    the one of the file that was found (not imported) that holds one of the source's ``markers``, else its own
    directory. ``through_links``: only the name must lie inside, not what a link leads to. ``fatal``: an import from
    outside takes the importing file out. ``inline``: the text takes the place of the token. ``eager``: imports of a
    rule that waits for a touch are loaded at the start all the same. ``once``: a file comes once for each rule file
    that leads to it, even where the agent sends it elsewhere as well. ``frame``: what is written around each imported
    file. ``again``: o200k tokens of the mark, with its path, that stands for one named again.
    """

    syntax: Literal["at-path", "kiro-file", "brace-file"] = "at-path"
    depth: int
    skip: tuple[
        Literal[
            "code-span",
            "code-fence",
            "indented-code",
            "html-comment",
            "html-block",
            "frontmatter",
            "odd-ticks",
            "fence-lines",
            "backticks",
        ],
        ...,
    ] = ()
    inside: str | None = None
    approval: str | None = None
    extensions: tuple[str, ...] = ()
    not_extensions: tuple[str, ...] = ()
    trim: str = ""
    fragment: bool = False
    starts: str = ""
    emphasis: bool = False
    need: tuple[str, ...] = ()
    token: str | None = None
    through_links: bool = False
    fatal: bool = False
    inline: bool = False
    eager: bool = False
    once: bool = False
    frame: Frame | None = None
    again: int = 0


Strip = Literal["html-comments", "all-comments", "frontmatter"]


class LinkGuard(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link whose target lies outside ``inside`` is not followed, unless the setting ``approval`` is true."""

    inside: str
    approval: str | None = None


class Waiting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the first request for a rule file that waits for a touch.

    ``template`` as in :class:`Catalog`; ``{path}``, ``{patterns}`` (joined by ``, ``) and frontmatter keys.
    ``preamble``: o200k tokens before the first.
    """

    template: str
    preamble: int = 0


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON file that names rule files beside it (those of an extension).

    ``file``: glob below the base. ``key``: holds a name or a list of names, ``default`` those that stand in.
    ``switch``: a setting (``{name}`` is the manifest's directory) with patterns of working directories; the last that
    matches decides, and one with ``!`` switches the manifest off.
    """

    file: str
    key: str
    default: tuple[str, ...] = ()
    switch: str | None = None


class RuleSource(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule files of one kind: where they are, which of them count, and when they are loaded.

    ``base``: ``cwd``, ``root``, ``git-root``, ``home``, one of the agent's ``roots`` or an absolute path. ``walk``:
    ``up`` adds every ancestor as far as ``until`` (included; ``below-home`` stops before the home directory; without a
    git root ``git-root`` means the base alone, ``git-root-or-all`` every ancestor, ``git-root-or-below-home`` those
    below the home directory), ``ends`` only the base and the last of them, ``between`` only those that lie between
    these two, ``down`` every directory below the base. ``names``: globs under each directory, in order;
    ``{setting:KEY}`` expands to the strings of a setting, ``{env:NAME}`` to the parts of a variable between commas.
    ``pick``: all of them or the ``first`` that exists, per directory. ``below``: the same names in directories below
    the base, with this activation; below ``below_base`` where that is given, but not in a directory of the walk, its
    ends included. ``reach_out``: once a directory below was touched, the patterns of its files count for files
    elsewhere too. ``waiting``: how one that waits is listed, unless it is below. ``text_setting``: the text is not in a
    file but in this setting, a text or a list of texts or of maps with a text ``rule``. ``group``: sources of one group
    share order and limit. ``touch_inside``: a touched file outside this directory loads nothing. ``blank``: an empty
    file counts as found. ``unless_beside``: below the base, a directory that holds one of these is left out. ``trim``:
    white space at both ends is not sent. ``strict``: a file whose frontmatter is no YAML, nor becomes it with its
    values in quotes, is left out. ``no_links``: links are. ``inside``: files outside this directory are. ``refuse``:
    files whose text this regular expression finds are. ``omit``: a setting with shell patterns of names, or paths from
    the source's directory, of files that are. ``rule_name``: see :class:`Group`. ``base_setting``: directories
    (relative to the cwd) in this setting take the place of ``base``. ``directories``: a name that is a directory stands
    for all files below it. ``manifest``: files that say the names. ``strip``: what is not sent; ``html-comments`` are
    those that begin a block, as Markdown has them, ``all-comments`` every ``<!-- … -->``. ``invisible``: exists but has
    no file (account rules).
    """

    id: str
    activation: Activation | tuple[Case, ...]
    base: str = "root"
    walk: Walk = "none"
    until: Until = "git-root"
    markers: tuple[str, ...] = (".git",)
    markers_setting: str | None = None
    names: tuple[str, ...] = ()
    pick: Literal["all", "first"] = "all"
    below: Activation | None = None
    below_base: str | None = None
    reach_out: bool = False
    waiting: Waiting | None = None
    text_setting: str | None = None
    touch_inside: str | None = None
    links: LinkGuard | None = None
    nearest_first: bool = False
    ignore_case: bool = False
    kind: Literal["rule", "memory", "readme"] = "rule"
    group: str | None = None
    when: tuple[Condition, ...] = ()
    skip_if: tuple[KeyTest, ...] = ()
    imports: Imports | None = None
    strip: tuple[Strip, ...] = ()
    limit: Limit | None = None
    line_limit: Limit | None = None
    globs: GlobDialect | None = None
    frame: Frame | None = None
    placement: Literal["system", "developer", "user", "tool-result", "unknown"] = "unknown"
    unless_beside: tuple[str, ...] = ()
    blank: bool = False
    trim: bool = False
    strict: bool = False
    no_links: bool = False
    inside: str | None = None
    refuse: str | None = None
    omit: str | None = None
    rule_name: str | None = None
    base_setting: str | None = None
    manifest: Manifest | None = None
    directories: bool = False
    invisible: bool = False


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sources of one group share.

    ``pick: first``: the first source that finds a file counts alone. ``order: directory`` sends the files directory by
    directory instead of source by source. ``limit`` is over all files together, in the order sent. ``once``: of files
    with equal text that are loaded at the start only the first is sent. ``unique``: of files of one name
    (``file-name``, or the ``rule-name``: the source's ``rule_name``, the frontmatter's ``name``, or the file's without
    extension; case does not matter) the first is sent, or the first of the last source (``last_wins``).
    """

    pick: Literal["all", "first"] = "all"
    order: Literal["source", "directory"] = "source"
    limit: Limit | None = None
    once: bool = False
    unique: Literal["file-name", "rule-name"] | None = None
    last_wins: bool = False


class Fixed(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent sends whatever the repository holds, measured: its system prompt, its own tools.

    ``tokens`` in o200k_base; ``parts`` breaks it down by name. ``source`` and ``date`` say where the number is from.
    """

    id: str
    category: Literal["system", "tools"]
    title: str
    tokens: int
    bytes: int | None = None
    count: int | None = None
    parts: dict[str, int] = field(default_factory=dict)
    source: str
    date: str


class AgentSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One coding agent.

    ``latest``: the version its facts were last checked against, taken when none is asked for. ``model`` and ``window``:
    what it runs unless told otherwise; ``window_setting`` replaces the window. ``join``: settings whose lists add up
    over the layers. ``exclude``: settings with globs, matched against absolute paths, of rule files that are left out.
    ``frontmatter``: one that is not valid YAML is read with its plain values put in quotes (``repaired``), or line by
    line, of a key its first line (``first-lines``). ``dedupe``: whether one text reached twice is sent once
    (``real-path``, ``content``), or twice (``none``).
    """

    schema: Literal[1]
    id: str
    name: str
    vendor: str = ""
    latest: str
    model: str
    window: int | None = None
    window_setting: str | None = None
    detect: Detect
    roots: dict[str, str] = {}
    settings: tuple[SettingsFile, ...] = ()
    join: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_exempt: tuple[str, ...] = ()
    frontmatter: Literal["repaired", "first-lines"] = "repaired"
    dedupe: Literal["none", "real-path", "content", "content-and-path", "name-case"] = "none"
    globs: GlobDialect = GlobDialect()
    rules: tuple[RuleSource, ...] = ()
    groups: dict[str, Group] = {}
    catalogs: tuple[Catalog, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    listings: tuple[Listing, ...] = ()
    mcp: Mcp | None = None
    ignore: Ignore = Ignore()
    transcripts: tuple[Transcript, ...] = ()
    gateway: Gateway = Gateway()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
