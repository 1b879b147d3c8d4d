import zlib
from pathlib import Path

import pytest

from spacy_el4ner.bulk.files import Keys, open_source
from spacy_el4ner.corpora import read_docs
from spacy_el4ner.storage.unpacking import ALWAYS, check_size

BOMB = zlib.compress(bytes(2 * ALWAYS))
FILE = Path("corpus.spacy")


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_refused():
    with pytest.raises(ValueError, match=r"EL314.*corpus\.spacy.*64 MiB"):
        check_size(BOMB, FILE)


@pytest.mark.parametrize(
    "data",
    [b"", b"not packed", BOMB[:100], zlib.compress(bytes(ALWAYS))],
)
def test_other_files_are_left_to_their_reader(data):
    check_size(data, FILE)


def test_the_readers_of_corpora_and_of_bulk_annotation_refuse_it(tmp_path):
    file = tmp_path / "corpus.spacy"
    file.write_bytes(BOMB)
    with pytest.raises(ValueError, match="EL314"):
        read_docs(file)
    with pytest.raises(ValueError, match="EL314"):
        list(open_source(file, Keys()).items())
