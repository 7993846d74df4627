"""The form of an agent's surroundings: settings, MCP servers, ignore files, transcripts and gateway."""

from typing import Any, Literal

from msgspec import Struct, field

from ctxkit.agents.spec_parts import Condition, KeyTest, Part


class Detect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to see that a repository is set up for this agent."""

    files: tuple[str, ...] = ()
    """Globs under the root, of which one must match."""
    home: tuple[str, ...] = ()
    """Paths under the home directory that show the agent is in use."""


class SettingsFile(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A settings file; later ones are stronger."""

    path: str
    """Its path, with placeholders."""
    format: Literal["json", "jsonc", "toml", "yaml"] = "jsonc"
    """The language it is written in."""
    scope: Literal["project", "user", "local", "managed"]
    """Whose settings these are."""
    under: str | None = None
    """The key they are put under, so that they stay apart from those of other files; None: at the top."""
    only_if: KeyTest | None = None
    """A test of the weaker files that must hold for this one to count."""


class McpFile(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration file that names MCP servers."""

    scope: Literal["project", "user", "local", "managed"]
    """Whose servers these are."""
    path: str
    """Its path, with placeholders; may be a glob. ``{ancestor}`` stands for every directory above the cwd."""
    format: Literal["json", "jsonc", "toml", "yaml"] = "json"
    """The language it is written in."""
    servers: tuple[str, ...]
    """The keys that lead to the servers, with placeholders."""
    shape: Literal["map", "list"] = "map"
    """What is there: a map keyed by server name, or a list of entries with a ``name``."""
    approval: bool = False
    """Its servers start only once approved, which the settings named in :class:`Mcp` tell."""


class Deferral(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools whose definitions are kept out of the request until searched for."""

    mode: Literal["never", "always", "by-model", "threshold"]
    """For whom this holds: ``by-model`` for ``models``, ``threshold`` for tools over a share of the window."""
    models: tuple[str, ...] = ()
    """Globs of model ids."""
    threshold: float | None = None
    """The share of the window above which tools are deferred."""
    env: str | None = None
    """The variable that switches it."""
    setting: str | None = None
    """The dotted key of the settings that switches it, where no variable does."""
    off_values: tuple[str, ...] = ()
    """Values of these that mean off, in lower case."""
    listed: Literal["nothing", "names", "names+description", "namespaces"] = "nothing"
    """What stands in the window instead of a definition."""
    description_chars: int | None = None
    """The characters a listed description is cut to; None: it is whole."""


class OwnTool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool of the agent's own, in o200k tokens."""

    name: str
    """Its name on the wire."""
    tokens: int
    """Its definition as sent."""
    listed: int | None = None
    """What stands there instead while the tools of servers are deferred; None: it is never deferred."""


class OwnTools(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools of the agent's own for what MCP servers offer beside tools; sent once, however many servers there are."""

    id: str
    """What reports tell them apart by; unique within the agent's own tools of one version."""
    when: Literal["server", "resources", "listed-resources"]
    """What one server must do for them to be sent: be switched on, declare resources, or list one at least."""
    not_for: tuple[str, ...] = ()
    """Globs of model ids that do not get them."""
    tools: tuple[OwnTool, ...]
    """The tools."""


class TextLimit(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size cap for texts that servers bring."""

    n: int
    """What is kept of a longer text, in ``unit``."""
    unit: Literal["bytes", "chars", "utf16"]
    """``utf16``: units of UTF-16, as JavaScript counts characters."""
    mark: str = ""
    """What ends a text that was cut; it comes on top."""


class McpClient(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent tells an MCP server of itself when it connects; servers list other tools to other clients."""

    name: str
    """The name in ``clientInfo``."""
    title: str | None = None
    """The title in ``clientInfo``; None: it has none."""
    version: str | None = None
    """The version in ``clientInfo``; None: the agent's own."""
    protocol: str
    """The protocol version it asks for."""
    capabilities: dict[str, Any] = field(default_factory=dict)
    """What it says it can do, as it stands in ``initialize``."""


class McpLaunch(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the agent turns an entry of its files into a running server. The server's cwd is the agent's."""

    references: tuple[
        Literal[
            "${NAME}",
            "${NAME:-default}",
            "$NAME",
            "${env:NAME}",
            "{env:NAME}",
            "{file:PATH}",
            "${{ secrets.NAME }}",
        ],
        ...,
    ] = ()
    """The spellings of a variable that it replaces in an entry; others reach the server as they are."""
    names: dict[str, str] = field(default_factory=dict)
    """What a reference may name beside variables, with what it stands for: a text with placeholders."""
    unset: Literal["keep", "empty"] = "keep"
    """What becomes of a reference to a variable that is not set: it stays as it is, or is left out."""
    unset_value: Literal["keep", "empty"] | None = None
    """The same for values of variables and headers; None: no difference."""
    passed: tuple[str, ...] = ("*",)
    """Globs of the variables of its own environment that a server gets, beside what its entry says."""
    withheld: tuple[str, ...] = ()
    """Globs of those it does not get all the same."""
    added: dict[str, str] = field(default_factory=dict)
    """Variables that the agent sets for every server: texts with placeholders."""


class Mcp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the agent finds MCP servers, which of them start, and how their tools reach the wire."""

    files: tuple[McpFile, ...]
    """The files that name them."""
    precedence: tuple[Literal["project", "user", "local", "managed"], ...] = ("project", "user")
    """Scopes, strongest first; a server of a stronger scope hides one of the same name below."""
    disabled_if: tuple[KeyTest, ...] = ()
    """Tests of a server entry; one for which one holds does not start."""
    allow: str | None = None
    """The key of a server entry that lists the only tools offered."""
    deny: str | None = None
    """The key of a server entry that lists tools not offered."""
    approved: tuple[str, ...] = ()
    """Settings that approve servers by name."""
    approve_all: str | None = None
    """The setting that approves all."""
    refused: tuple[str, ...] = ()
    """Settings that list names of servers that never start."""
    allowed_only: tuple[str, ...] = ()
    """Settings that, once set, list the only names that start."""
    deny_patterns: str | None = None
    """A setting with patterns of tools that are not offered."""
    deny_form: tuple[str, ...] = ()
    """What these patterns are matched against: templates over ``{server}`` and ``{tool}``."""
    tool_name: str
    """The name of a tool on the wire: a template over ``{server}`` and ``{tool}``."""
    text_limit: tuple[TextLimit, ...] = ()
    """The size cap of a tool's description and of a server's instructions; the first that belongs to the version
    counts."""
    always_load: bool = False
    """A tool or a server can ask not to be deferred."""
    tool_limit: int | None = None
    """How many tools an agent offers at most; None: no bound."""
    instructions: bool = False
    """The servers' own instructions are sent."""
    deferral: tuple[Deferral, ...] = ()
    """Which definitions are kept back; the first that holds decides."""
    own_tools: tuple[OwnTools, ...] = ()
    """Tools of its own that come with servers; not among those of ``fixed``."""
    client: tuple[McpClient, ...] = ()
    """What it tells servers of itself; the first that belongs to the version counts."""
    launch: tuple[McpLaunch, ...] = ()
    """How it starts servers; the first that belongs to the version counts."""


class IgnoreName(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent's own ignore file."""

    name: str
    """Its path, relative to the places that ``at`` names."""
    at: Literal["root", "any-dir", "home"] = "root"
    """Where it may lie."""
    syntax: Literal["gitignore", "include"] = "gitignore"
    """``include``: as git's, and ``!include PATH`` reads another file."""
    negation: bool = True
    """``!pattern`` takes back an earlier one."""
    scope: Literal["read", "index"] = "read"
    """What it keeps files out of: everything, or only the search index."""
    enforced: bool = True
    """False: the agent no longer honours it."""


class DenyPatterns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting whose entries hide files."""

    setting: str
    """Its dotted key."""
    match: str = "^(.*)$"
    """A regular expression for such entries; its group is the pattern of files."""


class Ignore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files the agent's own tools leave out."""

    files: tuple[IgnoreName, ...] = ()
    """Its own ignore files."""
    names_setting: str | None = None
    """The setting with the names of further ones."""
    deny: tuple[DenyPatterns, ...] = ()
    """Settings that hide files."""
    gitignore: tuple[Literal["read", "search", "mention", "list"], ...] = ()
    """For which of its tools git's ignore files count."""
    built_in: tuple[Literal["lock", "packages"], ...] = ()
    """Kinds of files that it leaves out whatever the files say: lock files, installed packages."""
    note: str = ""
    """What a reader should know besides."""


class FileListing(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """File names the agent lists in its first request: a directory tree, a repository map."""

    id: str
    """What reports call it."""
    limit: int
    """The most entries it has; directories count."""
    order: Literal["breadth", "name"] = "breadth"
    """Which come first: those least deep, or by name."""
    honours_ignore: bool = True
    """Files that are hidden from the agent are not listed."""
    when: tuple[Condition, ...] = ()
    """Conditions that must all hold."""


class Transcript(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where sessions are recorded, and how."""

    id: str
    """The name of this kind of record; unique within the agent."""
    path: str
    """Its path, with placeholders; may be a glob."""
    format: Literal["jsonl", "json", "sqlite", "markdown", "directory"]
    """What is there."""
    input_includes_cached: bool | None = None
    """Do its counts of input tokens hold those read from the cache? None: not known."""


class Steering(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What its user types to make the window smaller."""

    afresh: str
    """Begins a new session with an empty history."""
    compact: str | None = None
    """Puts a summary in place of the history; None: it has no such command."""


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the agent is pointed at a gateway, and which wire format it then speaks."""

    settings: tuple[str, ...] = ()
    """Settings or variables that hold the address."""
    wire: tuple[Literal["messages", "chat", "responses", "responses-lite", "generate-content"], ...] = ()
    """The formats it speaks."""
    local: bool = True
    """Its requests leave from the user's machine, so a gateway there sees them."""
    session_header: str | None = None
    """The request header that names the session."""
    user_agent: str | None = None
    """The product that its User-Agent begins with, in lower case, as far as the slash or a dash."""
    introduction: tuple[str, ...] = ()
    """Words of which one stands in the first 400 characters of its system prompt and in no other agent's."""
