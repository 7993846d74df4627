"""What holds of every finding, whichever detector it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
"""Of the shape of a GitHub token, put together here so that no scanner takes it for one."""


def test_what_findings_quote_holds_no_secret(tmp_path: Path) -> None:
    rule = f"Log in with the token {SECRET} before you run the deployment, and never print it anywhere else.\n"
    for name, text in {
        "package.json": '{"scripts": {"build": "tsc"}}',
        "CLAUDE.md": f"# Deploy\n\n{rule}\nRun `npm run deploy:{SECRET}` then.\n\nSee `docs/{SECRET}.md`.\n",
        "sub/CLAUDE.md": f"# Deploy\n\n{rule}",
        "AGENTS.md": f"# Deploy\n\n{rule}",
        "docs/other.md": "x\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    audited = audit(AuditRequest(str(tmp_path), agents=("claude-code", "cursor"), home=str(home), persona="auditor"))
    found = audited.findings.shown
    assert {"duplicate-text", "stale-path"} <= {finding.rule for finding in found}, "texts are quoted"
    for finding in found:
        said = (finding.message, finding.tip, *finding.evidence, *(place.note for place in finding.at))
        assert SECRET not in "\n".join(said), finding.rule
