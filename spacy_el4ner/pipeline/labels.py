"""Saved labels: the labels in use, and the labels that the config named.

The two can differ, for example where the labels come from the examples; and a config file cannot
hold every label ("a:b", "[x]", "#x"). The labels in use are therefore saved; on loading, those of the
config take precedence if they were changed since.
"""

import re
from collections.abc import Mapping
from typing import Any

from thinc.api import Config, ConfigValidationError

Labels = Mapping[str, str]
"""Label -> description."""


def record(used: Labels, configured: Labels) -> dict[str, dict[str, str]]:
    """used (Labels): The labels in use.
    configured (Labels): Those of the config.
    RETURNS (dict[str, dict[str, str]]): The data to save; see `recorded`.
    """
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
    """before (Labels): The labels of the config when it was saved.
    now (Labels): Those of the config now.
    RETURNS (dict[str, str]): The labels that are new, or have a new description.
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
