import pytest

from tests.distillation.teachers import save_config, save_gold, save_teacher, save_texts


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """A folder with a teacher, texts, a gold corpus and the config of a small student."""
    folder = tmp_path_factory.mktemp("distillation")
    save_teacher(folder / "teacher")
    save_texts(folder / "texts.txt")
    save_gold(folder / "gold.spacy")
    save_config(folder / "student.cfg")
    return folder
