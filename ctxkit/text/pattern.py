"""Regular expressions that are compiled when they are first used.

Python compiles a pattern in 0.1 to 2 ms. The program has some sixty, and one run needs a few of them.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from collections.abc import Callable


def on_demand(pattern: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """A function that gives the compiled ``pattern``, always the same one."""
    return functools.cache(functools.partial(re.compile, pattern, flags))
