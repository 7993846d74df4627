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


Is = Literal["true", "false", "empty", "non-empty", "absent", "present", "matches-all", "all-match-all"]


class KeyTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test of one key of a frontmatter, a server entry or a settings file.

    ``key`` is dotted. ``matches-all`` holds where one of the globs is ``**``, ``**/*`` or ``*``, ``all-match-all`` where all are.
    ``equals`` compares the value as text.
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
    taken off. ``not_extensions``: never imported. ``starts``: characters that may stand before the ``@``, besides white space and line starts.
    ``emphasis``: ``**@x**``, ``_@x_`` and ``[@x](url)`` count. ``need``: a path must begin with one of these.
    ``token``: a regular expression whose group ``path`` is the path, where an agent's own reading of tokens fits none of
    these keys (it then replaces ``starts`` and ``emphasis``). Of the regions, ``odd-ticks`` is what follows an odd number of
    runs of backticks on its line, ``fence-lines`` what stands between lines that begin with three backticks or tildes,
    however many follow. ``inline``: the text takes the place of the token. ``eager``: imports of a rule that waits for a touch
    are loaded at the start all the same. ``once``: a file comes once for each rule file that leads to it, even where the
    agent sends it elsewhere as well. ``frame``: what is written around each imported file.
    """

    syntax: Literal["at-path", "kiro-file"] = "at-path"
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
    inline: bool = False
    eager: bool = False
    once: bool = False
    frame: Frame | None = None


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size cap. ``setting`` overrides ``n``; ``window-fraction`` is of the model's window, in tokens.

    ``fallback`` (characters) holds where the window is not known. ``env``: a variable with a number of characters that
    replaces it. ``ellipsis``: what ends a text that was cut. ``line_cost``: a line counts as a quarter of its length, rounded up.
    ``reserve``: what is taken off the allowance before it is filled, in tokens for ``window-fraction``. Overflow of a listing:
    ``drop-descriptions`` leaves names where a description does not fit, ``shorten-descriptions`` cuts all to one length,
    ``name-the-rest`` names everything from the first entry that does not fit in one line.
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

    ``path``: the path it prints with each file (``absolute``, ``relative``, ``name`` or none). ``cwd``: the preamble prints the
    working directory. ``per_root``: tokens around the path of each directory that holds entries of a catalogue, which is
    printed once.
    """

    preamble: int = 0
    per_file: int = 0
    per_root: int = 0
    cwd: bool = False
    path: Literal["absolute", "relative", "name", "none"] = "none"


class GlobDialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent reads the patterns of a ``glob`` rule.

    ``base``: what patterns are relative to: the audited root, the cwd, or the ``holder``, the directory in which the
    source's names are looked up. ``style``: ``gitignore`` (a pattern without inner ``/`` matches at any depth, one that matches a
    directory matches all below it), or ``glob`` (matches the whole path). ``bare``: with ``glob``, a pattern without ``/`` matches
    the base name at any depth, or is ``anchored``. ``prefix``: a relative pattern also matches below any directory.
    ``inside``: only files in this directory count. ``split``: what separates patterns in one string. ``drop_globstar``: a
    trailing ``/**`` is taken off first. ``never``: patterns that begin like this match nothing. ``negation``: ``!pattern``
    takes back what earlier patterns matched, or is a pattern of its own that matches where path or name does not
    (``complement``).
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
Strip = Literal["html-comments", "frontmatter"]


class LinkGuard(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link whose target lies outside ``inside`` is not followed, unless the setting ``approval`` is true."""

    inside: str
    approval: str | None = None


class Waiting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the first request for a rule file that waits for a touch.

    ``template`` as in :class:`Catalog`; ``{path}``, ``{patterns}`` (joined by ``, ``) and frontmatter keys. ``preamble``: o200k
    tokens before the first.
    """

    template: str
    preamble: int = 0


class RuleSource(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule files of one kind: where they are, which of them count, and when they are loaded.

    ``base``: ``cwd``, ``root``, ``git-root``, ``home``, one of the agent's ``roots`` or an absolute path. ``walk``: ``up``
    adds every ancestor as far as ``until`` (included; ``below-home`` stops before the home directory; without a git
    root ``git-root`` means the base alone, ``git-root-or-all`` every ancestor,
    ``git-root-or-below-home`` those below the home directory), ``ends`` only the base and the last of them,
    ``between`` only those that lie between these two, ``down`` every
    directory below the base. ``names``: globs under each directory, in order; ``{setting:KEY}`` expands to the strings
    of a setting, ``{env:NAME}`` to the parts of a variable between commas. ``pick``: all of them or the ``first`` that exists,
    per directory. ``below``: the same names in
    directories below the base, with this activation; below ``below_base`` where that is given, but not in a directory of
    the walk, its ends included. ``reach_out``: once a directory below was touched, the patterns of its files count for
    files elsewhere too. ``waiting``: how one that waits is listed, unless it is below.
    ``text_setting``: the text is not in a file but in this setting.
    ``group``: sources of one group share order and limit.
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
    invisible: bool = False


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sources of one group share.

    ``pick: first``: the first source that finds a file counts alone. ``order: directory`` sends the files directory by
    directory instead of source by source. ``limit`` is over all files together, in the order sent. ``once``: of files
    with equal text that are loaded at the start only the first is sent.
    """

    pick: Literal["all", "first"] = "all"
    order: Literal["source", "directory"] = "source"
    limit: Limit | None = None
    once: bool = False


class Place(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where entries of a catalogue are looked for; as in :class:`RuleSource`.

    ``hidden``: hidden directories count. ``label``: what ``{label}`` stands for in the template.
    """

    base: str = "root"
    walk: Walk = "none"
    until: Until = "git-root"
    markers: tuple[str, ...] = (".git",)
    markers_setting: str | None = None
    names: tuple[str, ...]
    hidden: bool = True
    below: bool = False
    label: str = ""


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

    ``template``: how an entry is listed; ``{name}``, ``{path}``, ``{inside}`` (the path below the part of the place's name that
    has no wildcard), ``{label}`` and frontmatter keys in braces, a part in ``[...]`` only if
    its keys have a value. ``escape``: how values are written in it. ``name_from``: where the name comes from: the ``frontmatter`` (else the directory or file), always the ``directory``, the
    file's ``stem``, or its ``path`` below the place with ``:`` between directories. ``needs``: keys without which an entry is
    not listed. ``describe_from_body``: without a description the first line of the body stands in, cut to so many
    characters; with ``body_form: all-lines`` the whole body in one line, but only without any frontmatter.
    ``strict``: an entry whose frontmatter is missing or no YAML is not listed.
    ``hidden_if``: not listed at all. ``sidecar``: a file beside it that may hide it. ``switches``: a setting with a list of maps;
    one with ``enabled: false`` takes out the entry of its ``name`` or ``path``. ``gated_if``: listed only after a file matching that key's globs was read.
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

    ``path`` may be a glob; ``{ancestor}`` in it stands for every directory above the cwd. ``servers`` is the list of keys
    that leads to them (placeholders allowed). ``map``: keyed by server name;
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
    ``frontmatter``: one that is not valid YAML is read with its plain values put in quotes (``repaired``), or line by line, of a
    key its first line (``first-lines``). ``dedupe``: whether one text reached twice is sent once (``real-path``, ``content``), or twice (``none``).
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
