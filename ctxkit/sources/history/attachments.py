"""Text files that are attached to a message as base64 and sent as the text that they are."""

from __future__ import annotations


def attached_text(base64_text: str) -> str:
    """The text of an attached file; empty if it is no base64."""
    import base64

    try:
        return base64.b64decode(base64_text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""
