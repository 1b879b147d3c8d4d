import os
import stat
from types import SimpleNamespace

import pytest

from spacy_el4ner.storage import bundle


@pytest.mark.skipif(os.name != "posix", reason="permissions are otherwise")
def test_the_copy_of_a_model_that_may_only_be_read_can_be_changed(tmp_path):
    model = tmp_path / "models" / "tiny"
    (model / "deep").mkdir(parents=True)
    for file in (model / "config.json", model / "deep" / "weights"):
        file.write_text(file.name)
        file.chmod(0o444)
    for folder in (model / "deep", model):
        folder.chmod(0o555)
    user = SimpleNamespace(bundle=tmp_path / "models", sources=("bundled:tiny", None))
    try:
        bundle.copy([user], tmp_path / "saved")
    finally:
        for folder in (model, model / "deep"):
            folder.chmod(0o755)
    copied = tmp_path / "saved" / "models" / "tiny"
    assert (copied / "deep" / "weights").read_text() == "weights"
    assert all(path.stat().st_mode & stat.S_IWUSR for path in (copied, *copied.rglob("*")))
