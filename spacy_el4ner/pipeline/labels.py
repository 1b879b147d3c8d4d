"""Labels as they are saved: those that are used, beside those that the config named.

They can differ, as where the config names none and the examples did; and a config's file cannot hold
every label ("a:b", "[x]", "#x"). So those used are saved, and the config's on loading count where
somebody changed them since.
"""

import re
from collections.abc import Mapping
from typing import Any

from thinc.api import Config, ConfigValidationError

Labels = Mapping[str, str]
"""Label -> description."""


def record(used: Labels, configured: Labels) -> dict[str, dict[str, str]]:
    """RETURNS (dict[str, dict[str, str]]): What to save; see `recorded`."""
    return {"used": dict(used), "configured": dict(configured)}


def recorded(saved: dict[str, Any], configured: Labels) -> tuple[dict[str, str], Labels]:
    """saved (dict[str, Any]): What `record` made, or the labels alone, as they were saved before.
    configured (Labels): Those of the config as it is now.
    RETURNS (tuple[dict[str, str], Labels]): The labels used when it was saved, and those that the
        config named then, as far as is known.
    """
    if isinstance(saved.get("configured"), dict):
        return saved["used"], saved["configured"]
    return saved, configured


def changed(before: Labels, now: Labels) -> bool:
    """before (Labels): Those that the config named when it was saved.
    now (Labels): Those that it names; where these are none, it says nothing.
    RETURNS (bool): Whether somebody changed them.
    """
    return bool(now) and _written(before) != _written(now)


def described(before: Labels, now: Labels) -> dict[str, str]:
    """RETURNS (dict[str, str]): Those of now that were not among those before, or with another
    description.
    """
    old, new = _written(before), _written(now)
    return {label: text for label, text in now.items() if old.get(label) != new.get(label, text)}


def _written(labels: Labels) -> dict[str, str]:
    """Labels as a config's file has them, however often it was written: each time may double a "$"."""
    try:
        text = Config({"labels": dict(labels)}).to_str(interpolate=False)
        read = Config().from_str(text, interpolate=False)["labels"]
    except ConfigValidationError:
        read = labels
    return {label: re.sub(r"\$+", "$", str(text)) for label, text in read.items()}
