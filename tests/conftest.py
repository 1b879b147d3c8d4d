"""Settings of all tests.

EL4NER_FUZZ names the profile of the properties and of the campaigns against both components: "fast"
draws the same few examples in every run, because the suite must not fail by chance; "fuzz" draws many
new ones (`make fuzz`). EL4NER_FUZZ_EXAMPLES is how many, EL4NER_FUZZ_CHARACTERS the size of long texts.
"""

import os

import pytest
import torch
import wasabi.printer
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("EL4NER_FUZZ_EXAMPLES", "1000"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "fast", deadline=None, max_examples=3, suppress_health_check=SLOW, derandomize=True
)
settings.register_profile(
    "fuzz", deadline=None, max_examples=EXAMPLES, suppress_health_check=SLOW, print_blob=True
)
settings.load_profile(os.environ.get("EL4NER_FUZZ", "fast"))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Tiny models are slower on several threads than on one."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _whole_lines():
    """Messages are not wrapped: where a line breaks depends on the length of the paths in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wasabi.printer, "wrap", lambda text, indent=0: " " * indent + str(text))
        patch.setenv("COLUMNS", "1000")
        yield


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved, and is the one of all progress."""
    now = [0.0]
    monkeypatch.setattr("spacy_el4ner.progress.now", lambda: now[0])

    def advance(seconds):
        now[0] += seconds

    return advance
