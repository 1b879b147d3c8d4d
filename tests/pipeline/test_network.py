"""What goes out of this machine: nothing, where models are local."""

import socket

from spacy_el4ner.api import save_pipeline
from tests.pipeline.ensembles import found, gold, pipeline
from tests.tiny_tokenizers import TEXTS


def test_a_pipeline_of_local_models_opens_no_connection(models, monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError(f"a connection to {args[1:]}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    nlp = pipeline(models[:2])
    nlp.initialize(lambda: gold(nlp))
    assert any(found(nlp(text)) for text in TEXTS)
    save_pipeline(nlp, tmp_path / "pipeline")
