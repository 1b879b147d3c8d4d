"""What can be set about fine-tuning."""

from dataclasses import dataclass

from spacy_el4ner.errors import Errors

CHOICES = {
    "demonstrations": ("similar", "fixed"),
    "loss": ("full", "allowed"),
    "method": ("lora", "full"),
    "precision": ("auto", "float32", "bfloat16"),
}


@dataclass(frozen=True)
class Settings:
    """Rank, alpha, batch size, learning rate and k are those of Xu et al. 2025 (section 4.1); it leaves
    the rest open.

    wording (str): The prompts; what trains must ask alike.
    k (int): Demonstrations in a prompt.
    demonstrations (str): "similar" for the most similar other sentences, "fixed" for the same ones in
        every prompt.
    max_tokens (int): The longest mention, in tokens of the document.
    max_window (int): The most tokens of the document to ask about at a time; 0 for whole sentences.
    loss (str): Over the answer alone: "full" over the whole vocabulary; "allowed" over the tokens
        that constrained decoding chooses between, for small models that know nothing but this job.
    method (str): "lora", or "full" to train all weights.
    freeze_embeddings (bool): With "full", leave the embeddings as they are: then words that the
        training text lacks stay among those that it has.
    rank (int), alpha (int), dropout (float): Of LoRA.
    hidden (float): Share of what is read that is hidden, each time something else, so that few
        sentences are not learnt by heart; for models with a token that masks.
    average (float): Keep the mean of the weights over the last steps in place of the last weights: how
        much of it is kept in a step, such as 0.995; 0 for the last weights.
    epochs (int): Rounds over the sentences.
    batch_size (int): Sentences an optimizer step, all processes together.
    batch_tokens (int): The most tokens, padding included, that one pass reads; gradients are
        accumulated over the passes of a step.
    learning_rate (float): Its peak; it rises over the first steps and then falls to 0.
    warmup (float): Share of the steps over which it rises.
    weight_decay (float), max_grad_norm (float): As usual.
    patience (int): Stop when so many epochs in a row did not lower the loss on dev; 0 never does.
    context (int | None): Tokens of a prompt and its longest answer; None for what the model has.
    precision (str): "auto" is bfloat16 where the processor is fast at it, else float32.
    gradient_checkpointing (bool): Less memory, more time.
    use_chat_template (bool): As of the backend.
    seed (int): Of the new weights, the order and dropout.
    """

    wording: str = "en"
    k: int = 5
    demonstrations: str = "similar"
    max_tokens: int = 32
    max_window: int = 0
    loss: str = "full"
    method: str = "lora"
    freeze_embeddings: bool = False
    rank: int = 64
    alpha: int = 128
    dropout: float = 0.0
    hidden: float = 0.0
    average: float = 0.0
    epochs: int = 3
    batch_size: int = 64
    batch_tokens: int = 8192
    learning_rate: float = 2e-5
    warmup: float = 0.05
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    patience: int = 0
    context: int | None = None
    precision: str = "auto"
    gradient_checkpointing: bool = False
    use_chat_template: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for setting, known in CHOICES.items():
            if (value := getattr(self, setting)) not in known:
                raise ValueError(
                    Errors.EL010.format(value=value, setting=setting, known=", ".join(known))
                )
