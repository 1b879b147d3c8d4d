"""The settings of fine-tuning, which are also the options of the command `sft`."""

from dataclasses import dataclass

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.settings import setting

CHOICES = {
    "demonstrations": ("similar", "fixed"),
    "loss": ("full", "allowed"),
    "method": ("lora", "full"),
    "precision": ("auto", "float32", "bfloat16"),
}


@dataclass(frozen=True)
class FinetuningSettings:
    """How a language model is fine-tuned. The defaults of rank, alpha, batch size, learning rate and k
    are those of Xu et al. 2025 (section 4.1), which leaves the rest open.

    template (str): The prompt template; the model must be prompted with the same one later.
    k (int): Demonstrations in a prompt.
    demonstrations (str): "similar" for the most similar other sentences, "fixed" for the same ones in
        every prompt.
    max_tokens (int): The longest mention, in tokens of the document.
    max_window (int): The longest text in a prompt, in tokens of the document; 0 for whole sentences.
    loss (str): What the loss, taken over the answer alone, normalises over: "full" for the whole
        vocabulary; "allowed" for the tokens that constrained decoding chooses between, for small
        models that learn nothing but this task.
    method (str): "lora" for an adapter, "full" to train all weights.
    freeze_embeddings (bool): With "full", keep the embeddings frozen, so that words that are not in the
        training text keep their distance to those that are.
    rank (int): LoRA rank.
    alpha (int): LoRA alpha, by which the adapter is scaled.
    dropout (float): LoRA dropout.
    mask_rate (float): Share of the prompt's tokens that are masked, drawn again each time, against
        overfitting to few sentences; for models with a mask token.
    ema_decay (float): Decay of an exponential moving average of the weights, which then replaces the
        last weights, such as 0.995; 0 for the last weights.
    epochs (int): Passes over the sentences.
    batch_size (int): Sentences per optimizer step, all processes together.
    batch_tokens (int): The most tokens, padding included, of one forward pass; gradients are
        accumulated over the passes of a step.
    learning_rate (float): Peak learning rate; it rises over the first steps and then falls to 0.
    warmup (float): Share of the steps over which the learning rate rises.
    weight_decay (float): Weight decay of AdamW.
    max_grad_norm (float): The norm to which gradients are clipped.
    patience (int): Epochs without a lower loss on dev after which training stops; 0 never stops.
    context (int | None): Tokens of a prompt and its longest answer; None for the model's own context.
    precision (str): "auto" for bfloat16 where the processor is fast at it, else float32.
    gradient_checkpointing (bool): Use less memory and more time.
    use_chat_template (bool): Wrap prompts in the chat template of the tokenizer, if it has one.
    seed (int): Seed of the new weights, the order of the sentences, masking and dropout.
    RAISES (ValueError): EL010, a value is not one of its choices.
    """

    template: str = setting("en", "Prompt template: en, zh, compact, or a folder of templates")
    k: int = setting(5, "Demonstrations in a prompt", "--k", "-k")
    demonstrations: str = setting(
        "similar", "similar (to the sentence), or fixed (the same in every prompt)"
    )
    max_tokens: int = setting(32, "Longest entity, in tokens of the corpus")
    max_window: int = setting(
        0, "Longest text in a prompt, in tokens of the corpus; 0 for whole sentences", min=0
    )
    loss: str = setting(
        "full", "Loss over the full vocabulary, or over allowed tokens only: for small models"
    )
    method: str = "lora"
    freeze_embeddings: bool = setting(False, "Keep the embeddings frozen, with --full")
    rank: int = setting(64, "LoRA rank")
    alpha: int = setting(128, "LoRA alpha")
    dropout: float = setting(0.0, "LoRA dropout")
    mask_rate: float = setting(
        0.0, "Share of the prompt's tokens to mask, against overfitting", min=0, max=1
    )
    ema_decay: float = setting(
        0.0, "Decay of a moving average of the weights; 0 keeps the last weights", min=0, max=1
    )
    epochs: int = setting(3, "Passes over the sentences", min=1)
    batch_size: int = setting(64, "Sentences per optimizer step")
    batch_tokens: int = setting(
        2048, "Most tokens per forward pass; gradients are accumulated over the passes of a step"
    )
    learning_rate: float = setting(2e-5, "Peak learning rate")
    warmup: float = setting(0.05, "Share of the steps over which the learning rate rises")
    weight_decay: float = setting(0.01, "Weight decay of AdamW")
    max_grad_norm: float = setting(1.0, "Norm to which gradients are clipped")
    patience: int = setting(
        0, "Epochs without a lower loss on dev after which training stops; 0 never stops"
    )
    context: int | None = setting(
        None, "Tokens of prompt and answer; the model's own context by default"
    )
    precision: str = setting("auto", "auto (bfloat16 where it is fast), float32 or bfloat16")
    gradient_checkpointing: bool = setting(False, "Use less memory and more time")
    use_chat_template: bool = setting(True, "Use the chat template of the tokenizer")
    seed: int = setting(0, "Seed of new weights, order, masking and dropout")

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise EL4NERValueError(
                    Errors.EL010.format(value=value, setting=name, known=", ".join(choices))
                )
