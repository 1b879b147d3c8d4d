"""The fenced blocks of a Markdown page, and how each kind is run.

    ```python     runs in one namespace with the page's other Python blocks
    ```bash       each line runs; `python -m spacy …` does so in this process
    ```text       right after either of them: what it prints; "…" stands for anything
    ```           any other kind is only read

A line above a fence says what else there is to know:

    *Not run by the tests: it needs a GPU.*      for the reader, too
    <!-- file: my.cfg -->                        the block is written to this file
    <!-- fails: EL014 -->                        the command fails, and says this
"""

import contextlib
import importlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.cli._util import app
from typer.testing import CliRunner

RUN = ("python", "bash")
READ = ("text", "ini", "json", "")
NOT_RUN = re.compile(r"\*Not run by the tests: (.+?)\.?\*")
DIRECTIVE = re.compile(r"<!-- (file|fails): (.+) -->")


@dataclass
class Block:
    """page (str), line (int): Where its first line stands.
    kind (str): What is said after the fence.
    text (str): What is in it.
    not_run (str): Why it is not run, or "".
    file (str): The file that it is written to, or "".
    fails (str): What its command says when it fails, or "".
    expected (str | None): What it prints, where the page says so.
    """

    page: str
    line: int
    kind: str
    text: str
    not_run: str = ""
    file: str = ""
    fails: str = ""
    expected: str | None = None

    @property
    def is_run(self) -> bool:
        return self.kind in RUN and not self.not_run


def blocks(page: Path) -> list[Block]:
    """RETURNS (list[Block]): All fenced blocks of a page, in order."""
    parts: list[Block] = []
    above, opened, begun = "", None, 0
    for number, line in enumerate(page.read_text(encoding="utf8").splitlines(), 1):
        if opened is None and line.startswith("```"):
            opened, begun = [], number
            kind = line.removeprefix("```").strip()
        elif opened is not None and line.startswith("```"):
            text = "\n".join(opened) + "\n"
            if kind == "text" and not above and parts and parts[-1].is_run:
                parts[-1].expected = text
            else:
                parts.append(_block(page.name, begun + 1, kind, text, above))
            above, opened = "", None
        elif opened is not None:
            opened.append(line)
        elif line.strip():
            above = line.strip()
    return parts


def _block(page: str, line: int, kind: str, text: str, above: str) -> Block:
    block = Block(page, line, kind, text)
    if match := NOT_RUN.search(above):
        block.not_run = match[1]
    if match := DIRECTIVE.search(above):
        setattr(block, match[1], match[2])
    return block


def run(block: Block, names: dict[str, Any]) -> str:
    """block (Block): A block that is run.
    names (dict[str, Any]): The page's namespace.
    RETURNS (str): What it printed.
    """
    printed = io.StringIO()
    if block.kind == "python":
        # Line numbers of a traceback are those of the page.
        importlib.invalidate_caches()  # a block before may have installed something
        code = compile("\n" * (block.line - 1) + block.text, block.page, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, names)
    else:
        for command in commands(block.text):
            printed.write(_call(command, block.fails))
    return printed.getvalue()


def commands(text: str) -> Iterator[str]:
    """YIELDS (str): The lines of a shell block, those that go on joined, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _call(command: str, fails: str) -> str:
    head, *words = shlex.split(command)
    if [head, *words[:2]] == ["python", "-m", "spacy"]:
        done = CliRunner().invoke(app, words[2:])
        code, output = done.exit_code, done.output
        reported = isinstance(done.exception, SystemExit | None)
    else:
        python = [sys.executable, *words] if head == "python" else ["bash", "-c", command]
        process = subprocess.run(python, capture_output=True, text=True)
        code, output, reported = process.returncode, process.stdout + process.stderr, True
    assert reported, f"{command}\n{output}\n{done.exception!r}"
    assert (code != 0) == bool(fails), f"{command}\n{output}"
    assert fails in output, output
    return output


def agrees(expected: str, printed: str) -> bool:
    """RETURNS (bool): Whether two texts are the same, but for "…" and white space at line ends."""

    def tidy(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = ".*?".join(map(re.escape, tidy(expected).split("…")))
    return re.fullmatch(pattern, tidy(printed), re.DOTALL) is not None
