"""Servers that misbehave, what it takes to ask them, and proof that nothing of them is left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.sources.mcp_live.asking import ask_all
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
from ctxkit.sources.mcp_live.launch import Client, Launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.sources.mcp_live.session import Answer

SERVER = str(Path(__file__).with_name("server.py"))
PATIENT = Limits(start=60, list=60, stop=0.5)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text("utf-8", "replace").rpartition(")")[2].split()[0] not in ("Z", "X")


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """Where servers note their processes; afterwards none of them is alive."""
    directory = tmp_path / "pids"
    directory.mkdir()
    yield directory
    noted = [int(path.name) for path in directory.iterdir()]
    deadline = time.monotonic() + 5
    while any(map(alive, noted)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in noted if alive(pid)] == []


@pytest.fixture
def launch(tmp_path: Path, pids: Path) -> Callable[..., Launch]:
    def make(*arguments: str, client: Client | None = None, **env: str) -> Launch:
        return Launch(
            transport="stdio",
            client=client or Client(capabilities={}, info={"name": "test", "version": "0"}),
            root=str(tmp_path),
            shown="server",
            arguments=(sys.executable, SERVER, *arguments),
            env={**os.environ, "PIDS": str(pids), **env},
            cwd=str(tmp_path),
        )

    return make


@pytest.fixture
def ask(launch: Callable[..., Launch]) -> Callable[..., Answer | ServerFailureError]:
    """Ask the server that misbehaves in one way."""

    def asked(mode: str, limits: Limits = PATIENT, **options: Any) -> Answer | ServerFailureError:
        return ask_all({"s": launch(mode, **options)}, limits)["s"]

    return asked
