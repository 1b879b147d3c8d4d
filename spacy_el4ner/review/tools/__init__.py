"""Annotation tools: the files that each imports, and those that it exports."""

from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.registry import registry
from spacy_el4ner.review.tools.base import ReviewTool

__all__ = ["ReviewTool", "find_tool", "review_tools"]


def review_tools() -> dict[str, ReviewTool]:
    """RETURNS (dict[str, ReviewTool]): Name -> tool, of all tools in the registry."""
    tools = (make() for make in registry.el4ner_review_tools.get_all().values())
    return dict(sorted((tool.name, tool) for tool in tools))


def find_tool(name: str) -> ReviewTool:
    """name (str): Name of a tool, as in `--format`.
    RETURNS (ReviewTool): The tool.
    RAISES (ValueError): EL010 if the registry has none of this name.
    """
    tools = review_tools()
    if name not in tools:
        known = ", ".join(tools)
        raise EL4NERValueError(Errors.EL010.format(value=name, setting="--format", known=known))
    return tools[name]


def __getattr__(name: str) -> Any:
    # Not made on import: a plug-in's module imports this one while the registry loads it.
    if name == "TOOLS":
        return review_tools()
    raise AttributeError(name)
