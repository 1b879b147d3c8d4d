"""Fine-tuning of any causal language model on "sentence → copy with inline tags".

`run.finetune` is the entry point; `settings.FinetuningSettings` holds the settings.
"""
