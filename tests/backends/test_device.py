"""The device of a model that is loaded when it is first used, in whatever thread that is."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from thinc.api import NumpyOps, use_ops

from spacy_el4ner.backends import device
from spacy_el4ner.backends.hf import HFBackend


class GPUOps(NumpyOps):
    name = "cupy"


@pytest.fixture
def gpu(monkeypatch):
    """spaCy's device in this thread is a GPU, as after `spacy.require_gpu()`."""
    monkeypatch.setattr("thinc.util.get_torch_default_device", lambda: "cuda:0")
    from thinc.backends import context_ops

    token = context_ops.set(GPUOps())
    yield
    context_ops.reset(token)


def in_a_thread(request):
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(request).result()


def test_a_thread_uses_the_device_of_the_one_that_made_the_backend(gpu):
    backend = HFBackend("any")
    assert backend.place == in_a_thread(lambda: backend.place) == "cuda:0"


def test_a_thread_that_has_chosen_a_device_uses_it(gpu):
    def chosen(backend):
        with use_ops("numpy"):
            return backend.place

    backend = HFBackend("any")
    assert in_a_thread(lambda: chosen(backend)) == "cpu"


def test_a_copy_in_another_process_has_that_processs_device(gpu):
    content = pickle.dumps(HFBackend("any"))
    assert in_a_thread(lambda: pickle.loads(content).place) == "cpu"


def test_without_a_choice_it_is_the_cpu():
    assert in_a_thread(device.spacy_device) == "cpu"
