import os

from spacy_el4ner.bulk.kernels import CAPACITY, keep_few_kernels


def test_few_kernels_are_kept(monkeypatch):
    monkeypatch.setenv(CAPACITY, "")  # so that it is taken back afterwards
    monkeypatch.delenv(CAPACITY)
    keep_few_kernels()
    assert int(os.environ[CAPACITY]) < 100


def test_what_the_user_said_holds(monkeypatch):
    monkeypatch.setenv(CAPACITY, "1024")
    keep_few_kernels()
    assert os.environ[CAPACITY] == "1024"
