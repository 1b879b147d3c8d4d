"""The settings of a benchmark, which are also the options of the command `bench`."""

from dataclasses import dataclass

from spacy_el4ner.settings import setting


@dataclass(frozen=True)
class BenchSettings:
    """What a benchmark measures, and on which sentences.

    voter (str | None): The voter whose model and prompts are measured; None for the first.
    systems (str): Names of the measured systems, separated by commas; "" for all.
    batch_sizes (str): Sentences per batch, separated by commas.
    limit (int): Number of sentences to measure on, drawn by `seed`; 0 for all.
    seed (int): Seed of the drawn sentences.
    demonstrations (int | None): Demonstrations in a prompt, however similar; None as configured.
    repeats (int): Number of repetitions, of which the median counts.
    full_length (bool): Whether a free answer must be at least as long as the gold answer.
    margin (int): Tokens by which a free answer may be longer than the gold answer.
    ensemble (bool): Whether to measure the whole method as well.
    ensemble_constrained (bool): Whether to measure it with constrained decoding, too.
    random_model (str | None): A shape of random weights to use instead of the voter's model.
    """

    voter: str | None = setting(None, "Voter whose model and prompts to use; the first by default")
    systems: str = setting("", "Systems to measure, separated by commas; all by default")
    batch_sizes: str = setting("1,8,32", "Sentences per batch, separated by commas")
    limit: int = setting(96, "Sentences to measure on, drawn by seed; 0 for all")
    seed: int = setting(0, "Seed of that choice")
    demonstrations: int | None = setting(
        None, "Demonstrations in a prompt; as configured by default", "--k", "-k"
    )
    repeats: int = setting(3, "Repetitions, of which the median counts")
    full_length: bool = setting(
        False,
        "Make free answers at least as long as the gold answer, for models that were only trained for "
        "constrained decoding",
    )
    margin: int = setting(8, "Tokens by which a free answer may be longer than the gold one")
    ensemble: bool = setting(True, "Also measure the whole method")
    ensemble_constrained: bool = setting(False, "Also measure it with constrained decoding")
    random_model: str | None = setting(
        None, "Shape of random weights to use instead of the model: qwen2-7b"
    )

    @property
    def sizes(self) -> list[int]:
        """RETURNS (list[int]): The batch sizes."""
        return [int(size) for size in self.batch_sizes.split(",")]

    @property
    def variants(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The measured variants of the whole method."""
        if not self.ensemble:
            return ()
        constrained = ("ensemble_constrained",) if self.ensemble_constrained else ()
        return ("ensemble", "ensemble_unshared", *constrained)
