"""A transcript from its file to sessions."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from ctxkit.sources.history.formats import head_of, reader_of
from ctxkit.sources.history.ledger import sessions
from ctxkit.sources.history.weigh import Store, Weigher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.model import Skipped
    from ctxkit.model.history import Session
    from ctxkit.model.session import Event


def load_sessions(
    path: str, key: str = "", store: Store | None = None, watch: Callable[[Event], None] | None = None
) -> Iterator[Session]:
    """The sessions in the file ``path``, or the one called ``key`` there.

    ``store`` keeps counts between runs. ``watch`` sees every event, with its text. Raises CtxkitError where the file
    cannot be read or is of no known format.
    """
    reader = reader_of(head_of(path))
    skipped: list[Skipped] = []
    name = hashlib.sha1(f"{os.path.realpath(path)}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324
    weigher = Weigher(store, name)
    found = reader.read(path, key, skipped.append)
    yield from sessions(found if watch is None else _watched(found, watch), path, weigher, skipped)
    weigher.flush()


def _watched(found: Iterator[Event], watch: Callable[[Event], None]) -> Iterator[Event]:
    for event in found:
        watch(event)
        yield event


def events(path: str, key: str = "") -> Iterator[Event]:
    """The events of the transcript ``path``, with their texts; what cannot be read is passed over.

    Raises CtxkitError as :func:`load_sessions` does.
    """
    reader = reader_of(head_of(path))
    yield from reader.read(path, key, lambda skipped: None)
