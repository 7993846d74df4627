"""An MCP server over stdio that misbehaves as its first argument says; run as a program by the tests.

Every process it makes leaves a file with its number in the directory that PIDS names.
"""

import json
import os
import signal
import subprocess
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
PROPERTY = {"type": "object", "properties": {"town": {"type": "string"}}}


def note_pid() -> None:
    if os.environ.get("PIDS"):
        open(os.path.join(os.environ["PIDS"], str(os.getpid())), "w").close()


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def say(message: object) -> None:
    write(json.dumps(message).encode() + b"\n")


def answer(asked: dict, result: object, **extra: object) -> None:
    say({"jsonrpc": "2.0", "id": asked.get("id"), "result": result, **extra})


def tool(name: str, schema: object = None, **extra: object) -> dict:
    return {
        "name": name,
        "description": f"Does {name}.",
        "inputSchema": PROPERTY if schema is None else schema,
        **extra,
    }


def wait_for_ever(deaf: bool) -> None:
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def tell(number: int, _: object) -> None:
    with open(os.environ["TOLD"], "w") as file:
        file.write(signal.Signals(number).name)
    sys.exit(0)


def spawn(mode: str, **options: object) -> None:
    subprocess.Popen([sys.executable, __file__, mode], stdin=subprocess.DEVNULL, **options)
    expected = int(os.environ.get("EXPECTED_PIDS", "0"))
    while len(os.listdir(os.environ["PIDS"])) < expected:
        time.sleep(0.01)


def nested(depth: int) -> object:
    value: object = {"type": "string"}
    for _ in range(depth):
        value = {"type": "array", "items": value}
    return {"type": "object", "properties": {"deep": value}}


def read() -> dict:
    line = sys.stdin.readline()
    if not line:
        if MODE == "stays-telling":
            signal.signal(signal.SIGTERM, tell)
        if MODE.startswith("stays"):
            wait_for_ever(MODE == "stays-deaf")
        sys.exit(0)
    return json.loads(line)


def ask(method: str, params: object, identity: object = "q-1") -> dict:
    say({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
    while True:
        message = read()
        if "method" not in message:
            return message


def heard(reply: dict) -> str:
    return json.dumps(reply.get("result", reply.get("error")), sort_keys=True)


def pages(asked: dict) -> None:
    cursor = (asked.get("params") or {}).get("cursor")
    at = int(cursor or 0)
    if MODE == "endless":
        answer(asked, {"tools": [tool(f"t{at}")], "nextCursor": str(at + 1)})
    elif MODE == "circle":
        answer(asked, {"tools": [tool(f"t{at}")], "nextCursor": "1"})
    else:
        answer(asked, {"tools": [tool(f"t{at}")], **({"nextCursor": str(at + 1)} if at < 2 else {})})


LISTS = {
    "good": [tool("weather"), tool("tides", annotations={"readOnlyHint": True})],
    "untyped": [tool("a", {"properties": {"x": {"type": "string"}}}), tool("b", {}), tool("c", {"type": None})],
    "many": [tool(f"tool_{n}") for n in range(10_000)],
    "too-many": [tool(f"tool_{n}") for n in range(60_000)],
    "deep": [tool("shallow"), tool("deep", nested(400))],
    "deeper": [tool("fine")],
    "twice": [tool("a"), tool("b"), tool("a", {"type": "object", "title": "second"})],
    "broken": [tool("a"), {"description": "nameless"}, "no map", {"name": 7}, None, tool("b")],
    "surrogate": [tool("a", {"type": "object", "title": "\ud800"})],
    "huge": [tool("big", {"type": "object", "title": "x" * 3_000_000})],
}


def list_tools(asked: dict) -> None:
    if MODE == "hang-list":
        time.sleep(600)
    if MODE in ("pages", "endless", "circle"):
        pages(asked)
    elif MODE == "error":
        say({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -1, "message": "needs API_KEY=abcdef123456"}})
    elif MODE == "error-text":
        say({"jsonrpc": "2.0", "id": asked["id"], "error": "boom"})
    elif MODE == "error-no-id":
        say({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "invalid request"}})
    elif MODE == "no-list":
        answer(asked, {"tools": {"a": 1}})
    elif MODE == "no-result":
        answer(asked, [1, 2])
    elif MODE == "text-ids":
        say({"jsonrpc": "2.0", "id": "77", "result": {"tools": []}})
        say({"jsonrpc": "2.0", "id": True, "result": {"tools": []}})
        say({"jsonrpc": "2.0", "id": [1], "result": {"tools": []}})
        say({"jsonrpc": "2.0", "id": str(asked["id"]), "result": {"tools": LISTS["good"]}})
    elif MODE == "bytes":
        say({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
        write(
            b'{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":"a","description":"\xff\xfe","inputSchema":{}}]}}\n'
            % asked["id"]
        )
    elif MODE == "nan":
        write(b'{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":"a","x":NaN},{"name":"b"}]}}\n' % asked["id"])
    elif MODE == "unanswered-last":
        write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"tools": LISTS["good"]}}).encode())
        sys.exit(0)
    elif MODE == "deeper":
        write(b"[" * 200_000 + b"\n")
        answer(asked, {"tools": LISTS["deeper"]})
    else:
        answer(asked, {"tools": LISTS.get(MODE, LISTS["good"])})


def list_resources(asked: dict) -> None:
    if MODE == "resources":
        answer(asked, {"resources": [{"uri": "tide://1", "name": "one"}]})
    elif MODE == "resources-empty":
        answer(asked, {"resources": []})
    elif MODE == "resources-odd":
        answer(asked, {"resources": None})
    elif MODE == "resources-refused":
        say({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "Method not found"}})
    elif MODE == "resources-exit":
        sys.exit(1)
    elif MODE == "resources-hang":
        time.sleep(600)
    else:
        sys.exit("asked for resources that were not declared")


def start(asked: dict) -> None:
    if MODE == "hang-start":
        print("waiting for the login", file=sys.stderr, flush=True)
        time.sleep(600)
    if MODE == "asks-first":
        said = [
            heard(ask("ping", {})),
            heard(ask("roots/list", None, 7)),
            heard(ask("sampling/createMessage", {"messages": []}, "s")),
            heard(ask("elicitation/create", {"message": "?"}, "e")),
            heard(ask("no/such", {}, "n")),
        ]
        answer(asked, {"protocolVersion": "2025-06-18", "instructions": "\n".join(said)})
        return
    if MODE == "reports":
        seen = {"asked": asked["params"], "env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv[1:]}
        answer(asked, {"protocolVersion": "2025-06-18", "instructions": json.dumps(seen)})
        return
    answer(
        asked,
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}, **({"resources": {}} if MODE.startswith("resources") else {})},
            "serverInfo": {"name": "test", "version": "1.2.3"},
            "instructions": "Ask me.",
        },
    )


def main() -> None:
    note_pid()
    if MODE == "deaf":
        wait_for_ever(deaf=True)
    if MODE == "double":  # leaves its own child behind without a parent
        spawn("deaf", start_new_session=True)
        return
    if MODE == "exits":
        print("first line\nFATAL: no such database\n", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "silent-exit":
        return
    if MODE == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "flood":
        while True:
            write(b"x" * 65_536)
    if MODE == "flood-lines":
        while True:
            write(b"junk\n" * 10_000)
    if MODE == "junk":
        write(b'starting up\n\n{not json\n[1]\n{}\n"text"\n\x00\xff\n')
    if MODE == "flood-stderr":
        os.write(2, b"e" * 5_000_000 + b"\n")
    if MODE == "child":
        spawn("deaf")
    if MODE == "child-away":
        spawn("deaf", start_new_session=True)
    if MODE == "child-orphan":
        spawn("double", start_new_session=True)
    if MODE == "deaf-itself":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        start(read())
        wait_for_ever(deaf=True)
    while True:
        asked = read()
        if asked.get("method") == "initialize":
            start(asked)
        elif asked.get("method") == "tools/list":
            list_tools(asked)
        elif asked.get("method") == "resources/list":
            list_resources(asked)


main()
