"""What the configuration of a repository decides: which findings are shown, to whom, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.config import Known
    from ctxkit.detect.filter import Policy
    from ctxkit.sources.configured import Configured


def setup_of(root: str, baseline: str | None = None) -> Configured:
    """The configuration that counts for ``root`` (absolute), and the baseline (``baseline``: another file).

    Raises ConfigError.
    """
    from ctxkit.agents.places import git_top
    from ctxkit.sources.configured import configured

    return configured(root, git_top(root), _known_names, baseline)


def _known_names() -> Known:
    from ctxkit.agents.load import agent_ids
    from ctxkit.config import Known
    from ctxkit.detect import DETECTORS
    from ctxkit.detect.limits import detector_data

    limits = detector_data().limits
    return Known(agent_ids(), {name: tuple(limits.get(name, ())) for name in DETECTORS})


def policy_of(persona: str, setup: Configured) -> Policy:
    """Whom the findings are shown to, and which. Raises UnknownNameError for a persona that there is not."""
    from ctxkit.detect.filter import Policy
    from ctxkit.model import UnknownNameError
    from ctxkit.model.finding import Persona

    config = setup.config
    if persona and persona not in set(Persona):
        raise UnknownNameError(f"No persona is called {persona!r}.", f"Known: {', '.join(Persona)}.")
    return Policy(
        persona=Persona(persona) if persona else config.persona,
        today=today(),
        detectors=config.set_up,
        ignore=config.ignore,
        baseline=setup.entries or (),
        config=setup.file,
        prefix=setup.prefix,
    )


def today() -> str:
    """The day that dates are held against: the same all over the world."""
    import time

    return time.strftime("%Y-%m-%d", time.gmtime())
