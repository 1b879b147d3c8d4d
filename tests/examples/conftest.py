"""The example plug-ins, installed as a user installs them, and scripts that use them.

Entry points are read once in a process, so each script runs in a process of its own.
"""

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


@pytest.fixture
def run_script(plugins, tmp_path):
    """Runs a Python script where the plug-ins are installed.

    script (str): The script; its indentation does not matter.
    *arguments (object): Its arguments, as in `sys.argv[1:]`.
    RETURNS (str): What it prints.
    """

    def run(script, *arguments):
        file = tmp_path / "script.py"
        file.write_text(textwrap.dedent(script), encoding="utf8")
        done = subprocess.run(
            [sys.executable, file, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{plugins}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
