"""Writes docs/detectors.md from the docstrings and thresholds of the detectors: python scripts/detector_docs.py."""

from pathlib import Path

from ctxkit.detect import DETECTORS
from ctxkit.report.explain_markdown import pages_markdown
from ctxkit.report.page import page_of

DOCS = Path(__file__).parents[1] / "docs" / "detectors.md"

if __name__ == "__main__":
    DOCS.write_text(pages_markdown([page_of(identity) for identity in DETECTORS]), encoding="utf-8", newline="\n")
