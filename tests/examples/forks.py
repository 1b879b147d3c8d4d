"""Runs scripts in forks of a process that has imported what all of them import: a tenth of the time.

    python -m tests.examples.forks

A line of its input names a script, its arguments, its folder and the files for its output and errors;
the line that answers is its exit code.
"""

import json
import os
import runpy
import sys
import traceback
from importlib import import_module

IMPORTED = (
    "spacy_el4ner.api",
    "spacy_el4ner.backends.hf",
    "spacy_el4ner.backends.openai",
    "sentence_transformers",
    "tests.pipeline.ensembles",
    "tests.pipeline.taggers",
)


def run(script, arguments, folder, out, err):
    """Run a script in this process, and end the process."""
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir(folder)
    sys.argv = [script, *arguments]
    code = 1
    try:
        runpy.run_path(script, run_name="__main__")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main():
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
