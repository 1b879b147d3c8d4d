"""The example plug-ins, installed as a user installs them, and scripts that use them.

Entry points are read once in a process, so each script runs in a process of its own: a fork of one that
began where the plug-ins are.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "examples" / "plugins"


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    """The folder into which the example package is installed."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--target", folder / "site"]
    done = subprocess.run([*command, *offline, folder / "source"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="session")
def forks(plugins):
    """A process that runs scripts in forks of itself: a function from a job to its exit code."""
    command = [sys.executable, "-m", "tests.examples.forks"]
    path = {"PYTHONPATH": f"{plugins}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, **path}, cwd=ROOT, **pipes) as server:

        def run(**job):
            server.stdin.write(f"{json.dumps(job)}\n")
            server.stdin.flush()
            return int(server.stdout.readline())

        yield run
        server.stdin.close()


@pytest.fixture
def run_script(forks, tmp_path):
    """Runs a Python script where the plug-ins are installed.

    script (str): The script; its indentation does not matter.
    *arguments (object): Its arguments, as in `sys.argv[1:]`.
    RETURNS (str): What it prints.
    """

    def run(script, *arguments):
        file, out, err = (str(tmp_path / name) for name in ("script.py", "out.txt", "err.txt"))
        Path(file).write_text(textwrap.dedent(script), encoding="utf8")
        code = forks(
            script=file, arguments=[*map(str, arguments)], folder=str(tmp_path), out=out, err=err
        )
        printed, errors = (Path(path).read_text(encoding="utf8") for path in (out, err))
        assert code == 0, printed + errors
        return printed

    return run
