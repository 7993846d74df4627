"""The formats in which requests go to providers, told by the shape of the body and never by the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ctxkit.sources.history import wire_chat, wire_gemini, wire_messages, wire_responses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model.session import Block, Usage


class Wire(Protocol):
    """A format: a module with these names."""

    ID: str

    def matches(self, body: Mapping[str, object]) -> bool:
        """Is ``body`` a request of this format?"""
        ...

    def blocks(self, body: Mapping[str, object]) -> Iterator[Block]:
        """What the request puts into the window, in order."""
        ...

    def answer(self, response: Mapping[str, object]) -> Iterator[Block]:
        """What the model answered."""
        ...

    def usage(self, response: Mapping[str, object]) -> Usage | None:
        """The usage that the response reports, normalised; None if it has none."""
        ...


WIRES: tuple[Wire, ...] = (wire_gemini, wire_responses, wire_messages, wire_chat)
"""The surest signs first: any list of messages might be one of Chat Completions."""


def wire_of(body: Mapping[str, object]) -> Wire | None:
    """The format of the request ``body``; None if it is no request to a model."""
    return next((wire for wire in WIRES if wire.matches(body)), None)


def wire_of_response(response: Mapping[str, object]) -> Wire | None:
    """The format of ``response``, which a gateway may have changed on its way; None if it is none."""
    if "choices" in response:
        return wire_chat
    if "output" in response and ("usage" in response or response.get("object") == "response"):
        return wire_responses
    if "candidates" in response or "usageMetadata" in response or "response" in response:
        return wire_gemini
    if isinstance(response.get("content"), list) or "stop_reason" in response:
        return wire_messages
    return None
