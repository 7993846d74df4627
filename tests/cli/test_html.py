"""``ctxkit audit --format html``: one file that is the same every time, with what detectors found in it."""

from pathlib import Path


def test_the_report_is_written_whole_and_the_same_every_time(ctxkit, repository: Path, tmp_path: Path) -> None:
    unseen = "\u200b" * 40
    (repository / "CLAUDE.md").write_text(f"# Rules\n\nBe{unseen} brief.\n", encoding="utf-8")
    out = tmp_path / "report.html"
    pages = []
    for seed in ("1", "2"):
        done = ctxkit("audit", "--agent", "claude-code", "--format", "html", "-o", str(out), PYTHONHASHSEED=seed)
        assert (done.returncode, done.stdout) == (0, b"")
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]
    page = pages[0].decode("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert page.count("<article") == 1
    assert r"Be<del>\u200b" in page
    assert "Before and after" in page
    assert str(tmp_path) not in page, "no path of this machine"


def test_stdout_gets_the_same_bytes(ctxkit, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert ctxkit("audit", "--agent", "codex", "--format", "html", "-o", str(out)).returncode == 0
    assert ctxkit("audit", "--agent", "codex", "--format", "html").stdout == out.read_bytes()
