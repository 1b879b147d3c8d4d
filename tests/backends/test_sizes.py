"""Numbers of parameters from the headers of files."""

from spacy_el4ner.backends.sizes import parameters


def test_all_files_of_a_model_count(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5)}, tmp_path / "1.safetensors")
    save_file({"c": torch.zeros(2, 2, dtype=torch.bfloat16)}, tmp_path / "2.safetensors")
    assert parameters(str(tmp_path), None) == 12 + 5 + 4


def test_a_model_without_files_here_has_no_known_size():
    assert parameters("some/model", None) is None
