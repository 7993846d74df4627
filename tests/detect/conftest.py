"""A small repository, looked at by the detectors."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ctxkit.model.audit import Audit


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Audit]:
    """A function from files (path → text, bytes or ``{link: target}``) to the audit of a repository that holds them.

    ``servers`` and ``sessions``: as in the cases of the detectors; ``more``: of the request.
    """
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))

    def look(
        files: Mapping[str, Any],
        agents: tuple[str, ...] = ("claude-code",),
        servers: Mapping[str, Any] | None = None,
        sessions: Sequence[Any] = (),
        **more: Any,
    ) -> Audit:
        root, home = tmp_path / "repo", tmp_path / "home"
        home.mkdir(exist_ok=True)
        root.mkdir()
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        if servers:
            _set_up(servers, root)
            tools = tmp_path / "tools.json"
            tools.write_text(json.dumps({name: _told(value) for name, value in servers.items()}))
            more = {"tools": (str(tools),), **more}
        if sessions:
            _record(sessions, root, home)
            more = {"recent": len(sessions), **more}
        for name, content in files.items():
            path = (home / name[2:]) if name.startswith("~/") else root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, dict):
                path.symlink_to(content["link"])
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
        return audit(AuditRequest(str(root), agents, home=str(home), **more))

    return look


def _told(server: Any) -> dict[str, Any]:
    """What the server answers to tools/list."""
    value = server if isinstance(server, dict) else {"tools": server}
    tools = [{"inputSchema": {"type": "object", "properties": {}}} | tool for tool in value["tools"]]
    return {**value, "tools": tools}


def _set_up(servers: Mapping[str, Any], root: Path) -> None:
    """The servers in the settings of Claude Code, where each is approved, and of OpenCode."""
    commands = {name: ["run", name] for name in servers}
    (root / ".mcp.json").write_text(
        json.dumps({"mcpServers": {name: {"command": line[0], "args": line[1:]} for name, line in commands.items()}})
    )
    (root / ".claude").mkdir()
    (root / ".claude" / "settings.local.json").write_text('{"enableAllProjectMcpServers": true}')
    local = {name: {"type": "local", "command": line} for name, line in commands.items()}
    (root / "opencode.json").write_text(json.dumps({"mcp": local}))


def _record(sessions: Sequence[Any], root: Path, home: Path) -> None:
    """Each of ``sessions`` as Claude Code writes it down."""
    folder = home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(root))
    folder.mkdir(parents=True)
    for number, calls in enumerate(sessions):
        lines = [_line(number, 0, root, "user", "go on")]
        for at, call in enumerate(calls, 1):
            name, arguments = next(iter(call.items())) if isinstance(call, dict) else ("Bash", {"command": call})
            block = {"type": "tool_use", "id": f"t{at}", "name": name, "input": arguments}
            lines.append(_line(number, at, root, "assistant", [block]))
        (folder / f"session{number}.jsonl").write_text("".join(lines))


def _line(session: int, number: int, root: Path, role: str, content: Any) -> str:
    message: dict[str, Any] = {"role": role, "content": content}
    if role == "assistant":
        usage = {"input_tokens": 10, "cache_read_input_tokens": 20_000, "output_tokens": 5}
        message |= {"id": f"m{session}-{number}", "model": "claude-sonnet-4-5", "usage": usage}
    entry = {
        "type": role, "uuid": f"u{session}-{number}", "parentUuid": f"u{session}-{number - 1}" if number else None,
        "isSidechain": False, "sessionId": f"s{session}", "version": "2.1.329", "cwd": str(root),
        "timestamp": f"2026-11-{session + 1:02}T10:00:00Z", "message": message,
    }  # fmt: skip
    return json.dumps(entry) + "\n"
