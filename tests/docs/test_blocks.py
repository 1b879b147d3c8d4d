"""The blocks are found, run and compared as the pages say."""

import pytest

from tests.docs.blocks import Block, agrees, blocks, commands, run

PAGE = """\
Text.

```python
x = 1
print(x)
```

```text
1
```

*Not run by the tests: it needs a GPU.*

```bash
rm -rf /
```

<!-- file: a.cfg -->

```ini
[a]
```

<!-- fails: EL014 -->

```bash
python -m spacy el4ner nothing
```

And prose.

```text
not an output
```
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf8")
    return blocks(path)


def test_blocks_know_what_is_said_of_them(page):
    code, command, file, failing, text = page
    assert (code.kind, code.is_run, code.expected, code.line) == ("python", True, "1\n", 4)
    assert (command.is_run, command.not_run) == (False, "it needs a GPU")
    assert (file.file, file.text, file.is_run) == ("a.cfg", "[a]\n", False)
    assert failing.fails == "EL014"
    assert text.kind == "text"


def test_python_blocks_share_a_namespace_and_print():
    names = {}
    assert run(Block("a.md", 7, "python", "x = 2\n"), names) == ""
    assert run(Block("a.md", 9, "python", "print(x)\n"), names) == "2\n"


def test_a_failure_is_at_the_line_of_the_page():
    with pytest.raises(ZeroDivisionError) as caught:
        run(Block("a.md", 7, "python", "x = 2\n1 / 0\n"), {})
    assert caught.traceback[-1].lineno + 1 == 8


def test_a_command_that_fails_or_should_have_fails_the_test():
    with pytest.raises(AssertionError):
        run(Block("a.md", 1, "bash", "false\n"), {})
    with pytest.raises(AssertionError):
        run(Block("a.md", 1, "bash", "true\n", fails="EL014"), {})


def test_shell_lines_are_joined_and_comments_left_out():
    assert list(commands("# no\na \\\n  b\n\nc\n")) == ["a    b", "c"]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [("a\nb\n", "a \nb", True), ("a … d", "a b c d", True), ("a", "b", False), ("a.c", "abc", False)],
)
def test_output_is_compared_with_gaps(expected, printed, same):
    assert agrees(expected, printed) is same
