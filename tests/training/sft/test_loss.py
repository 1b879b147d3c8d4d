import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.training.sft.examples import collate, make_examples
from spacy_el4ner.training.sft.loss import answer_loss
from tests.tiny import save_family
from tests.training.sft.corpus import LABELS, SENTENCES


@pytest.fixture(scope="module", params=["qwen2", "gemma2", "granite", "compact"])
def folder(request, tmp_path_factory):
    return str(save_family(tmp_path_factory.mktemp(request.param), request.param))


def by_hand(model, some, loss):
    """One example, one decision at a time, from all logits."""
    total = 0.0
    for example in some:
        logits = model(input_ids=torch.tensor([example.tokens])).logits[0]
        for decision in example.decisions:
            row = logits[decision.position]
            row = row[list(decision.allowed)] if loss == "allowed" else row
            total += functional.cross_entropy(row[None], torch.tensor([decision.target]))
    return total


@pytest.mark.parametrize("loss", ["full", "allowed"])
@pytest.mark.parametrize("head", ["plain", "wrapped"])
def test_it_is_the_cross_entropy_of_every_decision(folder, loss, head):
    tagger = TaggingLLM(HFBackend(folder), "compact")
    demonstrations = [SENTENCES[n : n + 2] for n in range(4)]
    some, _ = make_examples(
        tagger, tagger.backend.tokens, SENTENCES[6:10], demonstrations, LABELS, loss=loss
    )
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    if head == "wrapped":
        model.set_output_embeddings(Wrapped(model.get_output_embeddings()))
    found = answer_loss(model, model, collate(some, 0))
    torch.testing.assert_close(found, by_hand(model, some, loss), rtol=1e-4, atol=1e-4)
    assert found > 0


def test_the_head_is_itself_again_afterwards(folder):
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tagger = TaggingLLM(HFBackend(folder), "compact")
    some, _ = make_examples(tagger, tagger.backend.tokens, SENTENCES[:1], [[]], LABELS, loss="allowed")
    tokens = torch.tensor([some[0].tokens])
    before = model(input_ids=tokens).logits
    answer_loss(model, model, collate(some, 0))
    assert torch.equal(model(input_ids=tokens).logits, before)


class Wrapped(torch.nn.Module):
    """A head that is no plain linear layer, as quantised ones are."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.weight, self.bias = inner.weight, inner.bias

    def forward(self, hidden):
        return self.inner(hidden)
