"""What the tests of the tools collector share: a small agent, its directories, and tool definitions of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ctxkit.agents.disk import Disk
from ctxkit.agents.places import Places
from ctxkit.agents.settings import Settings, load_settings
from ctxkit.agents.spec import AgentSpec
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping

MCP: dict[str, Any] = {
    "files": [
        {"scope": "local", "path": "{home}/.agent.json", "servers": ["projects", "{cwd}", "mcpServers"]},
        {"scope": "project", "path": "{root}/.mcp.json", "servers": ["mcpServers"], "approval": True},
        {"scope": "user", "path": "{home}/.agent.json", "servers": ["mcpServers"]},
    ],
    "precedence": ["local", "project", "user"],
    "disabled_if": [{"key": "disabled", "is": "true"}],
    "approved": ["approved"],
    "approve_all": "approveAll",
    "refused": ["refused"],
    "allowed_only": ["allowed"],
    "allow": "tools",
    "deny": "disabledTools",
    "deny_patterns": "deny",
    "deny_form": ["mcp__{server}__{tool}", "mcp__{server}"],
    "tool_name": "mcp__{server}__{tool}",
}

WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "Says how warm it is.",
    "inputSchema": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"town": {"type": "string", "description": "Where", "default": "Oslo"}},
        "required": ["town"],
    },
    "annotations": {"readOnlyHint": True},
}
TIDES: dict[str, Any] = {"name": "tides", "description": "High and low water.", "inputSchema": {"type": "object"}}


def agent(mcp: Mapping[str, Any] | None = None, **extra: Any) -> AgentSpec:
    data = {
        "schema": 1, "id": "a", "name": "A", "latest": "2.0", "model": "m", "detect": {}, "window": 100_000,
        "settings": [{"path": "{root}/settings.json", "scope": "project"}],
        "gateway": {"wire": ["messages"]},
        "mcp": {**MCP, **(mcp or {})},
    }  # fmt: skip
    return msgspec.convert({**data, **extra}, AgentSpec)


class Project:
    """A directory with a home above a repository; ``{root}`` and ``{home}`` in texts and paths are filled in."""

    def __init__(self, tmp_path: Path, files: Mapping[str, str], env: Mapping[str, str] | None = None) -> None:
        self.home = str(tmp_path / "home")
        self.root = os.path.join(self.home, "src", "repo")
        os.makedirs(self.root)
        for path, text in files.items():
            self.write(path, text)
        self.disk = Disk(self.root, self.home, self.root)
        self.places = Places(self.root, self.root, self.home, self.root, env=env or {})

    def write(self, path: str, text: str) -> None:
        target = self.fill(path).replace("/", os.sep)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).write_text(self.fill(text), "utf-8")

    def fill(self, text: str) -> str:
        return text.replace("{root}", self.root.replace(os.sep, "/")).replace("{home}", self.home.replace(os.sep, "/"))

    def settings(self, spec: AgentSpec) -> Settings:
        return load_settings(spec, self.places.names(spec), self.disk)


def server(*tools: Mapping[str, Any], name: str = "s", **extra: Any) -> ServerDefinition:
    return ServerDefinition(name, tuple(ToolDefinition(str(tool["name"]), tool) for tool in tools), **extra)


@pytest.fixture(scope="session")
def facts() -> Any:
    """This module: test modules cannot import it by name."""
    return sys.modules[__name__]
