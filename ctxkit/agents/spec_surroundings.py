"""The form of an agent's surroundings: MCP servers, ignore files, settings, transcripts and gateway."""

from typing import Literal

from msgspec import Struct

from ctxkit.agents.spec_parts import Condition, KeyTest, Limit, Part


class McpFile(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration file that names MCP servers.

    ``path`` may be a glob; ``{ancestor}`` in it stands for every directory above the cwd. ``servers`` is the list of
    keys that leads to them (placeholders allowed). ``map``: keyed by server name; ``list``: entries with a ``name``.
    ``approval``: this scope's servers start only once approved, which the keys of :class:`Mcp` settle.
    """

    scope: Literal["project", "user", "local", "managed"]
    path: str
    format: Literal["json", "jsonc", "toml", "yaml"] = "json"
    servers: tuple[str, ...]
    shape: Literal["map", "list"] = "map"
    approval: bool = False


class Deferral(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools whose definitions are kept out of the request until searched for.

    ``listed``: what stands in the window instead. ``env``: variable that switches it; ``off_values``: its values for
    off. ``threshold``: deferred only above this share of the window.
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
    ``approved``: settings (dotted) that approve project servers by name; ``approve_all``: the setting that approves
    all; ``refused``: settings that list refused names; ``allowed_only``: settings that, when set, are the only names
    that start. ``deny_patterns``: a setting with patterns, matched against ``deny_form``. ``tool_name`` is a template
    over ``{server}`` and ``{tool}``.
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
    """A settings file; later ones win, lists are joined where ``join`` names the key.

    ``at``: the keys that lead to the settings in it. ``under``: the key they are put under, so that they stay apart
    from those of other files. ``only_if``: a test of the weaker files' settings.
    """

    path: str
    format: Literal["json", "jsonc", "toml", "yaml"] = "jsonc"
    scope: Literal["project", "user", "local", "managed"]
    at: tuple[str, ...] = ()
    under: str | None = None
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
