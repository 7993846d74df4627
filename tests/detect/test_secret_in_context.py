"""A secret is told of, and never told."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ctxkit.cli.names import AUDIT_FORMATS
from ctxkit.detect.run import run_detectors
from ctxkit.evidence import Evidence, ToolText

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ctxkit.model.audit import Audit

KEY = "gh" + "p_" + "Q7dLw2Zc9RfXk4TnBv81sYpHmJ03aEu5GtKi"
PASSWORD = "xK9mP2qL8vR4"
OTHER = "Xk4Tn82mQzR"
RULES = (
    f"# House\n\nGH_TOKEN={KEY}\n\nThe admin password is `{PASSWORD}`.\n\nUse postgres://app:{OTHER}@db.acme.io/x.\n"
)


def test_no_finding_holds_the_secret(looked_at: Callable[..., Audit]) -> None:
    audit = looked_at({"CLAUDE.md": RULES})
    found = [finding for finding in audit.findings.shown if finding.rule == "secret-in-context"]
    assert len(found) == 3
    for finding in found:
        said = repr(finding)
        assert not [secret for secret in (KEY, PASSWORD, OTHER) if secret in said]
        places = [RULES[place.span.start : place.span.end] for place in finding.at if place.span is not None]
        assert places
        assert set(places) <= {KEY, PASSWORD, OTHER}
    assert any(KEY[:4] in finding.evidence[0] for finding in found)
    assert not [finding for finding in found if PASSWORD[:3] in repr(finding) or OTHER[:3] in repr(finding)]


@pytest.mark.parametrize("form", AUDIT_FORMATS)
def test_no_report_prints_the_secret(looked_at: Callable[..., Audit], form: str, tmp_path: Path) -> None:
    looked_at({"CLAUDE.md": RULES})
    command = ["audit", str(tmp_path / "repo"), "--home", str(tmp_path / "home"), "--agent", "claude-code"]
    ran = subprocess.run([sys.executable, "-m", "ctxkit", *command, "--format", form], capture_output=True, check=False)
    shown = (ran.stdout + ran.stderr).decode()
    assert "GitHub" in shown
    assert not [secret for secret in (KEY, PASSWORD, OTHER) if secret in shown]


def test_the_key_of_a_finding_survives_other_lines(looked_at: Callable[..., Audit], tmp_path: Path) -> None:
    def prints(rules: str) -> set[str]:
        audit = looked_at({"CLAUDE.md": rules})
        (tmp_path / "repo").rename(tmp_path / f"repo{len(rules)}")
        return {finding.fingerprint for finding in audit.findings.shown if finding.rule == "secret-in-context"}

    assert prints(RULES) == prints(f"More before it.\n\n{RULES}\nAnd behind.\n")


def test_a_description_of_a_tool_is_searched() -> None:
    tool = ToolText("claude-code", "tools:x", "x", "ask", f"Asks with {KEY}.", "{}")
    found = run_detectors(_evidence(tool), ["secret-in-context"])
    assert [finding.at[0].segment for finding in found] == ["tools:x"]
    assert KEY not in repr(found)


def _evidence(tool: ToolText) -> Evidence:
    from ctxkit.sources.files import Inventory

    class Nothing:
        def __contains__(self, path: str) -> bool:
            return False

        def is_dir(self, path: str) -> bool:
            return False

        def ignored(self, path: str) -> bool:
            return False

        def ending(self, path: str) -> list[str]:
            return []

        def files(self) -> list[str]:
            return []

    from ctxkit.sources.columns import Columns

    return Evidence(
        (), {}, Nothing(), Inventory([], Columns(), []), lambda text, offsets: [0] * len(offsets), tools=(tool,)
    )
