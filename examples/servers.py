"""Three servers asked one by one and together: an ensemble waits for the slowest, not for the sum.

    python examples/servers.py

The servers run in this process and have no model: each waits as long as its model would take, then
answers. Replace their addresses with those of your servers to measure these.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import spacy

DELAYS = {"fast": 0.05, "medium": 0.1, "slow": 0.2}
"""Server -> seconds that it takes to answer a request."""
TEXTS = [f"Ann met visitor {n} in Oslo." for n in range(16)]


def answer(question: str) -> str:
    """question (str): A question in the words of the prompt template 'turns'.
    RETURNS (str): A name in brackets or, asked about a name, its type.
    """
    text, asked = question.removeprefix("Text:\n").rsplit("\n", 1)
    return text.replace("Ann", "[Ann]", 1) if asked == "Names:" else "PERSON"


@contextmanager
def serving(delay: float) -> Iterator[str]:
    """delay (float): Seconds that the server takes to answer a request.
    YIELDS (str): The address of a server, which stops with the context.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(delay)
            message = {"role": "assistant", "content": answer(sent["messages"][-1]["content"])}
            body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def measure(addresses: dict[str, str]) -> tuple[float, int]:
    """addresses (dict[str, str]): Name of a voter -> address of its server.
    RETURNS (tuple[float, int]): Seconds for all texts, and requests.
    """
    voters = {
        name: {
            "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
            "template": "turns",
            "backend": {
                "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
                "model": "any",
                "base_url": address,
                "max_concurrency": 8,
            },
        }
        for name, address in addresses.items()
    }
    config = {
        "labels": {"PERSON": "", "GPE": ""},
        "voters": voters,
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "stages": {"verification": False},  # which asks one voter only
    }
    nlp = spacy.blank("en")
    ensemble = nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp(TEXTS[0])  # connects
    backends = [voter.backend for voter in ensemble.voters.values()]
    before, start = sum(b.forward_passes for b in backends), time.perf_counter()
    docs = list(nlp.pipe(TEXTS))
    seconds = time.perf_counter() - start
    assert all([ent.text for ent in doc.ents] == ["Ann"] for doc in docs)
    requests = sum(b.forward_passes for b in backends) - before
    for voter in ensemble.voters.values():
        voter.unload()
    return seconds, requests


def main() -> None:
    """Measure each server alone, then all of them together."""
    with ExitStack() as servers:
        addresses = {name: servers.enter_context(serving(delay)) for name, delay in DELAYS.items()}
        alone = {name: measure({name: address}) for name, address in addresses.items()}
        together = measure(addresses)
    rows = {f"{name}, {DELAYS[name]:g} s a request": measured for name, measured in alone.items()}
    rows["sum of the three"] = (sum(s for s, _ in alone.values()), sum(n for _, n in alone.values()))
    rows["the three together"] = together
    print(f"{'':26}{'requests':>10}{'seconds':>10}")
    for title, (seconds, requests) in rows.items():
        print(f"{title:26}{requests:10}{seconds:10.2f}")


if __name__ == "__main__":
    main()
