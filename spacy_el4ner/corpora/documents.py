"""Documents made of what a corpus holds: a text with offsets, or words with spans."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.entities import set_entities
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.schemes import Spans
from spacy_el4ner.corpora.spacing import is_unspaced

Entity = tuple[int, int, str]
"""Start and end in characters, as Python counts them, and label."""
NOWHERE = -1
"""An offset that is not in any text."""


@dataclass(frozen=True)
class LabelledText:
    """A text and its entities, as a file of offsets holds them.

    id (str): The document's name; "" if the file has none.
    text (str): The text.
    entities (tuple[Entity, ...]): Its entities; offsets outside the text are counted and skipped.
    accepted (bool): Whether an annotator accepted the document.
    sentences (tuple[tuple[int, int], ...]): Start and end of each sentence, if the file marks them.
    tokens (tuple[tuple[int, int], ...]): Start and end of each token, if the file gives them.
    meta (Mapping[str, str]): Further data for the document's `user_data`.
    problems (Mapping[str, int]): What was wrong -> how often.
    """

    id: str
    text: str
    entities: tuple[Entity, ...]
    accepted: bool = True
    sentences: tuple[tuple[int, int], ...] = ()
    tokens: tuple[tuple[int, int], ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)


class DocMaker:
    """nlp (Language): Tokenises texts whose file gives no tokens.
    vocab (Vocab): Vocab of the documents.
    report (ConversionReport): Counts repairs.
    """

    def __init__(self, nlp: Language, vocab: Vocab, report: ConversionReport):
        self.nlp = nlp
        self.vocab = vocab
        self.report = report

    def from_text(self, labelled: LabelledText) -> Doc | None:
        """labelled (LabelledText): A text with its entities.
        RETURNS (Doc | None): The document; None, and a count, if it has no text or was not accepted.
        """
        for reason, times in labelled.problems.items():
            self.report.repair(reason, times)
        if not labelled.text:
            self.report.repair(reasons.NO_TEXT)
            return None
        if not labelled.accepted:
            told = reasons.NO_ANNOTATION in labelled.problems
            self.report.repair(reasons.NOT_ACCEPTED, int(not told))
            return None
        doc = self._tokenised(labelled)
        doc.user_data.update({"id": labelled.id} if labelled.id else {})
        doc.user_data.update(labelled.meta)
        _set_sentences(doc, labelled.sentences, self.report)
        spans = [self._span(doc, labelled.text, entity) for entity in labelled.entities]
        set_entities(doc, [span for span in spans if span is not None], self.report)
        return doc

    def from_words(self, words: Sequence[str], spans: Spans, spaces: Sequence[bool] = ()) -> Doc:
        """words (Sequence[str]): The tokens of one sentence.
        spans (Spans): Its entities, in tokens.
        spaces (Sequence[bool]): Whether a space follows each token; by default one follows each but the
            last, in scripts that are written with spaces.
        RETURNS (Doc): The document, marked as one sentence.
        """
        spaced = not is_unspaced(words)
        gaps = list(spaces) or [spaced] * (len(words) - 1) + [False]
        starts: list[bool | int | None] = [n == 0 for n in range(len(words))]
        doc = Doc(self.vocab, words=list(words), spaces=gaps, sent_starts=starts)
        set_entities(doc, spans, self.report)
        return doc

    def _tokenised(self, labelled: LabelledText) -> Doc:
        given = _given_tokens(labelled.text, labelled.tokens)
        if given is not None:
            words, spaces = given
            return Doc(self.vocab, words=words, spaces=spaces)
        # Not nlp.make_doc(), which refuses texts longer than a parser could take.
        doc = self.nlp.tokenizer(labelled.text)
        if doc.vocab is self.vocab:
            return doc
        words = [token.text for token in doc]
        return Doc(self.vocab, words=words, spaces=[bool(token.whitespace_) for token in doc])

    def _span(self, doc: Doc, text: str, entity: Entity) -> tuple[int, int, str] | None:
        """RETURNS (tuple[int, int, str] | None): An entity in tokens, None if it is skipped."""
        start, end, label = entity
        surface = text[start:end] if 0 <= start < end <= len(text) else ""
        bare = start + len(surface) - len(surface.lstrip()), start + len(surface.rstrip())
        span = doc.char_span(*bare, alignment_mode="expand") if surface.strip() else None
        if span is None:
            self.report.repair(reasons.ENTITY_OUTSIDE)
            return None
        self.report.repair(reasons.ENTITY_SPACE, int(bare != (start, end)))
        widened = (span.start_char, span.end_char) != bare
        self.report.repair(reasons.ENTITY_MISALIGNED, int(widened))
        return span.start, span.end, label


def _given_tokens(text: str, tokens: Sequence[tuple[int, int]]) -> tuple[list[str], list[bool]] | None:
    """RETURNS (tuple[list[str], list[bool]] | None): Words and spaces, None if the tokens are not the
    whole text with at most a space after each.
    """
    words = [text[start:end] for start, end in tokens]
    starts = {start for start, _ in tokens}
    spaces = [text[end : end + 1] == " " and end not in starts for _, end in tokens]
    joined = "".join(word + " " * space for word, space in zip(words, spaces, strict=True))
    return (words, spaces) if tokens and all(words) and joined == text else None


def _set_sentences(doc: Doc, sentences: Sequence[tuple[int, int]], report: ConversionReport) -> None:
    """Let sentences begin where the corpus says; a start inside a token moves to that token's."""
    ends = [token.idx + len(token) for token in doc]
    length = len(doc.text)
    starts: set[int] = set()
    for start, end in sentences:
        if 0 <= start < end <= length:
            starts.add(bisect_right(ends, start))
        else:
            report.repair(reasons.SENTENCE_UNREADABLE)
    for token in doc if starts else ():
        token.is_sent_start = token.i in starts or token.i == 0
