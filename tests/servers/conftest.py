"""A real server of another environment, on loopback."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

VARIABLE = "EL4NER_TRANSFORMERS_SERVE"


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of a running `transformers serve`, of transformers 5 or later."""
    executable = os.environ.get(VARIABLE)
    if not executable:
        pytest.skip(f"{VARIABLE} does not say where the `transformers` command of version 5 is")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [executable, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    surroundings |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=surroundings, stdout=out, stderr=out) as server,
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
    pytest.fail(f"`transformers serve` did not start:\n{log.read_text(errors='replace')[-2000:]}")
