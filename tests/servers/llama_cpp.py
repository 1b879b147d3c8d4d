"""The server of llama.cpp, on loopback: `python -m tests.servers.llama_cpp MODEL.gguf PORT`."""

import signal
import sys

from xllamacpp import CommonParams, Server


def main(model, port):
    settings = CommonParams()
    settings.model.path = model
    settings.port = int(port)
    settings.n_ctx = 2048
    settings.n_parallel = 2
    settings.cpuparams.n_threads = 1
    settings.warmup = False
    settings.use_jinja = True
    server = Server(settings)
    print(server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
