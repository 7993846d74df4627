"""Writes transcripts as Claude Code does, line by line: small, invented, and with the fields that matter."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]


def digest(message: Record) -> str:
    """The hash by which exact requests name a message."""
    plain = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def text(words: str) -> Record:
    return {"type": "text", "text": words}


def call(identity: str, name: str = "Read", **arguments: Any) -> Record:
    return {"type": "tool_use", "id": identity, "name": name, "input": arguments}


def result(identity: str, content: Any, error: bool | None = None) -> Record:
    found: Record = {"type": "tool_result", "tool_use_id": identity, "content": content}
    return found if error is None else {**found, "is_error": error}


def usage(fresh: int = 10, cached: int = 0, written: int = 0, output: int = 5, hour: int | None = None) -> Record:
    counts: Record = {
        "input_tokens": fresh,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": output,
    }
    if hour is not None:
        counts["cache_creation"] = {"ephemeral_1h_input_tokens": hour}
    return counts


class Transcript:
    """The lines of one session; each line's parent is the one before unless it is told another."""

    def __init__(self, session: str = "5e55104e-0000", cwd: str = "/repo", version: str = "2.1.400") -> None:
        self.records: list[Record] = []
        self._common: Record = {"sessionId": session, "cwd": cwd, "version": version, "gitBranch": "main"}
        self._last: str | None = None
        self._seconds = 0

    def line(self, kind: str, **fields: Any) -> str:
        """Add a line; its uuid."""
        self._seconds += 1
        identity = fields.pop("uuid", f"u{len(self.records)}")
        record: Record = {
            "parentUuid": fields.pop("parent", self._last),
            "isSidechain": False,
            "type": kind,
            "uuid": identity,
            "timestamp": f"2026-03-01T10:{self._seconds // 60:02}:{self._seconds % 60:02}.000Z",
            **self._common,
            **fields,
        }
        self.records.append(record)
        self._last = identity
        return identity

    def bare(self, kind: str, **fields: Any) -> None:
        """Add a line that is no part of the conversation."""
        self.records.append({"type": kind, "sessionId": self._common["sessionId"], **fields})

    def user(self, content: Any, **fields: Any) -> str:
        return self.line("user", message={"role": "user", "content": content}, **fields)

    def assistant(
        self, identity: str, *blocks: Any, usage: Record | None = None, model: str = "claude-sonnet-4-5", **fields: Any
    ) -> str:
        """One line of a message of the model."""
        message: Record = {"id": identity, "type": "message", "role": "assistant", "model": model}
        message["content"] = list(blocks)
        if usage is not None:
            message["usage"] = usage
        return self.line("assistant", message=message, **fields)

    def attachment(self, data: Record, rendered: str | None = None, **fields: Any) -> str:
        if rendered is not None:
            fields["rendered"] = [{"content": rendered}]
        return self.line("attachment", attachment=data, **fields)

    def compacted(self, **metadata: Any) -> str:
        return self.line("system", subtype="compact_boundary", compactMetadata=metadata, parent=None)

    def shape(self, identity: str, system: list[Record], tools: list[Record], **fields: Any) -> None:
        self.bare("api-request-shape", shapeHash=identity, shape={"system": system, "tools": tools}, **fields)

    def blob(self, message: Record, **fields: Any) -> None:
        self.bare("api-request-blob", hash=digest(message), message=message, **fields)

    def request(
        self, identity: str, tail: list[str], base: str | None = None, keep: int = 0, shape: str = "s1", **fields: Any
    ) -> None:
        extra = {} if base is None else {"base": base}
        params = fields.pop("params", {"model": "claude-sonnet-4-5", "max_tokens": 32_000, "betas": ["b"]})
        self.bare(
            "api-request", id=identity, shapeHash=shape, params=params, keep=keep, tail=tail, querySource="sdk",
            timestamp=f"2026-03-01T10:59:{len(self.records) % 60:02}.000Z", **extra, **fields,
        )  # fmt: skip

    def text(self) -> str:
        return "".join(json.dumps(record) + "\n" for record in self.records)

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(), encoding="utf-8")
        return path
