"""The settings of voter adapters, which are also options of the command `backbones`."""

from dataclasses import dataclass, replace

from spacy_el4ner.settings import setting


@dataclass(frozen=True)
class AdapterSettings:
    """How a voter adapter is trained.

    rank (int): LoRA rank; 16 makes 10 MB for a model of 135 M parameters.
    alpha (int): LoRA alpha, by which the adapter is scaled.
    epochs (float): Passes over the sentences, with other questions about their entities each time.
    batch_size (int): Sentences per optimizer step.
    batch_tokens (int): The most tokens, padding included, of one forward pass.
    learning_rate (float): Peak learning rate; it rises over the first steps and then falls to 0.
    gradient_checkpointing (bool): Use less memory and more time.
    """

    rank: int = setting(16, "LoRA rank of adapters", min=1)
    alpha: int = setting(32, "LoRA alpha of adapters")
    epochs: float = setting(3.0, "Passes of adapters over the sentences", min=0)
    batch_size: int = setting(8, "Sentences per optimizer step of adapters", min=1)
    batch_tokens: int = setting(2048, "Most tokens per forward pass of adapters")
    learning_rate: float = setting(5e-4, "Peak learning rate of adapters")
    gradient_checkpointing: bool = setting(False, "Use less memory and more time for adapters")

    def scaled(self, scale: float) -> "AdapterSettings":
        """scale (float): Multiplier for the training steps.
        RETURNS (AdapterSettings): The same settings with the number of passes multiplied.
        """
        return replace(self, epochs=self.epochs * scale)
