"""Where the data files (``rules/``) live."""

from __future__ import annotations

import functools
import os

# pathlib would cost every run the import of urllib and ipaddress (8 ms), so paths are plain texts here.


@functools.cache
def rules_root() -> str:
    """The folder of shipped data: beside the package in a checkout, inside it when installed."""
    package = os.path.dirname(os.path.abspath(__file__))
    above = os.path.dirname(package)
    checkout = os.path.join(above, "rules")
    if os.path.isdir(checkout) and os.path.isfile(os.path.join(above, "pyproject.toml")):
        return checkout
    return os.path.join(package, "rules")


def data_file(name: str) -> str:
    """The path of a data file, by its posix name under ``rules/``."""
    return os.path.join(rules_root(), *name.split("/"))
