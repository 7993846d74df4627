"""Where the data files (``rules/``) live."""

from __future__ import annotations

from pathlib import Path


def rules_root() -> Path:
    """The folder of shipped data: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "rules"
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    return package / "rules"
