"""The form of ``rules/agents/<agent>.yaml``: what one coding agent loads, when and from where.

Every fact may carry ``since``/``before`` (agent versions: the first with it, the first without it),
``confidence`` and ``evidence``. Unknown keys are refused, because a typo in a data file is otherwise silent.

Paths in these files are posix. ``{root}``, ``{cwd}``, ``{git_root}`` and ``{home}`` stand for directories, ``{name}`` for
one of the agent's own ``roots``; ``{slug}`` is the cwd with every non-alphanumeric character replaced by ``-``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from ctxkit.model import Activation


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


Is = Literal["true", "false", "empty", "non-empty", "absent", "present", "matches-all"]


class KeyTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test of one key of a frontmatter, a server entry or a settings file.

    ``key`` is dotted. ``matches-all`` holds for the globs ``**``, ``**/*`` and ``*``. ``equals`` compares the value as text.
    """

    key: str
    is_: Is | None = field(default=None, name="is")
    equals: str | None = None
    one_of: tuple[str, ...] = ()


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a decision list over a frontmatter: if all tests hold, the file has this activation.

    ``patterns`` names the key that holds the globs of a ``glob`` activation.
    """

    then: Activation
    if_: tuple[KeyTest, ...] = field(default=(), name="if")
    patterns: str | None = None


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a source counts at all. All that is given must hold.

    ``absent``/``present``: none (or one) of the named sources found a file. ``setting`` (dotted) has one of
    ``one_of``, or ``default`` where it is not set; with ``scope: user`` only the user's own settings count. ``env`` is set to something other than ``0``/``false``/empty.
    """

    absent: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    setting: str | None = None
    default: str | bool | None = None
    one_of: tuple[str | bool, ...] = ()
    none_of: tuple[str | bool, ...] = ()
    env: str | None = None
    env_unset: str | None = None
    scope: Literal["user", "any"] = "any"


class Imports(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a rule file pulls in others.

    ``depth``: hops from the loaded file (its own imports are hop 1). ``skip``: regions that are not searched.
    ``inside``: the directory an imported file must lie in; others are dropped unless the setting
    ``approval`` is true.
    ``extensions``: the only ones that are imported (an empty string stands for none; a name that is all extension, like
    ``.env``, counts as none); empty means any. ``trim``: characters taken off the end of a path. ``fragment``: a ``#part`` is
    taken off. ``starts``: characters that may stand before the ``@``, besides white space and line starts.
    ``emphasis``: ``**@x**``, ``_@x_`` and ``[@x](url)`` count. ``need``: a path must begin with one of these. ``strip``: what is taken out of an
    imported file. ``inline``: the text takes the place of the token. ``eager``: imports of a rule that waits for a touch
    are loaded at the start all the same.
    """

    syntax: Literal["at-path", "kiro-file"] = "at-path"
    depth: int
    skip: tuple[
        Literal["code-span", "code-fence", "indented-code", "html-comment", "html-block", "frontmatter"], ...
    ] = ()
    inside: str | None = None
    approval: str | None = None
    extensions: tuple[str, ...] = ()
    trim: str = ""
    fragment: bool = False
    starts: str = ""
    emphasis: bool = False
    need: tuple[str, ...] = ()
    inline: bool = False
    eager: bool = False


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size cap. ``setting`` overrides ``n``; ``window-fraction`` is of the model's window, in tokens.

    ``fallback`` (characters) holds where the window is not known. ``env``: a variable with a number of characters that
    replaces it. ``ellipsis``: what ends a text that was cut. ``line_cost``: a line counts as a quarter of its length, rounded up.
    """

    n: float
    unit: Literal["bytes", "chars", "tokens", "lines", "window-fraction"]
    overflow: Literal["truncate", "skip-file", "drop-descriptions", "shorten-descriptions", "none"]
    setting: str | None = None
    env: str | None = None
    fallback: int | None = None
    ellipsis: str = "…"
    line_cost: bool = False


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text an agent writes around what it loads, in o200k tokens: once (``preamble``) and around each file.

    ``path``: the path it prints with each file (``absolute``, ``relative``, ``name`` or none).
    """

    preamble: int = 0
    per_file: int = 0
    path: Literal["absolute", "relative", "name", "none"] = "none"


class GlobDialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent reads the patterns of a ``glob`` rule.

    ``base``: what patterns are relative to: the audited root, the cwd, or the ``holder``, the directory in which the
    source's names are looked up. ``style``: ``gitignore`` (a pattern without inner ``/`` matches at any depth, one that matches a
    directory matches all below it), or ``glob`` (matches the whole path). ``bare``: with ``glob``, a pattern without ``/`` matches
    the base name at any depth, or is ``anchored``. ``prefix``: a relative pattern also matches below any directory.
    ``inside``: only files in this directory count. ``split``: what separates patterns in one string. ``drop_globstar``: a
    trailing ``/**`` is taken off first. ``never``: patterns that begin like this match nothing.
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


Walk = Literal["none", "up", "down"]
Until = Literal["git-root", "git-root-or-all", "fs-root", "home", "below-home", "markers"]
Strip = Literal["html-comments", "frontmatter"]


class LinkGuard(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link whose target lies outside ``inside`` is not followed, unless the setting ``approval`` is true."""

    inside: str
    approval: str | None = None


class RuleSource(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule files of one kind: where they are, which of them count, and when they are loaded.

    ``base``: ``cwd``, ``root``, ``git-root``, ``home``, one of the agent's ``roots`` or an absolute path. ``walk``: ``up``
    adds every ancestor as far as ``until`` (included; ``below-home`` stops before the home directory; without a git
    root ``git-root`` means the base alone, ``git-root-or-all`` every ancestor), ``down`` every
    directory below the base. ``names``: globs under each directory, in order; ``{setting:KEY}`` expands to the strings
    of a setting. ``pick``: all of them or the ``first`` that exists, per directory. ``below``: the same names in
    directories below the base, with this activation. ``group``: sources of one group share order and limit.
    ``touch_inside``: a touched file outside this directory loads nothing. ``blank``: an empty file counts as found.
    ``unless_beside``: below the base, a directory that holds one of these is left out. ``trim``: white space at both ends is not sent.
    ``invisible``: exists but has no file (account rules).
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
    invisible: bool = False


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sources of one group share.

    ``pick: first``: the first source that finds a file counts alone. ``order: directory`` sends the files directory by
    directory instead of source by source. ``limit`` is over all files together, in the order sent.
    """

    pick: Literal["all", "first"] = "all"
    order: Literal["source", "directory"] = "source"
    limit: Limit | None = None


class Place(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where entries of a catalogue are looked for; as in :class:`RuleSource`. ``hidden``: hidden directories count."""

    base: str = "root"
    walk: Walk = "none"
    until: Until = "git-root"
    markers: tuple[str, ...] = (".git",)
    markers_setting: str | None = None
    names: tuple[str, ...]
    hidden: bool = True
    below: bool = False


class BuiltIn(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries that the agent brings along: their listing's size in characters and o200k tokens. They are listed first."""

    chars: int
    tokens: int
    count: int
    when: tuple[Condition, ...] = ()


class Catalog(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Skills, subagents, commands or modes: named in the window, their bodies on demand.

    ``template``: how an entry is listed; ``{name}``, ``{path}`` and frontmatter keys in braces, a part in ``[...]`` only if
    its keys have a value. ``name_from``: where the name comes from: the ``frontmatter`` (else the directory or file), always the ``directory``, the
    file's ``stem``, or its ``path`` below the place with ``:`` between directories. ``needs``: keys without which an entry is
    not listed. ``describe_from_body``: without a description the first line of the body stands in, cut to so many
    characters. ``hidden_if``: not listed at all. ``gated_if``: listed only after a file matching that key's globs was read.
    ``folded``: white space in a description becomes single blanks. ``per_entry`` caps the description, ``total`` the whole
    listing; catalogues of one ``listing`` share it, in order. ``first_wins``: of entries of one name only the first is listed.
    ``usage``: the setting that counts uses by name; used entries keep their descriptions longest.
    ``overrides``: a setting name → ``name-only``/``off`` …. ``removed_by``: settings that take out
    entries by one of the forms in ``removed_form``, such as ``Agent({name})``.
    """

    id: str
    kind: Literal["skill", "subagent", "command", "mode", "prompt"]
    activation: Activation = Activation.DESCRIBED
    places: tuple[Place, ...]
    template: str = "- {name}: {description}\n"
    name_from: Literal["frontmatter", "directory", "stem", "path"] = "frontmatter"
    needs: tuple[str, ...] = ()
    describe_from_body: int = 0
    hidden_if: tuple[KeyTest, ...] = ()
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
    frame: Frame | None = None
    placement: Literal["system", "developer", "user", "tool", "unknown"] = "unknown"


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
    parts: dict[str, int] = {}
    source: str
    date: str


class McpFile(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration file that names MCP servers.

    ``servers`` is the list of keys that leads to them (placeholders allowed). ``map``: keyed by server name;
    ``list``: entries with a ``name``. ``approval``: this scope's servers start only once approved, which the keys of
    :class:`Mcp` settle.
    """

    scope: Literal["project", "user", "local", "managed"]
    path: str
    format: Literal["json", "jsonc", "toml", "yaml"] = "json"
    servers: tuple[str, ...]
    shape: Literal["map", "list"] = "map"
    approval: bool = False


class Deferral(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools whose definitions are kept out of the request until searched for.

    ``listed``: what stands in the window instead. ``env``: variable that switches it; ``off_values``: its values for off.
    ``threshold``: deferred only above this share of the window.
    """

    mode: Literal["never", "always", "by-model", "threshold"]
    listed: Literal["nothing", "names", "names+description", "namespaces"] = "nothing"
    models: tuple[str, ...] = ()
    env: str | None = None
    off_values: tuple[str, ...] = ()
    threshold: float | None = None
    description_chars: int | None = None


class Mcp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the agent finds MCP servers, which of them start, and how their tools reach the wire.

    ``precedence``: scopes, strongest first; a server name of a stronger scope hides the same name below.
    ``disabled_if``: tests of a server entry. ``allow``/``deny``: keys of a server entry that list tool names.
    ``approved``: settings (dotted) that approve project servers by name; ``approve_all``: the setting that approves all;
    ``refused``: settings that list refused names; ``allowed_only``: settings that, when set, are the only names that start.
    ``deny_patterns``: a setting with patterns, matched against ``deny_form``. ``tool_name`` is a template over
    ``{server}`` and ``{tool}``.
    """

    files: tuple[McpFile, ...]
    precedence: tuple[Literal["project", "user", "local", "managed"], ...] = ("project", "user")
    disabled_if: tuple[KeyTest, ...] = ()
    allow: str | None = None
    deny: str | None = None
    approved: tuple[str, ...] = ()
    approve_all: str | None = None
    refused: tuple[str, ...] = ()
    allowed_only: tuple[str, ...] = ()
    deny_patterns: str | None = None
    deny_form: tuple[str, ...] = ()
    tool_name: str
    description_limit: Limit | None = None
    instructions: bool = False
    deferral: tuple[Deferral, ...] = ()
    tool_limit: int | None = None


class IgnoreName(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent's own ignore file. ``enforced: false`` marks one that the agent no longer honours."""

    name: str
    at: Literal["root", "any-dir", "home"] = "root"
    syntax: Literal["gitignore", "include"] = "gitignore"
    negation: bool = True
    scope: Literal["read", "index"] = "read"
    enforced: bool = True


class DenyPatterns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting whose entries of the form ``match`` (a regular expression with one group) hide files."""

    setting: str
    match: str = "^(.*)$"


class Ignore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files the agent's own tools leave out.

    ``gitignore``: on which of ``read``, ``search``, ``mention``, ``list`` git's ignore files count.
    """

    files: tuple[IgnoreName, ...] = ()
    names_setting: str | None = None
    deny: tuple[DenyPatterns, ...] = ()
    gitignore: tuple[Literal["read", "search", "mention", "list"], ...] = ()
    note: str = ""


class Listing(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """File names the agent lists in its first request (a directory tree, a repository map)."""

    id: str
    limit: int
    order: Literal["breadth", "name"] = "breadth"
    honours_ignore: bool = True
    when: tuple[Condition, ...] = ()


class SettingsFile(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A settings file; later ones win, lists are joined where ``join`` names the key. ``at``: the keys that lead to the
    settings in it. ``only_if``: a test of the weaker files' settings.
    """

    path: str
    format: Literal["json", "jsonc", "toml", "yaml"] = "jsonc"
    scope: Literal["project", "user", "local", "managed"]
    at: tuple[str, ...] = ()
    only_if: KeyTest | None = None


class Transcript(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where sessions are recorded, and how."""

    id: str
    path: str
    format: Literal["jsonl", "json", "sqlite", "markdown", "directory"]
    input_includes_cached: bool | None = None


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the agent is pointed at a gateway, and which wire format it then speaks."""

    settings: tuple[str, ...] = ()
    wire: tuple[Literal["messages", "chat", "responses", "responses-lite", "generate-content"], ...] = ()
    local: bool = True
    session_header: str | None = None


class Detect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Is the repository set up for this agent? ``files``: globs under the root. ``home``: paths under the home."""

    files: tuple[str, ...] = ()
    home: tuple[str, ...] = ()


class AgentSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One coding agent.

    ``latest``: the version its facts were last checked against, taken when none is asked for. ``model`` and
    ``window``: what it runs unless told otherwise. ``join``: settings whose lists add up over the layers.
    ``exclude``: settings with globs, matched against absolute paths, of rule files that are left out.
    ``dedupe``: whether one text reached twice is sent once (``real-path``, ``content``), or twice (``none``).
    """

    schema: Literal[1]
    id: str
    name: str
    vendor: str = ""
    latest: str
    model: str
    window: int | None = None
    detect: Detect
    roots: dict[str, str] = {}
    settings: tuple[SettingsFile, ...] = ()
    join: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_exempt: tuple[str, ...] = ()
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
