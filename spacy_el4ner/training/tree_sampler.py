"""Training trees drawn from labelled sentences, for the three tasks of a voter."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import Choice
from spacy_el4ner.prompts.template import VERDICTS, PromptTemplate
from spacy_el4ner.training.negatives import negatives
from spacy_el4ner.training.trees import Branch, Tree, branch
from spacy_el4ner.types import Demonstration, Mention

SORTED = 8
"""Number of batches that are sorted by length together, to keep padding short."""
EMPTY_ROUNDS = 12
"""Rounds without a tree after which none is expected; a round over few sentences may have none."""
NEGATIVES = 3
"""Hard negatives drawn for a sentence, shared by classification and verification."""
MISTYPED = 0.65
"""Share of the false candidates that have a wrong label; the others have a wrong span."""


@dataclass(frozen=True)
class SamplingRates:
    """Numbers of examples of each task that are drawn from one sentence.

    zero_shot_share (float): Share of the sentences without demonstrations, 0 to 1.
    max_demonstrations (int): The most demonstrations of the others.
    max_prefix_tokens (int): The longest prefix; demonstrations are dropped to keep it.
    max_classified (int): The most entities to classify.
    nones_per_entity (float): Non-entity spans to classify, per classified entity.
    max_verified (int): The most true candidates to verify.
    false_per_true (float): False candidates to verify, per true one.
    extraction_share (float): Share of the sentences to extract from, 0 to 1. Extraction has the longest
        answers and is learnt first.
    """

    zero_shot_share: float = 0.8
    max_demonstrations: int = 4
    max_prefix_tokens: int = 280
    max_classified: int = 4
    nones_per_entity: float = 0.3
    max_verified: int = 2
    false_per_true: float = 0.4
    extraction_share: float = 0.6


class TreeSampler:
    """Draws training trees.

    pool (Sequence[Demonstration]): The training split.
    neighbours (Sequence[Sequence[int]]): For each sentence the indices of others to demonstrate with,
        the most similar first.
    labels (Sequence[str]): All labels.
    template (PromptTemplate): The prompt template of the voter.
    tokenizer (PieceTokenizer): The tokenizer of the model.
    rng (Random): The source of all random choices.
    rates (SamplingRates | None): How many examples are drawn; None for the defaults.
    trained_on (Sequence[int] | None): Indices of the sentences to train on; the others only serve as
        demonstrations. None for all.
    context (int | None): Tokens of the model's context; None for the longest that the tokenizer states.
    RAISES (EL4NERValueError): EL010, the questions of the template about a sentence share no prefix, as
        with "turns" and "completion".
    """

    def __init__(
        self,
        pool: Sequence[Demonstration],
        neighbours: Sequence[Sequence[int]],
        labels: Sequence[str],
        template: PromptTemplate,
        tokenizer: PieceTokenizer,
        rng: random.Random,
        rates: SamplingRates | None = None,
        trained_on: Sequence[int] | None = None,
        context: int | None = None,
    ):
        if template.by_examples:
            message = Errors.EL010.format(
                value=template.name, setting="template", known="a template of instructions"
            )
            raise EL4NERValueError(message)
        self.pool = pool
        self.neighbours = neighbours
        self.labels = dict.fromkeys(labels, "")
        self.template = template
        self.tokenizer = tokenizer
        self.rng = rng
        self.rates = rates or SamplingRates()
        self.trained_on = range(len(pool)) if trained_on is None else trained_on
        self.context = tokenizer.tokenizer.model_max_length if context is None else context
        self.too_long: set[int] = set()
        """Sentences of which some examples were left out because they exceed the context."""

    def batches(self, size: int) -> Iterator[list[Tree]]:
        """size (int): Trees per batch.
        YIELDS (list[Tree]): Trees of similar length, without end; a round has each sentence once.
        RAISES (ValueError): EL138, all sentences are too long.
        """
        empty = 0
        while empty < EMPTY_ROUNDS:
            empty += 1
            order = list(self.trained_on)
            self.rng.shuffle(order)
            for at in range(0, len(order), size * SORTED):
                drawn = (self.tree(n) for n in order[at : at + size * SORTED])
                trees = sorted((tree for tree in drawn if tree.branches), key=len)
                batches = [trees[n : n + size] for n in range(0, len(trees), size)]
                self.rng.shuffle(batches)
                empty = 0 if batches else empty
                yield from batches
        raise EL4NERValueError(Errors.EL138.format(n=len(self.trained_on), context=self.context))

    def tree(self, n: int) -> Tree:
        """n (int): Index of a sentence.
        RETURNS (Tree): The sentence with examples that are drawn again at each call.
        """
        demonstration = self.pool[n]
        demonstrations = self._demonstrations(n)
        prompt = self.template.extraction(demonstration.window, demonstrations, self.labels)
        prefix, _ = self.tokenizer.prompt(prompt)
        while demonstrations and len(prefix) > self.rates.max_prefix_tokens:
            demonstrations = demonstrations[1:]
            prompt = self.template.extraction(demonstration.window, demonstrations, self.labels)
            prefix, _ = self.tokenizer.prompt(prompt)
        wrong = negatives(demonstration, NEGATIVES, self.rng)
        branches = [
            *self._classified(demonstration, demonstrations, wrong),
            *self._verified(demonstration, demonstrations, wrong),
        ]
        if self.rng.random() < self.rates.extraction_share:
            format = self.template.format
            path = format.path(demonstration.window, demonstration.mentions)
            branches.append(branch(self.tokenizer, prompt, format.grammar(demonstration.window), path))
        room = self.context - len(prefix)
        fitting = tuple(b for b in branches if len(b.tokens) <= room)
        if len(fitting) < len(branches):
            self.too_long.add(n)
        return Tree(prefix, fitting)

    def _demonstrations(self, n: int) -> list[Demonstration]:
        """Similar or random demonstrations, the most similar last, never the sentence itself."""
        if self.rng.random() < self.rates.zero_shot_share:
            return []
        k = self.rng.randint(1, self.rates.max_demonstrations)
        if self.rng.random() < 0.5:
            return [self.pool[i] for i in reversed(self.neighbours[n][:k])]
        others = [
            i for i in self.rng.sample(range(len(self.pool)), min(k + 1, len(self.pool))) if i != n
        ]
        return [self.pool[i] for i in others[:k]]

    def _classified(
        self,
        demonstration: Demonstration,
        demonstrations: Sequence[Demonstration],
        wrong: Sequence[tuple[int, int]],
    ) -> list[Branch]:
        """Classification examples, most of them entities, as most candidates of a union are."""
        options, names = self.template.options(self.labels), self.template.names(self.labels)
        gold = self._some(demonstration, self.rates.max_classified)
        questions = [(m, names[m.label]) for m in gold]
        n_wrong = self._number(self.rates.nones_per_entity, gold)
        questions += [(Mention(*span), options[-1]) for span in wrong[:n_wrong]]
        return [
            self._choice(
                self.template.classification, demonstration, demonstrations, mention, options, answer
            )
            for mention, answer in questions
        ]

    def _verified(
        self,
        demonstration: Demonstration,
        demonstrations: Sequence[Demonstration],
        wrong: Sequence[tuple[int, int]],
    ) -> list[Branch]:
        """Verification examples, most of them true, as most candidates after a vote are. A verifier
        that expects as many false ones rejects many entities.
        """
        true, false = VERDICTS
        gold = self._some(demonstration, self.rates.max_verified)
        questions = [(m, true) for m in gold]
        mistakes = wrong[: self._number(self.rates.false_per_true, gold)]
        questions += [(self._mistaken(demonstration, gold, span), false) for span in mistakes]
        return [
            self._choice(
                self.template.verification, demonstration, demonstrations, mention, VERDICTS, answer
            )
            for mention, answer in questions
        ]

    def _number(self, share: float, gold: Sequence[Mention]) -> int:
        """The number of negatives for the gold mentions; a few if there are none."""
        expected = share * (len(gold) or 0.5)
        return int(expected) + (self.rng.random() < expected % 1)

    def _mistaken(
        self, demonstration: Demonstration, gold: Sequence[Mention], span: tuple[int, int]
    ) -> Mention:
        """An entity with a wrong label, or a wrong span with a label of the sentence."""
        if gold and len(self.labels) > 1 and self.rng.random() < MISTYPED:
            mention = self.rng.choice(gold)
            others = [other for other in self.labels if other != mention.label]
            return Mention(mention.start, mention.end, self.rng.choice(others))
        near = [m.label for m in demonstration.mentions] or list(self.labels)
        return Mention(*span, self.rng.choice(near))

    def _some(self, demonstration: Demonstration, most: int) -> list[Mention]:
        return self.rng.sample(demonstration.mentions, min(len(demonstration.mentions), most))

    def _choice(
        self,
        ask: Callable[..., object],
        demonstration: Demonstration,
        demonstrations: Sequence[Demonstration],
        mention: Mention,
        options: Sequence[str],
        answer: str,
    ) -> Branch:
        prompt = ask(demonstration.window, demonstrations, self.labels, mention)
        return branch(self.tokenizer, prompt, Choice(options), [answer, ""])  # type: ignore[arg-type]
