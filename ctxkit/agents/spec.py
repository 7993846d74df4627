"""The form of ``rules/agents/<agent>.yaml``: what one coding agent loads, when and from where.

Unknown keys are refused, because a typo in a data file is otherwise silent. ``rules/agents/README.md`` says how to
write such a file.

Paths in these files are posix. ``{root}``, ``{cwd}``, ``{git_root}`` and ``{home}`` stand for directories, ``{name}``
for one of the agent's own ``roots``; ``{slug}`` is the cwd with every non-alphanumeric character replaced by ``-``,
``{git_slug}`` the git root so; ``{cwd_name}`` and ``{git_name}`` are the last parts of their paths.
"""

from typing import Literal

from msgspec import Struct, field

from ctxkit.agents.spec_catalogs import BodyDescription, BuiltIn, Catalog, Place, Removal, Sidecar
from ctxkit.agents.spec_parts import Condition, Confidence, Frame, GlobDialect, Is, KeyTest, Limit, Part, Until, Where
from ctxkit.agents.spec_rules import Case, Group, Imports, LinkGuard, Manifest, RuleSource, Strip, Waiting
from ctxkit.agents.spec_surroundings import (
    Deferral,
    DenyPatterns,
    Detect,
    FileListing,
    Gateway,
    Ignore,
    IgnoreName,
    Mcp,
    McpClient,
    McpFile,
    McpLaunch,
    OwnTools,
    SettingsFile,
    Steering,
    TextLimit,
    Transcript,
)

__all__ = [
    "AgentSpec",
    "BodyDescription",
    "BuiltIn",
    "Case",
    "Catalog",
    "Condition",
    "Confidence",
    "Deferral",
    "DenyPatterns",
    "Detect",
    "FileListing",
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
    "Manifest",
    "Mcp",
    "McpClient",
    "McpFile",
    "McpLaunch",
    "OwnTools",
    "Part",
    "Place",
    "Removal",
    "RuleSource",
    "SettingsFile",
    "Sidecar",
    "Steering",
    "Strip",
    "TextLimit",
    "Transcript",
    "Until",
    "Waiting",
    "Where",
]


class Fixed(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent sends whatever the repository holds, measured: its system prompt, its own tools."""

    id: str
    """The name of this part; unique within the agent."""
    category: Literal["system", "tools"]
    """The category it is counted in."""
    title: str
    """What reports call it."""
    tokens: int
    """Its size in o200k tokens."""
    bytes: int | None = None
    """Its size in bytes, where known."""
    count: int | None = None
    """How many blocks or tools it is, where known."""
    parts: dict[str, int] = field(default_factory=dict)
    """What it consists of: name → o200k tokens, which add up to ``tokens``; empty: not taken apart."""
    source: str
    """How the figure was made."""
    date: str
    """When: year, month and day."""


class AgentSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One coding agent."""

    schema: Literal[1]
    """The version of this form."""
    id: str
    """What ``--agent`` takes; the name of the file."""
    name: str
    """What its makers call it."""
    vendor: str = ""
    """Who makes it."""
    latest: str
    """The version its facts were last checked against, taken when none is asked for."""
    model: str
    """The model it runs unless told otherwise."""
    window: int | None = None
    """The window of that model as the agent sees it, in tokens; None: the model's own."""
    window_setting: str | None = None
    """The setting that replaces the window."""
    detect: Detect
    """How to see that a repository is set up for it."""

    roots: dict[str, str] = {}
    """Directories of its own by name: placeholders in the other paths, and values of ``base``. ``${VARIABLE:-default}``
    is a variable of the environment."""
    settings: tuple[SettingsFile, ...] = ()
    """Its settings files, weakest first."""
    joined_settings: tuple[str, ...] = ()
    """Settings whose lists add up over the files; of all others the strongest file's list counts."""

    rules: tuple[RuleSource, ...] = ()
    """Its rule files, in the order in which they are sent."""
    groups: dict[str, Group] = {}
    """What sources of one ``group`` share."""
    frontmatter: Literal["repaired", "first-lines"] = "repaired"
    """How a frontmatter that is not valid YAML is read: with its plain values put in quotes, or line by line, of a key
    its first line."""
    globs: GlobDialect = GlobDialect()
    """How patterns in rule files and catalogues are read."""
    dedupe: Literal["none", "real-path", "name-case"] = "none"
    """When two paths are one rule file, which is sent once: never, where they lead to the same file, or where they
    differ only in case."""
    excluded_by: tuple[str, ...] = ()
    """Settings with globs, matched against absolute paths, of rule files that do not count."""
    never_excluded: tuple[str, ...] = ()
    """Ids of sources for whose files that has no effect."""

    catalogs: tuple[Catalog, ...] = ()
    """Its skills, subagents, commands and modes."""
    fixed: tuple[Fixed, ...] = ()
    """What it sends whatever the repository holds."""
    file_listings: tuple[FileListing, ...] = ()
    """File names in its first request."""
    mcp: Mcp | None = None
    """Its MCP servers; None: it has none, or nothing is known of them."""
    ignore: Ignore = Ignore()
    """Which files its tools leave out."""
    transcripts: tuple[Transcript, ...] = ()
    """Where its sessions are recorded."""
    steering: Steering | None = None
    """The commands that begin a session anew or compact it; None: not known."""
    gateway: Gateway = Gateway()
    """How it is pointed at a gateway."""

    notes: tuple[str, ...] = ()
    """What a reader should bear in mind, in whole sentences."""
    sources: tuple[str, ...] = ()
    """Addresses that the facts are from."""
