"""The style of docstrings: `name (Type): text.` for parameters, `RETURNS (Type): text.` for results."""

import re

PARAMETER = re.compile(r"^\s*((?:\*{0,2}\w+ \(.+?\)(?:, )?)+): (.*)$")
RESULT = re.compile(r"^\s*(RETURNS|YIELDS) \(.+\): ", re.MULTILINE)


def described(docstring: str) -> dict[str, str]:
    """docstring (str): Lines of the form "name (Type): text.", with those that continue them.
    RETURNS (dict[str, str]): Name -> text; the result is under "RETURNS" or "YIELDS".
    """
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.splitlines():
        if head := PARAMETER.match(line):
            names = re.findall(r"(\w+) \(", head[1])
            texts.update(dict.fromkeys(names, head[2].strip()))
        elif not line.strip():
            names = []
        else:
            for name in names:
                texts[name] += f" {line.strip()}"
    return {name: text[:1].upper() + text[1:] for name, text in texts.items()}
