"""Tiny models of each kind. Their tests are skipped where GLiNER is not installed."""

import pytest


@pytest.fixture(scope="session", params=["spans", "tokens", "labels apart"])
def folder(request, tmp_path_factory):
    """A model of each kind in turn."""
    return _saved(tmp_path_factory.mktemp("gliner") / "tiny", request.param)


@pytest.fixture(scope="session")
def span_folder(tmp_path_factory):
    """A model that scores spans, the usual kind."""
    return _saved(tmp_path_factory.mktemp("gliner") / "spans")


def _saved(folder, kind="spans"):
    from tests.tiny_gliner import save_gliner

    return save_gliner(folder, kind)
