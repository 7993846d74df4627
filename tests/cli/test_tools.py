"""``ctxkit tools`` as its users meet it: what it shows, what it starts and when, what it locks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SERVER = str(ROOT / "tests" / "sources" / "mcp_live" / "server.py")
SCHEMA = json.loads((ROOT / "rules" / "schema" / "tools.json").read_text(encoding="utf-8"))
LOCK = "ctxkit-tools.lock"


@pytest.fixture
def configure(repository: Path, tmp_path: Path) -> Callable[..., None]:
    """Writes the repository's servers (name → mode, or a whole entry), approved unless told otherwise."""
    pids = tmp_path / "pids"
    pids.mkdir()

    def write(servers: dict[str, Any], approved: bool = True, file: str = ".mcp.json", **env: str) -> None:
        def entry(mode: str) -> dict[str, Any]:
            return {"command": sys.executable, "args": [SERVER, mode], "env": {"PIDS": str(pids), **env}}

        entries = {name: entry(mode) if isinstance(mode, str) else mode for name, mode in servers.items()}
        path = repository / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        settings = repository / ".claude" / "settings.json"
        settings.write_text(json.dumps({"enableAllProjectMcpServers": approved}), encoding="utf-8")

    return write


def started(tmp_path: Path) -> int:
    return len(list((tmp_path / "pids").iterdir()))


def changed_weather(text: str) -> str:
    """The lock file as it was when a tool said less."""
    from ctxkit.sources.definitions import ToolDefinition
    from ctxkit.sources.lockfile import parse_lock, render_lock

    (server,) = parse_lock(text.encode(), "lock")
    tools = [ToolDefinition("weather", {"name": "weather"}), ToolDefinition("old", {"name": "old"})]
    from dataclasses import replace

    return render_lock([replace(server, tools=tuple(tools), version="1.0.0")], len)


def test_offline_says_what_is_unknown_and_starts_nothing(ctxkit, configure, tmp_path: Path) -> None:
    configure({"w": "good", "off": {"command": "x", "disabled": True}})
    done = ctxkit("tools")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "nobody has counted" in text
    assert "Next: ctxkit tools --live" in text
    assert started(tmp_path) == 0
    assert max(map(len, text.splitlines())) <= 80


def test_help_says_that_nothing_starts_unasked(ctxkit) -> None:
    done = ctxkit("tools", "--help")
    assert done.returncode == 0
    assert b"Starts none without --live." in b" ".join(done.stdout.split())


def test_without_any_server_it_exits_3(ctxkit) -> None:
    done = ctxkit("tools")
    assert done.returncode == 3
    assert b"No configuration file names an MCP server." in done.stderr


def test_off_a_terminal_nothing_starts_without_yes(ctxkit, configure, tmp_path: Path) -> None:
    configure({"w": "good"}, SECRET_TOKEN="hush-hush-hush-1")
    done = ctxkit("tools", "--live")
    said = done.stderr.decode()
    assert (done.returncode, done.stdout, started(tmp_path)) == (2, b"", 0)
    assert f"{SERVER} good" in said
    assert "named by this repository: .mcp.json, as w, for Claude Code" in " ".join(said.split())
    assert "SECRET_TOKEN" in said
    assert "hush" not in said
    assert "hint: If you trust all of the above, add --yes" in said


def test_live_asks_each_server_once_per_way_of_starting_it(ctxkit, configure, tmp_path: Path) -> None:
    configure({"w": "good"})
    done = ctxkit("tools", "--live", "--yes", "--agent", "claude-code")
    assert done.returncode == 0, done.stderr
    assert "2 tools of 1 server" in done.stdout.decode()
    assert "weather" in done.stdout.decode()
    assert b"About to start 1 MCP server" in done.stderr
    assert started(tmp_path) == 1


def test_servers_that_wait_for_approval_start_by_name_alone(ctxkit, configure, tmp_path: Path) -> None:
    configure({"w": "good", "v": "good"}, approved=False)
    done = ctxkit("tools", "--live", "--yes", "--agent", "claude-code")
    assert (done.returncode, started(tmp_path)) == (0, 0)
    assert "Next: ctxkit tools --live --server w" in done.stdout.decode()
    done = ctxkit("tools", "--live", "--yes", "--agent", "claude-code", "--server", "w", "--format", "json")
    (agent,) = json.loads(done.stdout)["agents"]
    assert {server["name"]: server["known"] for server in agent["servers"]} == {"w": True, "v": False}
    assert started(tmp_path) == 1


def test_json_satisfies_its_schema(ctxkit, configure) -> None:
    configure({"w": "good", "x": "exits"})
    configure({"w": "good"}, file=".gemini/settings.json")
    done = ctxkit("tools", "--live", "--yes", "--format", "json", "--lock")
    report = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(report)
    assert done.returncode == 1, "one server gave no answer"
    servers = {server["name"]: server for server in report["agents"][0]["servers"]}
    assert "FATAL: no such database" in servers["x"]["trouble"][0]
    tool = servers["w"]["tools"][0]
    assert 0 < tool["described"] + tool["schema"] <= tool["tokens_if_used"]["n"]
    assert [one["server"] for one in report["shared"]] == ["w"]
    assert report["lock"]["changed"]


def test_the_lock_file_is_stable_and_read_again(ctxkit, configure, repository: Path, tmp_path: Path) -> None:
    configure({"w": "good"})
    asked = ("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    first = ctxkit(*asked)
    assert first.returncode == 0, first.stderr
    assert b"ctxkit-tools.lock: written" in first.stdout
    data = (repository / LOCK).read_bytes()
    again = ctxkit(*asked)
    assert b"ctxkit-tools.lock: unchanged" in again.stdout
    assert (repository / LOCK).read_bytes() == data
    before = started(tmp_path)
    offline = ctxkit("tools", "--agent", "claude-code", COLUMNS="120").stdout.decode()
    assert "1.2.3, locked" in " ".join(offline.split())
    assert b"2 tools 1.2.3 from ctxkit-tools.lock" in b" ".join(
        json.dumps(item["why"]).encode()
        for item in json.loads(ctxkit("audit", "--agent", "claude-code", "--format", "json").stdout)["agents"][0][
            "items"
        ]
        if item["kind"] == "mcp-server"
    )
    assert started(tmp_path) == before


def test_what_grew_came_and_went_is_shown(ctxkit, configure, repository: Path) -> None:
    configure({"w": "good"})
    ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    now = (repository / LOCK).read_text(encoding="utf-8")
    (repository / LOCK).write_text(changed_weather(now), encoding="utf-8")
    checked = ctxkit("tools", "--live", "--yes", "--lock", "--check", "--agent", "claude-code")
    assert checked.returncode == 1
    assert (repository / LOCK).read_text(encoding="utf-8") != now
    done = ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    assert done.returncode == 0
    assert (repository / LOCK).read_text(encoding="utf-8") == now
    lines = [line.split() for line in done.stdout.decode().split("\n\n")[0].splitlines()[1:]]
    assert lines[0][1] == "w"
    assert lines[0][-3:] == ["1.0.0", "to", "1.2.3"]
    assert {(line[1], line[-1]) for line in lines[1:]} == {("tides", "new"), ("old", "gone"), ("weather", lines[3][-1])}
    assert lines[0][0].startswith("+")


def test_servers_not_asked_keep_their_entry_until_nobody_names_them(ctxkit, configure, repository: Path) -> None:
    configure({"w": "good", "v": "good"})
    ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code", "--server", "w")
    assert set(json.loads((repository / LOCK).read_bytes())["servers"]) == {"v", "w"}
    configure({"w": "good"})
    done = ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    assert "removed: no configuration file names it" in done.stdout.decode()
    assert set(json.loads((repository / LOCK).read_bytes())["servers"]) == {"w"}


def test_a_server_that_fails_keeps_its_entry(ctxkit, configure, repository: Path) -> None:
    configure({"w": "good"})
    ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    data = (repository / LOCK).read_bytes()
    configure({"w": "exits"})
    done = ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    assert done.returncode == 1
    assert (repository / LOCK).read_bytes() == data


def test_a_lock_holds_no_secret(ctxkit, configure, repository: Path) -> None:
    configure({"w": "reports"}, API_TOKEN="very-secret-value-123")
    done = ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    assert b"what it tells repeats the value of API_TOKEN" in b" ".join(done.stdout.split())
    assert b"very-secret" not in (repository / LOCK).read_bytes()


def test_servers_of_the_home_directory_are_locked_by_name_alone(ctxkit, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    entry = {"command": sys.executable, "args": [SERVER, "good"], "env": {"PIDS": str(tmp_path / "pids")}}
    (tmp_path / "home" / ".claude.json").write_text(json.dumps({"mcpServers": {"mine": entry}}), encoding="utf-8")
    asked = ("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    done = ctxkit(*asked)
    assert "named by your own file: ~/.claude.json" in " ".join(done.stderr.decode().split())
    assert "no file of the repository names them: mine" in " ".join(done.stdout.decode().split())
    assert json.loads((repository / LOCK).read_bytes())["servers"] == {}
    ctxkit(*asked, "--server", "mine")
    assert set(json.loads((repository / LOCK).read_bytes())["servers"]) == {"mine"}


def test_saved_answers_are_locked_too(ctxkit, configure, repository: Path, tmp_path: Path) -> None:
    configure({"w": "good"})
    saved = tmp_path / "w.json"
    saved.write_text(json.dumps({"tools": [{"name": "a", "inputSchema": {"type": "object"}}]}), encoding="utf-8")
    done = ctxkit("tools", "--tools", f"w={saved}", "--lock", "--agent", "claude-code")
    assert done.returncode == 0, done.stderr
    assert set(json.loads((repository / LOCK).read_bytes())["servers"]["w"]["tools"]) == {"a"}
    assert started(tmp_path) == 0


def test_a_link_is_not_written_through(ctxkit, configure, repository: Path, tmp_path: Path) -> None:
    configure({"w": "good"})
    (tmp_path / "precious").write_text("keep", encoding="utf-8")
    try:
        (repository / LOCK).symlink_to(tmp_path / "precious")
    except OSError:
        pytest.skip("no links here")
    done = ctxkit("tools", "--live", "--yes", "--lock", "--agent", "claude-code")
    assert done.returncode == 2
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "keep"


@pytest.mark.parametrize("kind", ["directory", "pipe", "unreadable"])
def test_a_lock_file_that_cannot_be_read_is_left_alone(
    ctxkit, configure, repository: Path, tmp_path: Path, kind: str
) -> None:
    configure({"w": "good"})
    if kind == "directory":
        (repository / LOCK).mkdir()
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes here")
        os.mkfifo(repository / LOCK)
    else:
        (repository / LOCK).write_text("{}", encoding="utf-8")
        (repository / LOCK).chmod(0)
        if os.access(repository / LOCK, os.R_OK):
            pytest.skip("this user may read everything")
    saved = tmp_path / "w.json"
    saved.write_text(json.dumps({"tools": [{"name": "a", "inputSchema": {"type": "object"}}]}), encoding="utf-8")
    before = os.lstat(repository / LOCK).st_mtime_ns
    done = ctxkit("tools", "--tools", f"w={saved}", "--lock", "--agent", "claude-code")
    assert done.returncode == 2
    assert f"{LOCK} cannot be read." in done.stderr.decode()
    assert os.lstat(repository / LOCK).st_mtime_ns == before


def test_a_variable_that_is_not_set_is_named(ctxkit, configure) -> None:
    configure({"w": {"command": sys.executable, "args": [SERVER, "${NO_SUCH_MODE}"]}})
    done = ctxkit("tools", "--live", "--yes", "--agent", "claude-code")
    assert "names the variable NO_SUCH_MODE, which is not set" in " ".join(done.stdout.decode().split())
    assert "NO_SUCH_MODE" in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lock"], "--lock: there is nothing to lock."),
        (["--yes"], "--yes says nothing without --live."),
        (["--server", "w"], "--server says nothing without --live."),
        (["--check"], "--check says nothing without --lock."),
        (["--live", "--yes", "--server", "nobody"], "no configuration file names a server 'nobody'"),
        (["--live", "--yes", "--server", "off"], "off does not start"),
        (["--format", "jsn"], "No format is called 'jsn'."),
        (["--agent", "claude-cod"], "claude-cod"),
    ],
)
def test_usage_errors_exit_2(ctxkit, configure, arguments: list[str], message: str) -> None:
    configure({"w": "good"})
    if "off" in arguments:
        configure({"off": {"type": "stdio"}})
    done = ctxkit("tools", *arguments)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-2].startswith("error: ")
    assert message in done.stderr.decode()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("typed", "code", "servers"), [("y", 0, 1), ("n", 2, 0), ("", 2, 0)])
def test_on_a_terminal_it_asks(
    configure, repository: Path, tmp_path: Path, typed: str, code: int, servers: int
) -> None:
    import pty

    configure({"w": "good"})
    ours, theirs = pty.openpty()
    env = {**os.environ, "HOME": str(tmp_path), "CTXKIT_CACHE_DIR": str(tmp_path / "cache"), "TERM": "dumb"}
    command = [sys.executable, "-m", "ctxkit", "tools", "--live", "--agent", "claude-code"]
    running = subprocess.Popen(command, cwd=repository, env=env, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(ours, 1024)
    assert started(tmp_path) == 0, "nothing runs before the answer"
    os.write(ours, typed.encode() + b"\n")
    running.communicate(timeout=60)
    os.close(ours)
    assert (running.returncode, started(tmp_path)) == (code, servers)


def test_a_run_without_live_imports_nothing_of_it(configure, repository: Path, tmp_path: Path) -> None:
    configure({"w": "good"})
    code = (
        "import sys\nfrom ctxkit.cli.app import run\n"
        "code = run(['tools', '--agent', 'claude-code'])\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\nsys.exit(code)\n"
    )
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "CTXKIT_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, env=env, capture_output=True, text=True, check=True
    )
    modules = set(done.stderr.split())
    assert {name.partition(".")[0] for name in modules} & {"mcp", "httpx2", "anyio", "asyncio", "pydantic"} == set()
    assert not any(name.startswith("ctxkit.sources.mcp_live") for name in modules)
