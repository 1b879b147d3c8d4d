"""The machine and the software of a measurement."""

import pytest

from spacy_el4ner.evaluation.machine import portable_name, versions


def test_a_folder_of_the_project_is_named_relative_to_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert portable_name(str(tmp_path / "training" / "llm")) == "training/llm"


@pytest.mark.parametrize("name", ["Qwen/Qwen2.5-14B-Instruct", "../llm", "smollm2-135m"])
def test_other_names_stay(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert portable_name(name) == name


def test_a_folder_elsewhere_does_not_tell_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert portable_name("/elsewhere/llm") == "llm"


def test_only_installed_packages_have_a_version():
    assert set(versions(("spacy", "no-such-package"))) == {"spacy"}
