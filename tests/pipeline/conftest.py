import pytest

from tests.tiny import save_compact


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Folders of three tiny models."""
    folder = tmp_path_factory.mktemp("models")
    return [save_compact(folder / str(seed), seed) for seed in range(3)]
