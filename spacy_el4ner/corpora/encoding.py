"""Decoding of text files: UTF-8, what a byte order mark names, or what the user names."""

import codecs
import re
from pathlib import Path

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.errors import EL4NERValueError, Errors

BROKEN = 0.01
"""Share of characters that may be broken before a file counts as being in another encoding."""
SAMPLE = 200_000
"""Bytes from which another encoding is proposed."""
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_OTHERS = ["cp1251", "koi8_r", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1250", "cp1253"]


def decode(raw: bytes, path: Path, encoding: str, report: ConversionReport) -> str:
    """raw (bytes): Content of a file.
    path (Path): The file, for the error.
    encoding (str): Encoding that the user names; "" for UTF-8, or what the byte order mark names.
    report (ConversionReport): Counts broken characters.
    RETURNS (str): The text. A few broken bytes among sound UTF-8 become U+FFFD.
    RAISES (ValueError): EL241 if the file is in another encoding, which the message proposes.
    """
    if encoding:
        return _decode_as(raw, path, encoding)
    marked = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "")
    if marked:
        return raw.decode(marked, errors="replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", errors="replace")
        broken = text.count("\ufffd") - raw.count("\ufffd".encode())
        sound = sum(1 for character in text if character > "\x7f") - broken
        if broken > BROKEN * len(text) or broken > sound:
            raise EL4NERValueError(_other_encoding(raw, path, error.start)) from error
        report.repair(reasons.BAD_BYTES, broken)
    # Text has no NUL; UTF-16 without its mark has one in every other byte of ASCII.
    if text.count("\0") > BROKEN * len(text):
        raise EL4NERValueError(_other_encoding(raw, path, raw.index(0)))
    return text


def _decode_as(raw: bytes, path: Path, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except LookupError as error:
        expected = "an encoding that Python knows, such as latin-1, cp1252, utf-16 or gb18030"
        message = Errors.EL245.format(option="--encoding", value=encoding, expected=expected)
        raise EL4NERValueError(message) from error
    except UnicodeError as error:
        problem = f"it is not {encoding} ({error})"
        message = Errors.EL241.format(path=path, line=1, problem=problem, encoding="utf-8")
        raise EL4NERValueError(message) from error


def _other_encoding(raw: bytes, path: Path, place: int) -> str:
    line = raw.count(b"\n", 0, place) + 1
    proposed = propose(raw)
    return Errors.EL241.format(
        path=path, line=line, problem="it is not UTF-8", encoding=proposed or "NAME"
    )


def propose(raw: bytes) -> str:
    """raw (bytes): Content of a file that is not UTF-8.
    RETURNS (str): The likeliest encoding, "" if nothing is likely.
    """
    if b"\0" in raw[:SAMPLE]:
        return _wide(raw[:SAMPLE])
    # Words of plain ASCII say nothing about the encoding.
    telling = b" ".join(word for word in raw.split() if not word.isascii())[:SAMPLE]
    if _is_western(telling):
        return "cp1252" if re.search(rb"[\x80-\x9f]", telling) else "latin-1"
    from charset_normalizer import from_bytes

    best = from_bytes(telling, cp_isolation=_OTHERS).best()
    return best.encoding.replace("_", "-") if best is not None else ""


def _is_western(raw: bytes) -> bool:
    """Whether most words that are not ASCII have ASCII letters too, as in languages of Latin script."""
    words = [word for word in raw.split() if not word.isascii()]
    return 2 * sum(re.search(rb"[A-Za-z]", word) is not None for word in words) > len(words)


def _wide(raw: bytes) -> str:
    """RETURNS (str): UTF-16 or UTF-32 by the places of the zero bytes."""
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if even and odd and min(even, odd) * 2 > len(raw) // 4:
        return "utf-32-le" if raw[:1] != b"\0" else "utf-32-be"
    return "utf-16-le" if odd > even else "utf-16-be"
