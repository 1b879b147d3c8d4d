import json
import sys
from importlib.util import find_spec
from itertools import chain

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_el4ner.bulk.files import Keys, make_output, open_source
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from tests.bulk.inputs import read_docbin, read_jsonl, spans

VOCAB = spacy.blank("en").vocab
needs_pyarrow = pytest.mark.skipif(not find_spec("pyarrow"), reason="needs the extra 'parquet'")
SUFFIXES = [".jsonl", ".spacy", pytest.param(".parquet", marks=needs_pyarrow)]
TEXTS = ["Ann left Paris.", "", "丞相使怒去。", "half \ud800 here", "  İstanbul  "]


def records(path, **keys):
    source = open_source(path, Keys(**keys))
    found = [source.record(item) for item in source.items()]
    assert len(found) == source.index(2).documents
    return found


def documents(texts=TEXTS, first=1):
    made = []
    for n, text in enumerate(texts, first):
        doc = Doc(VOCAB, words=text.replace("\ud800", "\ufffd").split())
        doc.ents = [Span(doc, 0, 1, label="NAME")] if len(doc) else []
        made.append(Annotated(DocumentRecord(n, f"d{n}", text, {"n": n, "odd": "\ud800"}), doc))
    return made


def rows(path):
    """What is in an output, of whatever format."""
    if path.suffix == ".jsonl":
        return [(r["id"], spans(r), r["meta"]["n"], r.get("error")) for r in read_jsonl(path)]
    if path.suffix == ".spacy":
        return [
            (
                doc.user_data["id"],
                [(e.start_char, e.end_char, e.label_) for e in doc.ents],
                json.loads(doc.user_data["meta"])["n"],
                doc.user_data.get("error"),
            )
            for doc in read_docbin(path)
        ]
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path).to_pylist()
    return [(r["id"], spans(r), json.loads(r["meta"])["n"], r["error"]) for r in table]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_output_holds_every_document_in_order(suffix, tmp_path):
    given = documents()
    given[1].error = "no such luck"
    path = tmp_path / f"out{suffix}"
    path.write_bytes(make_output(suffix).write(given))
    expected = [
        (a.record.id, [(e.start_char, e.end_char, "NAME") for e in a.doc.ents], a.record.line, None)
        for a in given
    ]
    expected[1] = (*expected[1][:3], "no such luck")
    assert rows(path) == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("sizes", [(5,), (2, 3), (0, 1, 3, 0, 1), (20, 20)])
def test_merged_parts_hold_what_one_file_would(suffix, sizes, tmp_path):
    given = documents(TEXTS * 8)[: sum(sizes)]
    output, paths, start = make_output(suffix), [], 0
    for n, size in enumerate(sizes):
        paths.append(tmp_path / f"{n}{suffix}")
        paths[-1].write_bytes(output.write(given[start : start + size]))
        start += size
    with (tmp_path / f"merged{suffix}").open("wb") as file:
        output.merge(paths, file)
    merged = tmp_path / f"merged{suffix}"
    assert rows(merged) == list(chain.from_iterable(rows(path) for path in paths))
    assert len(rows(merged)) == sum(sizes)


def test_merged_docbins_keep_tokens_spaces_spans_and_strings(tmp_path):
    doc = Doc(VOCAB, words=["Ann", "left"], spaces=[True, False], tags=["NNP", "VBD"])
    doc.spans["all"] = [Span(doc, 0, 1, label="RARE"), Span(doc, 0, 2, label="RARER")]
    doc.cats = {"news": 0.5}
    output = make_output(".spacy")
    part = tmp_path / "part.spacy"
    part.write_bytes(output.write([Annotated(DocumentRecord(1, 1, doc.text), doc)]))
    with (tmp_path / "merged.spacy").open("wb") as file:
        output.merge([part, part], file)
    _, copy = read_docbin(tmp_path / "merged.spacy")
    assert (copy.text, [t.tag_ for t in copy], copy.cats) == ("Ann left", ["NNP", "VBD"], doc.cats)
    assert [s.label_ for s in copy.spans["all"]] == ["RARE", "RARER"]


def test_jsonl_keeps_other_keys_and_ids_of_any_kind(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('\ufeff{"body": "One.", "key": 5, "a": [1]}\r\n\n{"body": "Two.", "key": null}\n')
    first, second = records(path, text="body", id="key")
    assert first == DocumentRecord(1, 5, "One.", {"a": [1]})
    assert second == DocumentRecord(3, 3, "Two.", {})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"no", "not JSON"),
        (b"[1]", "not an object but list"),
        (b'{"body": "Ann", "id": 3}', "no text under the key 'text'; the keys of the object: 'body'"),
        (b'{"text": 5}', "no text under the key 'text'"),
        (b'{"text": "\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_an_unreadable_line_spoils_no_other(line, problem, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"text": "One."}\n' + line + b'\n{"text": "Two."}')
    first, bad, last = records(path)
    assert (first.text, last.text, last.line) == ("One.", "Two.", 3)
    assert problem in bad.error
    assert not first.error + last.error


def test_txt_has_a_document_a_line(tmp_path):
    path = tmp_path / "in.txt"
    path.write_bytes("One.\r\n\n \nTwo\u2028too.\n".encode() + b"\xff\n")
    one, two, bad = records(path)
    assert (one.text, one.id, two.text, two.id) == ("One.", 1, "Two\u2028too.", 4)
    assert "UTF-8" in bad.error


def test_a_folder_of_docbins_is_read_one_after_another(tmp_path):
    (tmp_path / "deep").mkdir()
    for n, name in enumerate(("0.spacy", "deep/1.spacy", "deep/2.spacy")):
        doc = Doc(VOCAB, words=["Ann", str(n)], spaces=[True, False])
        doc.user_data.update({"id": f"d{n}", "genre": "made up"})
        DocBin(store_user_data=True, docs=[doc]).to_disk(tmp_path / name)
    found = records(tmp_path)
    assert [(r.id, r.text, r.line) for r in found] == [(f"d{n}", f"Ann {n}", n + 1) for n in range(3)]
    assert found[0].meta == {"genre": "made up"}


@needs_pyarrow
def test_parquet_is_read_by_column(tmp_path):
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"body": ["One.", None, "Two."], "key": ["a", "b", None], "n": [1, 2, 3]})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    one, bad, two = records(tmp_path / "in.parquet", text="body", id="key")
    assert (one.text, one.id, one.meta) == ("One.", "a", {"n": 1})
    assert (two.text, two.id) == ("Two.", 3)
    assert "no text in the column 'body'" in bad.error


@needs_pyarrow
def test_what_is_no_parquet_is_said_to_be_none(tmp_path):
    (tmp_path / "in.parquet").write_text("text")
    with pytest.raises(ValueError, match=r"EL008.*not a Parquet file"):
        records(tmp_path / "in.parquet")


def test_parquet_without_pyarrow_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"EL062.*spacy-el4ner\[parquet\]"):
        make_output(".parquet")


def test_what_is_no_docbin_is_said_to_be_none(tmp_path):
    (tmp_path / "in.spacy").write_text("text")
    with pytest.raises(ValueError, match=r"EL008.*not a DocBin"):
        records(tmp_path / "in.spacy")


@pytest.mark.parametrize("name", ["in.csv", "absent.jsonl", "folder"])
def test_no_input_is_an_error_that_names_what_would_be_one(name, tmp_path):
    (tmp_path / "in.csv").write_text("text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"EL060.*\.jsonl, \.txt"):
        open_source(tmp_path / name, Keys())


def test_an_unknown_output_is_an_error_that_names_the_known():
    with pytest.raises(ValueError, match=r"EL061.*'\.txt'.*\.jsonl, \.spacy, \.parquet"):
        make_output(".txt")


def test_what_a_transformer_computed_does_not_go_into_the_file():
    doc = spacy.blank("en")("Ann left.")
    doc.user_data["._.", "trf_data", None, None] = "layers"
    written = make_output(".spacy").write([Annotated(DocumentRecord(1, 1, doc.text), doc)])
    (read,) = DocBin(store_user_data=True).from_bytes(written).get_docs(doc.vocab)
    assert set(read.user_data) == {"id"}


@pytest.mark.parametrize("own", [2**64, -(2**63) - 1])
def test_an_id_that_msgpack_has_no_number_for_is_written_as_text(own):
    doc = spacy.blank("en")("Ann left.")
    written = make_output(".spacy").write([Annotated(DocumentRecord(1, own, doc.text), doc)])
    (read,) = DocBin(store_user_data=True).from_bytes(written).get_docs(doc.vocab)
    assert read.user_data["id"] == str(own)


def test_the_error_of_another_time_is_gone_where_all_went_well():
    doc = spacy.blank("en")("Ann left.")
    doc.user_data["error"] = "out of memory"
    written = make_output(".spacy").write([Annotated(DocumentRecord(1, 1, doc.text), doc)])
    (read,) = DocBin(store_user_data=True).from_bytes(written).get_docs(doc.vocab)
    assert "error" not in read.user_data


@pytest.mark.parametrize(("own", "kept"), [("a", "a"), (7, 7), (2024.0, 2024), (-3.0, -3), ("", "")])
def test_an_id_is_kept(own, kept, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "One.", "id": own}) + "\n")
    (record,) = records(path)
    assert (record.id, record.meta) == (kept, {})
    assert type(record.id) is type(kept)


@pytest.mark.parametrize("own", [[1, 2], {"a": 1}, 2.5, 1e300, True, [["deep"]]])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_id_that_cannot_be_one_stays_in_meta(own, suffix, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "One.", "id": own, "n": 0}) + "\n")
    (record,) = records(path)
    assert (record.id, record.meta["id"]) == (1, own)
    out = tmp_path / f"out{suffix}"
    out.write_bytes(make_output(suffix).write([Annotated(record, Doc(VOCAB, words=["One."]))]))
    assert '"id": ' + json.dumps(own) in written_meta(out)


def written_meta(path):
    """The column, key or attribute `meta` of the one document of an output, as JSON."""
    if path.suffix == ".jsonl":
        return json.dumps(read_jsonl(path)[0]["meta"])
    if path.suffix == ".spacy":
        return read_docbin(path)[0].user_data["meta"]
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path).to_pylist()[0]["meta"]


def test_an_id_of_a_docbin_that_cannot_be_one_is_not_lost(tmp_path):
    doc = Doc(VOCAB, words=["One."])
    doc.user_data["id"] = [1, 2]
    DocBin(store_user_data=True, docs=[doc]).to_disk(tmp_path / "in.spacy")
    (record,) = records(tmp_path / "in.spacy")
    out = tmp_path / "out.spacy"
    out.write_bytes(make_output(".spacy").write([Annotated(record, doc)]))
    assert json.loads(written_meta(out)) == {"id": [1, 2]}


@needs_pyarrow
def test_whole_numbers_beside_an_empty_cell_are_ids(tmp_path):
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"text": ["a", "b", "c"], "id": [70.0, None, 72.0]})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    assert [(record.id, record.meta) for record in records(tmp_path / "in.parquet")] == [
        (70, {}),
        (2, {}),
        (72, {}),
    ]


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-Infinity", "-1e999"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_strict_json(odd, suffix, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(f'{{"text": "One.", "n": 0, "deep": [{{"odd": {odd}}}], "id": {odd}}}\n')
    (record,) = records(path)
    out = tmp_path / f"out{suffix}"
    out.write_bytes(make_output(suffix).write([Annotated(record, Doc(VOCAB, words=["One."]))]))
    meta = json.loads(written_meta(out), parse_constant=pytest.fail)
    assert meta == {"n": 0, "deep": [{"odd": None}], "id": None}


WIDE = ["utf-16", "utf-32", "utf-8-sig"]


@pytest.mark.parametrize("encoding", WIDE)
def test_a_byte_order_mark_says_what_it_is(encoding, tmp_path):
    texts = ["Ann \u010a left.", "\u4e1e\u76f8", "a\u2028b", "\U0001f600"]
    txt, jsonl = tmp_path / "in.txt", tmp_path / "in.jsonl"
    txt.write_bytes("\r\n".join(texts).encode(encoding))
    lines = (json.dumps({"text": text}, ensure_ascii=False) for text in texts)
    jsonl.write_bytes("\n".join(lines).encode(encoding))
    for path in txt, jsonl:
        assert [(record.text, record.error) for record in records(path)] == [(t, "") for t in texts]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_characters_without_a_mark_are_refused(encoding, tmp_path):
    path = tmp_path / "in.txt"
    path.write_bytes("Ann left.\nBill stayed.".encode(encoding))
    with pytest.raises(ValueError, match=r"EL230.*in\.txt.*UTF-8"):
        records(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_may_end_in_a_carriage_return_alone(tmp_path, mark):
    file = tmp_path / "in.txt"
    file.write_bytes(mark + "Ann left.\r魏丞相\u2028走\r\rBill\r".encode())
    assert [(r.id, r.text) for r in records(file)] == [
        (1, "Ann left."),
        (2, "魏丞相\u2028走"),
        (4, "Bill"),
    ]


def test_a_carriage_return_in_a_line_is_a_part_of_it(tmp_path):
    file = tmp_path / "in.txt"
    file.write_bytes(b"Ann\rleft.\r\nBill\n")
    assert [r.text for r in records(file)] == ["Ann\rleft.", "Bill"]
