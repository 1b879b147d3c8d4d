"""`python -m spacy el4ner backbones`: train the models of an ensemble on a corpus."""

import time
import warnings
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.progress import loss_bar, steps_bar
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.training.adapter_settings import AdapterSettings


@app.command("backbones")
@options_from(AdapterSettings)
def backbones(
    config: Annotated[Path, typer.Argument(help="A file of configs/voters")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the models and adapters go, a folder each")],
    settings: AdapterSettings,
    base: Annotated[
        str | None, typer.Option(help="The model that adapters are for; by default that of the file")
    ] = None,
    scale: Annotated[float, typer.Option(help="Multiplier for training steps")] = 1.0,
    seed: Annotated[int, typer.Option(help="Added to the seed of each model")] = 0,
    only: Annotated[
        str | None, typer.Option(help="Train this voter alone; the others keep their seeds and folds")
    ] = None,
    save_every: Annotated[float, typer.Option(help="Seconds between checkpoints of adapters")] = 300.0,
) -> None:
    """Train the voters of a file whose model or adapter is a folder of their name in OUT.

    Such a model is a compact backbone, made from all-MiniLM-L6-v2. An adapter is LoRA weights for the
    voter's model: any name on the hub or in the catalogue, a folder, or a GGUF file. The same command
    continues an interrupted adapter. Other voters are not trained.

    Example: python -m spacy el4ner backbones configs/voters/adapters.cfg \\
    corpus/sample_en training/sample_en/adapters
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.pipeline.ensemble_setup import read_voters
    from spacy_el4ner.retrieval.gold import gold_demonstrations
    from spacy_el4ner.training.adapters import AdapterTrainer, adapters_here, voter_of
    from spacy_el4ner.training.backbones import BackboneTrainer, trained_here

    with telling_mistakes():
        voters = read_voters(config, out, base)["voters"]
        models, adapters = trained_here(voters, out), adapters_here(voters, out)
    out.mkdir(parents=True, exist_ok=True)
    if not models and not adapters:
        msg.info(f"{config} names no model and no adapter in {out}: nothing to train.")
        return
    with telling_mistakes():
        pool, dev = (
            [d for d in gold_demonstrations(read_docs(path)) if d.window.tokens] if needed else []
            for path, needed in (
                (corpus / "train.spacy", True),
                (corpus / "dev.spacy", adapters and (corpus / "dev.spacy").is_file()),
            )
        )
        labels = sorted({m.label for d in pool for m in d.mentions})
        trainer = BackboneTrainer(pool, labels, out, seed=seed, scale=scale, progress=steps_bar)
        adapting = AdapterTrainer(
            pool,
            labels,
            out,
            settings.scaled(scale),
            dev=dev,
            seed=seed,
            save_every=save_every,
        )
    chosen = [name for name in (*models, *adapters) if only in (None, name)]
    msg.info(f"{', '.join(chosen) or 'nothing'} from {len(pool)} sentences")
    start = time.perf_counter()
    for name in chosen:
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UserWarning)
                if name in models:
                    record = trainer.train(name)
                    done = f"loss {record['final_loss']:.2f} a sentence"
                else:
                    number = list(voters).index(name)
                    with loss_bar(f"Training {name}") as show:
                        record = adapting.train(name, voter_of(voters[name]), number, show)
                    done = f"{record['steps']} steps"
                    done += "".join(f", loss on dev {loss:.4f}" for loss in record["dev_loss"])
        except (ImportError, OSError, ValueError) as error:
            msg.fail(f"'{name}' could not be trained", str(error), exits=1)
        for warning in caught:
            msg.warn(str(warning.message))
        msg.good(f"{out / name}: {done}")
        if too_long := record["too_long"]:
            msg.warn(f"{too_long} sentences exceed the context with some of their questions.")
    msg.good(f"{len(chosen)} voters in {time.perf_counter() - start:.0f} s")
