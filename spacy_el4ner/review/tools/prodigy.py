"""Prodigy's tasks, JSONL (https://prodi.gy/docs/api-interfaces#ner_manual).

Its offsets are characters as Python counts them: spans begin and end at the tokens that are given with
the text. `token_end` is the last token of a span, not the one after it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import Reviewed, described, from_lines, to_lines, whole, wrong

ACCEPT = "accept"


class Prodigy:
    name = "prodigy"
    title = "Prodigy"
    suffix = ".jsonl"

    def write(self, chosen: Sequence[Disputed]) -> str:
        return to_lines([_task(one) for one in chosen])

    def read(self, path: Path) -> Iterator[Reviewed]:
        for where, record in from_lines(path, self.title):
            if "answer" not in record:
                raise wrong(path, self.title, f"{where} has no answer (export with db-out)")
            meta = record.get("meta")
            own = meta.get("id") if isinstance(meta, dict) else None
            spans = [span for span in record.get("spans") or () if isinstance(span, dict)]
            yield Reviewed(
                "" if own is None else str(own),
                record["text"],
                tuple((whole(s.get("start")), whole(s.get("end")), str(s.get("label"))) for s in spans),
                record["answer"] == ACCEPT,
            )

    def advice(self, labels: Sequence[str]) -> str:
        return f"python -m prodigy ner.manual DATASET blank:LANG FILE --label {','.join(labels)}"


def _task(one: Disputed) -> dict[str, Any]:
    doc = one.doc
    return {
        "text": doc.text,
        "tokens": [
            {
                "text": t.text,
                "start": t.idx,
                "end": t.idx + len(t),
                "id": t.i,
                "ws": bool(t.whitespace_),
            }
            for t in doc
        ],
        "spans": [
            {
                "start": ent.start_char,
                "end": ent.end_char,
                "token_start": ent.start,
                "token_end": ent.end - 1,
                "label": ent.label_,
            }
            for ent in doc.ents
        ],
        "meta": {"id": one.id, **described(one)},
    }
