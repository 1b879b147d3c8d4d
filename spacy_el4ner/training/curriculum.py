"""What a compact backbone is taught: the three jobs of labelled sentences, as training trees."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import Errors
from spacy_el4ner.formats import Choice
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.training.negatives import negatives
from spacy_el4ner.training.sequences import Branch, Tree, branch
from spacy_el4ner.types import Demonstration, Mention

OPTIONS = ("true", "false")
SORTED = 8
"""Batches that are sorted by length together, so that little of them is padding."""
EMPTY_ROUNDS = 12
"""Rounds without a question after which none is expected; a round over few sentences may have none."""
NEGATIVES = 3
"""Hard negatives drawn for a sentence; classification and verification take theirs from these."""
MISTYPED = 0.65
"""Share of the false candidates that have a wrong type; the others lie in a wrong place."""


@dataclass(frozen=True)
class Amounts:
    """How much of what one sentence brings.

    zero_shot (float): Share of the sentences shown without demonstrations.
    most_shots (int): The most demonstrations shown.
    prefix_tokens (int): The longest prefix; demonstrations are dropped to keep it.
    classified (int): Entities classified, at most.
    rejected (float): For each of them, spans classified that are no entity.
    verified (int): True candidates verified, at most.
    denied (float): For each of them, false candidates verified.
    extracted (float): Share of the sentences copied and tagged, which costs most and is learnt first.
    """

    zero_shot: float = 0.8
    most_shots: int = 4
    prefix_tokens: int = 280
    classified: int = 4
    rejected: float = 0.3
    verified: int = 2
    denied: float = 0.4
    extracted: float = 0.6


class Curriculum:
    """Makes training trees.

    pool (Sequence[Demonstration]): The training split.
    neighbours (Sequence[Sequence[int]]): For each of them the indices of others to show as
        demonstrations, most similar first.
    labels (Sequence[str]): All types.
    wording (Wording): The backbone's.
    tokenizer (PieceTokenizer): The backbone's.
    rng (Random): Decides everything.
    amounts (Amounts | None): How much is asked about a sentence.
    taught (Sequence[int] | None): Indices of those that questions are about; the others are
        demonstrations alone. None for all.
    """

    def __init__(
        self,
        pool: Sequence[Demonstration],
        neighbours: Sequence[Sequence[int]],
        labels: Sequence[str],
        wording: Wording,
        tokenizer: PieceTokenizer,
        rng: random.Random,
        amounts: Amounts | None = None,
        taught: Sequence[int] | None = None,
    ):
        self.pool = pool
        self.neighbours = neighbours
        self.labels = dict.fromkeys(labels, "")
        self.wording = wording
        self.tokenizer = tokenizer
        self.rng = rng
        self.amounts = amounts or Amounts()
        self.taught = range(len(pool)) if taught is None else taught
        self.context = tokenizer.tokenizer.model_max_length
        self.too_long: set[int] = set()
        """Sentences some jobs of which were left out, because the context has no room for them."""

    def batches(self, size: int) -> Iterator[list[Tree]]:
        """YIELDS (list[Tree]): Trees of like length, without end; a round has every sentence taught.
        RAISES (ValueError): EL138, they are all too long.
        """
        empty = 0
        while empty < EMPTY_ROUNDS:
            empty += 1
            order = list(self.taught)
            self.rng.shuffle(order)
            for at in range(0, len(order), size * SORTED):
                drawn = (self.tree(n) for n in order[at : at + size * SORTED])
                trees = sorted((tree for tree in drawn if tree.branches), key=len)
                batches = [trees[n : n + size] for n in range(0, len(trees), size)]
                self.rng.shuffle(batches)
                empty = 0 if batches else empty
                yield from batches
        raise ValueError(Errors.EL138.format(n=len(self.taught), context=self.context))

    def tree(self, n: int) -> Tree:
        """RETURNS (Tree): Sentence `n` with its jobs, newly drawn each time."""
        shot = self.pool[n]
        shots = self._shots(n)
        prompt = self.wording.extraction(shot.window, shots, self.labels)
        prefix, _ = self.tokenizer.prompt(prompt)
        while shots and len(prefix) > self.amounts.prefix_tokens:
            shots = shots[1:]
            prompt = self.wording.extraction(shot.window, shots, self.labels)
            prefix, _ = self.tokenizer.prompt(prompt)
        wrong = negatives(shot, NEGATIVES, self.rng)
        branches = [*self._classified(shot, shots, wrong), *self._verified(shot, shots, wrong)]
        if self.rng.random() < self.amounts.extracted:
            format = self.wording.format
            path = format.path(shot.window, shot.mentions)
            branches.append(branch(self.tokenizer, prompt, format.grammar(shot.window), path))
        room = self.context - len(prefix)
        fitting = tuple(b for b in branches if len(b.tokens) <= room)
        if len(fitting) < len(branches):
            self.too_long.add(n)
        return Tree(prefix, fitting)

    def _shots(self, n: int) -> list[Demonstration]:
        """Demonstrations, the most similar last; now similar ones, now any, never the sentence."""
        if self.rng.random() < self.amounts.zero_shot:
            return []
        k = self.rng.randint(1, self.amounts.most_shots)
        if self.rng.random() < 0.5:
            return [self.pool[i] for i in reversed(self.neighbours[n][:k])]
        others = [
            i for i in self.rng.sample(range(len(self.pool)), min(k + 1, len(self.pool))) if i != n
        ]
        return [self.pool[i] for i in others[:k]]

    def _classified(
        self, shot: Demonstration, shots: Sequence[Demonstration], wrong: Sequence[tuple[int, int]]
    ) -> list[Branch]:
        """As most candidates of a union are entities, so are most that are asked about."""
        options = self.wording.options(self.labels)
        gold = self._some(shot, self.amounts.classified)
        questions = [(m, m.label) for m in gold]
        n_wrong = self._number(self.amounts.rejected, gold)
        questions += [(Mention(*span), options[-1]) for span in wrong[:n_wrong]]
        return [
            self._choice(self.wording.classification, shot, shots, mention, options, answer)
            for mention, answer in questions
        ]

    def _verified(
        self, shot: Demonstration, shots: Sequence[Demonstration], wrong: Sequence[tuple[int, int]]
    ) -> list[Branch]:
        """As most candidates that a vote has typed are true, so are most that are asked about. A
        verifier that expects as many false ones takes many entities away.
        """
        true, false = OPTIONS
        gold = self._some(shot, self.amounts.verified)
        questions = [(m, true) for m in gold]
        mistakes = wrong[: self._number(self.amounts.denied, gold)]
        questions += [(self._mistaken(shot, gold, span), false) for span in mistakes]
        return [
            self._choice(self.wording.verification, shot, shots, mention, OPTIONS, answer)
            for mention, answer in questions
        ]

    def _number(self, share: float, gold: Sequence[Mention]) -> int:
        """How many wrong questions go with the right ones; few, where there are none."""
        expected = share * (len(gold) or 0.5)
        return int(expected) + (self.rng.random() < expected % 1)

    def _mistaken(self, shot: Demonstration, gold: Sequence[Mention], span: tuple[int, int]) -> Mention:
        """An entity with a wrong type, or a wrong place with a type of the sentence."""
        if gold and len(self.labels) > 1 and self.rng.random() < MISTYPED:
            mention = self.rng.choice(gold)
            others = [other for other in self.labels if other != mention.label]
            return Mention(mention.start, mention.end, self.rng.choice(others))
        near = [m.label for m in shot.mentions] or list(self.labels)
        return Mention(*span, self.rng.choice(near))

    def _some(self, shot: Demonstration, most: int) -> list[Mention]:
        return self.rng.sample(shot.mentions, min(len(shot.mentions), most))

    def _choice(
        self,
        ask: Callable[..., object],
        shot: Demonstration,
        shots: Sequence[Demonstration],
        mention: Mention,
        options: Sequence[str],
        answer: str,
    ) -> Branch:
        prompt = ask(shot.window, shots, self.labels, mention)
        return branch(self.tokenizer, prompt, Choice(options), [answer, ""])  # type: ignore[arg-type]
