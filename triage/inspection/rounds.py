"""The round through an installation: every part in turn, quick ones first."""

from __future__ import annotations

import os
from collections.abc import Iterator

from triage.errors import ConfigError
from triage.inspection import contents, serving, surroundings
from triage.inspection.finding import Finding, failed, ok
from triage.settings import CONFIG_FILE, load_settings


def inspect_installation(check: serving.Check) -> Iterator[Finding]:
    """Yield what is found out about each part, as soon as it is.

    Where the settings are unusable, only what needs none is looked at.

    Args:
        check: tells who could call the service that should not, or that nobody could.
    """
    yield surroundings.python_version()
    yield surroundings.packages()
    yield surroundings.encodings()
    yield surroundings.variables()
    try:
        settings = load_settings()
    except ConfigError as fault:
        yield failed("settings", fault)
        return
    yield ok("settings", f"from {os.environ.get('TRIAGE_CONFIG', CONFIG_FILE)} and the environment")
    yield from surroundings.machine(settings.workers, settings.threads)
    yield serving.state_folder(settings)
    yield serving.decision_log(settings)
    yield serving.port(settings)
    yield serving.door(settings, check)
    yield contents.policy(settings)
    yield contents.catalogue(settings)
    yield contents.articles(settings)
    yield from contents.model_and_encoder(settings)
