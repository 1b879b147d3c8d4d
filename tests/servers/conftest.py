"""Real servers on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

VARIABLE = "EL4NER_TRANSFORMERS_SERVE"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of a running `transformers serve`, of transformers 5 or later."""
    executable = os.environ.get(VARIABLE)
    if not executable:
        pytest.skip(f"{VARIABLE} does not say where the `transformers` command of version 5 is")
    port = free_port()
    command = [executable, "serve", "--host", "127.0.0.1", "--port", port, "--device", "cpu"]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    with running(command, port, tmp_path_factory.mktemp("serve"), surroundings) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def llama_cpp(tmp_path_factory):
    """Serves a GGUF file by llama.cpp: a function from the file to the address."""
    pytest.importorskip("xllamacpp")
    with contextlib.ExitStack() as servers:

        def serve(model):
            port = free_port()
            command = [sys.executable, "-m", "tests.servers.llama_cpp", str(model), port]
            folder = tmp_path_factory.mktemp("llama_cpp")
            return servers.enter_context(running(command, port, folder, dict(os.environ)))

        yield serve


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@contextlib.contextmanager
def running(command, port, folder, surroundings):
    """Run a server until the end of the block, whose value is its address."""
    surroundings = {**surroundings, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = folder / "log.txt"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=surroundings, cwd=ROOT, stdout=out, stderr=out) as server,
    ):
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(server, health, log, seconds=120):
    until = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"{server.args} did not start:\n{log.read_text(errors='replace')[-2000:]}")
