"""Small pipelines whose models are folders of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tests.pipeline import ensembles, taggers
from tests.tiny import save_compact

NAME, VERSION = "el4ner_tiny", "0.1.0"
CHECK = """
import json, socket, sys
def refuse(*arguments, **settings):
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
import spacy
nlp = spacy.load(sys.argv[1])
again = sys.argv[2]
nlp.to_disk(again)
texts = sys.argv[3:]
found = [
    [[[e.start_char, e.end_char, e.label_] for e in doc.ents] for doc in pipe.pipe(texts)]
    for pipe in (nlp, spacy.load(again))
]
print(json.dumps({"folder": str(nlp.path), "found": found}))
"""


def ensemble(folder):
    """Two backbones, one of them the encoder, too, and one with a store of answers before it."""
    models = [save_compact(folder / "made" / str(seed), seed) for seed in range(2)]
    tokenizer = models[0] / "tokenizer_config.json"
    settings = {**json.loads(tokenizer.read_text(encoding="utf8")), "pad_token": "[PAD]"}
    tokenizer.write_text(json.dumps(settings), encoding="utf8")
    nlp = ensembles.pipeline(models, retriever=encoded(models[0]), max_sentences=2)
    block = nlp.get_pipe_config("llm_ensemble_ner")["voters"]["plain"]
    stored = {
        "@el4ner_backends": "spacy-el4ner.StoredBackend.v1",
        "backend": block["backend"],
        "path": str(folder / "answers.sqlite"),
        "mode": "use",
    }
    block["backend"] = stored
    nlp.initialize(lambda: ensembles.gold(nlp))
    nlp.get_pipe_config("llm_ensemble_ner")["pool"] = str(folder)
    return nlp


def encoded(model):
    encoder = {"@el4ner_encoders": "spacy-el4ner.SentenceTransformer.v1", "model": str(model)}
    return {"@el4ner_retrievers": "spacy-el4ner.SentenceSimilarity.v1", "encoder": encoder}


def fusion(folder):
    """A trained tagger and a tiny model with an adapter."""
    base = save_compact(folder / "made" / "base", 0)
    backend = {
        "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
        "model": str(base),
        "adapter": str(adapter(base, folder / "made" / "adapter")),
    }
    llm = {"@el4ner_llms": "spacy-el4ner.TaggingLLM.v1", "template": "compact", "backend": backend}
    return taggers.trained(llm=llm, rule="llm")


def adapter(base, out):
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=4, target_modules=["query", "value"], init_lora_weights=False)
    get_peft_model(model, config).save_pretrained(out)
    return out


def entities(docs):
    return [[[e.start_char, e.end_char, e.label_] for e in doc.ents] for doc in docs]


def run_elsewhere(site, code, *arguments):
    """Run code in another folder and without a network, with a folder of packages."""
    away = Path(site).parent / "away"
    away.mkdir(exist_ok=True)
    paths = [str(site), str(Path(__file__).parents[2])]
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=away,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
