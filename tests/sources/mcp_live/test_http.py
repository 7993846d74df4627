"""Servers at an address, in this process: JSON and events, sessions, logins, redirects, silence, noise."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.sources.mcp_live.asking import ask_all
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
from ctxkit.sources.mcp_live.launch import Client, Launch
from ctxkit.sources.mcp_live.session import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("mcp")

TOOLS = [
    {"name": "b", "inputSchema": {"properties": {}}, "x-own": 1, "description": "Second."},
    {"name": "a", "description": "First.", "inputSchema": {"type": "object"}},
]
LIMITS = Limits(start=20, list=20, total=300_000, line=200_000, stop=0.5)


class Handler(BaseHTTPRequestHandler):
    """Behaves as the first part of the path says; ``server.seen`` holds what it was asked."""

    protocol_version = "HTTP/1.1"
    server: Site

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def reply(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.seen.append(("GET", self.path, dict(self.headers), None))
        if self.path.startswith("/old"):
            self.old()
        else:
            self.reply(405)

    def do_DELETE(self) -> None:
        self.server.seen.append(("DELETE", self.path, dict(self.headers), None))
        self.reply(200)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append(("POST", self.path, dict(self.headers), asked))
        mode = self.path.strip("/").split("?")[0].split("/")[0]
        if mode == "hang":
            self.server.over.wait(30)
        elif mode.isdecimal():
            self.reply(int(mode), b'{"error": "no"}', WWW_Authenticate="Bearer")
        elif mode == "elsewhere":
            self.reply(307, location="http://other.invalid/mcp?code=secret-code-1234567")
        elif mode == "moved":
            self.reply(308, location=f"http://127.0.0.1:{self.server.server_port}/json/")
        elif mode == "garbage":
            self.reply(200, b"<html>Welcome</html>", "text/html")
        elif mode == "half":
            self.reply(200, b'{"jsonrpc": "2.0", "id": ')
        elif mode == "old-post":
            self.reply(202)
            self.server.events.append(self.answer(asked))
        elif "id" not in asked:
            self.reply(202)
        else:
            self.tell(mode, self.answer(asked))

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        if "id" not in asked:
            return None
        if asked["method"] == "initialize":
            result: dict[str, Any] = {
                "protocolVersion": "2025-03-26", "capabilities": {}, "instructions": "Hello.",
                "serverInfo": {"name": "site", "version": "4.5"},
            }  # fmt: skip
        elif asked["method"] == "tools/list":
            result = {"tools": TOOLS}
        else:
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no"}}
        return {"jsonrpc": "2.0", "id": asked["id"], "result": result}

    def tell(self, mode: str, answer: dict[str, Any] | None) -> None:
        text = json.dumps(answer).encode()
        if mode == "events":
            note = b'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'
            self.reply(200, note + b"event: message\ndata: " + text + b"\n\n", "text/event-stream")
        elif mode == "flood":
            self.reply(200, b'{"x": "' + b"y" * 1_000_000 + b'"}')
        else:
            self.reply(200, text, Mcp_Session_Id="session-1")

    def old(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"event: endpoint\ndata: /old-post?sessionId=1\n\n")
        while not self.server.over.wait(0.02):
            while self.server.events:
                event = self.server.events.pop(0)
                if event is not None:
                    self.wfile.write(b"event: message\ndata: " + json.dumps(event).encode() + b"\n\n")


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.events: list[dict[str, Any] | None] = []
        self.over = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no error."""


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def ask(site: Site, path: str, limits: Limits = LIMITS, transport: str = "http") -> Answer | ServerFailureError:
    launch = Launch(
        transport=transport,
        client=Client("2025-06-18", {"roots": {}}, {"name": "agent", "version": "1"}),
        root="/",
        shown="",
        address=f"http://127.0.0.1:{site.server_port}/{path}",
        headers={"X-Own": "yes"},
    )
    return ask_all({"s": launch}, limits)["s"]


@pytest.mark.parametrize("path", ["json", "events", "moved"])
def test_tools_come_as_they_are_listed(site: Site, path: str) -> None:
    answer = ask(site, path)
    assert isinstance(answer, Answer), answer
    assert [dict(tool.listed) for tool in answer.tools] == TOOLS
    assert [list(tool.listed) for tool in answer.tools] == [list(tool) for tool in TOOLS], "the order of keys counts"
    assert (answer.version, answer.instructions) == ("4.5", "Hello.")


def test_headers_session_and_version(site: Site) -> None:
    ask(site, "json")
    posts = [(headers, asked) for method, _, headers, asked in site.seen if method == "POST"]
    assert [asked["method"] for _, asked in posts] == ["initialize", "notifications/initialized", "tools/list"]
    assert posts[0][1]["params"] == {
        "protocolVersion": "2025-06-18", "capabilities": {"roots": {}}, "clientInfo": {"name": "agent", "version": "1"},
    }  # fmt: skip
    lower = [{name.lower(): value for name, value in headers.items()} for headers, _ in posts]
    assert all(headers["x-own"] == "yes" for headers in lower)
    assert "mcp-session-id" not in lower[0]
    assert all(headers["mcp-session-id"] == "session-1" for headers in lower[1:])
    assert all(headers["mcp-protocol-version"] == "2025-03-26" for headers in lower[1:])
    assert site.seen[-1][0] == "DELETE"


def test_the_older_events(site: Site) -> None:
    answer = ask(site, "old", transport="sse")
    assert isinstance(answer, Answer), answer
    assert [dict(tool.listed) for tool in answer.tools] == TOOLS


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("401", "it asks for a login (HTTP 401)"),
        ("403", "it asks for a login (HTTP 403)"),
        ("404", "it answers with HTTP 404"),
        ("500", "it answers with HTTP 500"),
        ("elsewhere", "it sends elsewhere, to http://other.invalid/mcp?code=*** (HTTP 307)"),
        ("garbage", "it gives no valid answer"),
        ("half", "it gives no valid answer"),
        ("flood", "it sent more than 300,000 bytes"),
    ],
)
def test_a_failure_is_one_sentence(site: Site, path: str, reason: str) -> None:
    failure = ask(site, path)
    assert isinstance(failure, ServerFailureError), failure
    assert reason in failure.reason
    assert failure.hint


def test_silence_ends(site: Site) -> None:
    failure = ask(site, "hang", LIMITS._replace(start=0.5))
    assert isinstance(failure, ServerFailureError)
    assert "within 0.5 s" in failure.reason or "nobody answers" in failure.reason


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_nobody_is_there(transport: str) -> None:
    site = Site()
    site.server_close()
    failure = ask(site, "json", transport=transport)
    assert isinstance(failure, ServerFailureError)
    assert "nobody answers at its address" in failure.reason


def test_an_old_address_that_asks_for_a_login(site: Site) -> None:
    failure = ask(site, "json", transport="sse")
    assert isinstance(failure, ServerFailureError)
    assert "HTTP 405" in failure.reason


def test_without_the_sdk_the_sentence_says_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ctxkit.sources.mcp_live.http", None)
    failure = ask(site, "json")
    assert isinstance(failure, ServerFailureError)
    assert "not installed" in failure.reason
    assert "agent-ctxkit[mcp]" in failure.hint
