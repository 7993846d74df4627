"""What the output stream can show, progress, and files that are written whole or not at all."""

import io
import os
import sys
from pathlib import Path

import pytest

from ctxkit.cli import progress as progress_module
from ctxkit.cli import terminal
from ctxkit.cli.progress import ProgressBar
from ctxkit.model import CtxkitError
from ctxkit.report.layout import ASCII, UNICODE

posix = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo terminal")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("env", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colour(monkeypatch, env: dict[str, str], on_terminal: bool, in_pipe: bool) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert terminal.has_colour(Terminal()) is on_terminal
    assert terminal.has_colour(io.StringIO()) is in_pipe


@pytest.mark.parametrize(
    ("columns", "width"), [("", 80), ("0", 80), ("10", 40), ("100", 100), ("500", 120), ("x", 80), ("-5", 80)]
)
def test_width(monkeypatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.screen_of(io.StringIO()).width == width


@pytest.mark.parametrize(
    ("encoding", "glyphs"), [("utf-8", UNICODE), ("cp1252", ASCII), ("ascii", ASCII), ("no-such", ASCII)]
)
def test_characters(encoding: str, glyphs) -> None:
    stream = Terminal()
    stream.encoding = encoding
    assert terminal.screen_of(stream).glyphs is glyphs


@posix
def test_the_width_of_a_real_terminal() -> None:
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
    with open(follower, "w", encoding="utf-8") as stream:
        assert terminal.screen_of(stream).width == 97
    os.close(leader)


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    return now


def test_progress_waits_a_second_then_draws_and_clears(monkeypatch, clock: list[float]) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with ProgressBar() as bar:
        bar(1, 10, "Counting")
        clock[0] += 0.9
        bar(2, 10, "Counting")
        assert stderr.getvalue() == ""
        clock[0] += 0.2
        bar(5, 10, "Count\x1bing")
        assert stderr.getvalue() == "\rCount\\x1bing  ████████████············  5 of 10"
        bar(6, 10, "Counting")
        assert "6 of" not in stderr.getvalue()
        clock[0] += 0.2
        bar(1_234, 0, "Looking")
        assert stderr.getvalue().endswith("\rLooking  1,234" + " " * 33)
    assert stderr.getvalue().endswith("\r" + " " * 14 + "\r")


@pytest.mark.parametrize("make", [io.StringIO, Terminal])
def test_progress_is_for_people(monkeypatch, clock: list[float], make) -> None:
    stderr = make()
    monkeypatch.setattr(sys, "stderr", stderr)
    if make is Terminal:
        monkeypatch.setenv("TERM", "dumb")
    with ProgressBar() as bar:
        clock[0] += 5
        bar(5, 10, "Counting")
    assert stderr.getvalue() == ""


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    def broken():
        yield b"half"
        raise ZeroDivisionError

    target = tmp_path / "report"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        terminal.write_bytes(broken(), str(target))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
    terminal.write_bytes([b"ne", b"w"], str(target))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]


@posix
def test_a_link_is_kept_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    terminal.write_bytes([b"x"], str(link))
    assert link.is_symlink()
    assert target.read_bytes() == b"x"
    terminal.write_bytes([b"x"], os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CtxkitError, match="Cannot write"):
        terminal.write_bytes([b"x"], str(tmp_path / "none" / "report"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_no_traceback(repository: Path) -> None:
    import subprocess

    command = f"exec {sys.executable} -m ctxkit models > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=repository, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Cannot write the result: No space left on device.")


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(repository: Path, closed: str) -> None:
    import subprocess

    done = subprocess.run(["sh", "-c", f"exec {sys.executable} -m ctxkit models {closed}"], cwd=repository, check=False)
    assert done.returncode == 0
