"""Shards are read from where they begin, and are together the whole input, once."""

import json
from importlib.util import find_spec

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin

from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.files import Keys, open_source
from spacy_el4ner.bulk.files.lines import HEAD
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.run import BulkRun, Share
from spacy_el4ner.bulk.survey import Survey
from spacy_el4ner.bulk.worker import AnnotationJob, Worker
from tests.bulk.inputs import read_jsonl, text, write_jsonl

needs_pyarrow = pytest.mark.skipif(not find_spec("pyarrow"), reason="needs the extra 'parquet'")
LINES = st.lists(st.text("ab ⸪丞\U0001f600\u0a0d\u2028\r\x0a", max_size=6), min_size=1, max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def shares(source, shard_size, of):
    """The documents of each share, read shard by shard by a reader of its own."""
    index = source.index(shard_size)
    shards = len(index.places)
    for n in range(of):
        own = range(n * shards // of, (n + 1) * shards // of)
        yield [record for number in own for record in read(source, index.places[number], shard_size)]


def read(source, place, shard_size):
    items = source.items(place)
    return [source.record(item) for _, item in zip(range(shard_size), items, strict=False)]


@given(lines=LINES, encoding=ENCODINGS, end=ENDS, shard_size=st.integers(1, 7), of=st.integers(1, 9))
def test_each_line_is_in_one_share(tmp_path_factory, lines, encoding, end, shard_size, of):
    path = tmp_path_factory.mktemp("lines") / "in.txt"
    path.write_bytes(end.join(lines).encode(encoding))
    source = open_source(path, Keys())
    whole = list(map(source.record, source.items()))
    assert [record for share in shares(source, shard_size, of) for record in share] == whole
    assert source.index(shard_size).documents == len(whole)


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    shard_size=st.integers(1, 12),
    of=st.integers(1, 9),
)
@needs_pyarrow
def test_each_row_is_in_one_share(tmp_path_factory, sizes, shard_size, of):
    source = open_source(write_parquet(tmp_path_factory.mktemp("rows") / "in.parquet", sizes), Keys())
    found = [record for share in shares(source, shard_size, of) for record in share]
    assert [(r.line, r.text) for r in found] == [(n + 1, text(n)) for n in range(sum(sizes))]


@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    shard_size=st.integers(1, 6),
    of=st.integers(1, 5),
)
def test_each_document_of_a_folder_is_in_one_share(tmp_path_factory, sizes, shard_size, of):
    folder, nlp, n = tmp_path_factory.mktemp("docs"), spacy.blank("en"), 0
    for name, size in enumerate(sizes):
        DocBin(docs=[nlp(text(n + k)) for k in range(size)]).to_disk(folder / f"{name}.spacy")
        n += size
    found = [r for share in shares(open_source(folder, Keys()), shard_size, of) for r in share]
    assert [(r.line, r.text) for r in found] == [(k + 1, text(k)) for k in range(n)]


def write_parquet(path, sizes):
    """A file with row groups of these sizes."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema({"text": pyarrow.string()})
    n = 0
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for size in sizes:
            rows = {"text": [text(n + k) for k in range(size)]}
            writer.write_table(pyarrow.table(rows, schema))
            n += size
    return path


def test_a_share_reads_its_own_lines_only(tmp_path):
    path = tmp_path / "in.jsonl"
    line = json.dumps({"text": "Paris " * 200}) + "\n"
    path.write_text(line * 400)
    source = open_source(path, Keys())
    index = source.index(100)
    data = bytearray(path.read_bytes())
    assert index.places[2].at > HEAD
    begin, end = index.places[2].at, index.places[3].at
    data[HEAD:begin] = b"x" * (begin - HEAD)
    data[end:] = b"x" * (len(data) - end)
    path.write_bytes(data)
    found = read(source, index.places[2], 100)
    assert [record.line for record in found] == list(range(201, 301))
    assert not any(record.error for record in found)


@needs_pyarrow
def test_a_share_reads_its_own_row_groups_only(tmp_path):
    import pyarrow.parquet

    path = write_parquet(tmp_path / "in.parquet", [300] * 4)
    source = open_source(path, Keys())
    place = source.index(300).places[2]
    data = bytearray(path.read_bytes())
    metadata = pyarrow.parquet.read_metadata(path)
    for group in (0, 1, 3):
        chunk = metadata.row_group(group).column(0)
        begin = chunk.dictionary_page_offset
        data[begin : begin + chunk.total_compressed_size] = b"x" * chunk.total_compressed_size
    path.write_bytes(data)
    assert [record.text for record in read(source, place, 300)] == [text(n) for n in range(600, 900)]


@needs_pyarrow
@pytest.mark.parametrize("order", [range(8), (5, 1, 7, 0, 2, 3, 6, 4)])
def test_a_worker_gives_the_same_shards_of_large_row_groups_in_any_order(ruler, tmp_path, order):
    source = write_parquet(tmp_path / "in.parquet", [20, 0, 19])
    worker = Worker(AnnotationJob(str(ruler), source, ".jsonl", shard_size=5))
    parts = {number: worker(number) for number in order}
    rows = b"".join(parts[number].data for number in range(8)).splitlines()
    assert [json.loads(row)["text"] for row in rows] == [text(n) for n in range(39)]


def run_of(ruler, folder, **settings):
    job = AnnotationJob(str(ruler), folder / "in.jsonl", ".jsonl", **{"shard_size": 4, **settings})
    return BulkRun(job, folder / "out.jsonl")


@pytest.fixture
def surveys(monkeypatch):
    """The inputs that were read as a whole."""
    made = []
    of = Survey.of.__func__
    monkeypatch.setattr(
        Survey, "of", classmethod(lambda cls, *given: made.append(given[0].name) or of(cls, *given))
    )
    return made


def test_the_input_is_surveyed_once_for_all_commands(ruler, tmp_path, surveys):
    write_jsonl(tmp_path / "in.jsonl", bad={})
    for n in range(3):
        run = run_of(ruler, tmp_path)
        run.annotate(in_this_process, run.todo(Share(n, 3)), silent)
    run.finish()
    assert surveys == ["in.jsonl"]
    assert [row["id"] for row in read_jsonl(tmp_path / "out.jsonl")] == [f"d{n}" for n in range(1, 31)]
    assert not run.parts.folder.exists()


@pytest.mark.parametrize("change", ["input", "shard_size", "damage"])
def test_a_survey_of_something_else_is_made_again(ruler, tmp_path, surveys, change):
    write_jsonl(tmp_path / "in.jsonl", bad={})
    run = run_of(ruler, tmp_path)
    settings = {"shard_size": 5} if change == "shard_size" else {}
    if change == "input":
        write_jsonl(tmp_path / "in.jsonl", 29, bad={})
    elif change == "damage":
        run.parts.survey.write_text('{"stamp": 5}')
    again = run_of(ruler, tmp_path, **settings)
    assert surveys == ["in.jsonl"] * 2
    again.annotate(in_this_process, again.todo(Share()), silent)
    assert again.finish().documents == (29 if change == "input" else 30)
