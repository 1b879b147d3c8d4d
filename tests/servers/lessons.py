"""What models are taught by heart before they are served."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.template import VERDICTS
from spacy_el4ner.types import Mention, Window
from tests.tiny import LABELS

TEXT = "Bill paid the bill in Paris."
WINDOW = Window(TEXT, 0, ((0, 4), (5, 9), (10, 13), (14, 18), (19, 21), (22, 27), (27, 28)))
GOLD = (Mention(0, 4, "PERSON"), Mention(22, 27, "GPE"))


def lessons(template):
    """Every question that is asked about the text, with its answer."""
    yield template.extraction(WINDOW, (), LABELS), InlineTags().render(WINDOW, GOLD)
    for mention in GOLD:
        yield template.classification(WINDOW, (), LABELS, mention), mention.label
        yield template.verification(WINDOW, (), LABELS, mention), VERDICTS[0]


def teach(folder, template, learning_rate, steps=1500):
    """Let a model learn the lessons by heart, laid out as the server lays them out."""
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for prompt, answer in lessons(template):
        turns = [{"role": "user", "content": prompt.context + prompt.question}]
        turns = [{"role": "system", "content": prompt.system}, *turns] if prompt.system else turns
        asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        ids = tokenizer.encode(asked, add_special_tokens=False)
        reply = tokenizer.encode(answer, add_special_tokens=False)
        rows.append((ids, [*reply, tokenizer.eos_token_id]))
    longest = max(len(ids) + len(reply) for ids, reply in rows)
    inputs = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full_like(inputs, -100)
    for n, (ids, reply) in enumerate(rows):
        inputs[n, : len(ids) + len(reply)] = torch.tensor(ids + reply)
        labels[n, len(ids) : len(ids) + len(reply)] = torch.tensor(reply)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    for _ in range(steps):
        loss = model(input_ids=inputs, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.01:
            break
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    return loss.item()
