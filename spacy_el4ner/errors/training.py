"""Errors of training and fine-tuning."""

from spacy_el4ner.errors.coded import Coded


class TrainingErrors(metaclass=Coded):
    """Messages about training and fine-tuning."""

    EL033 = (
        "'{path}' is not a checkpoint from which training can resume. Give the folder model-last or "
        "model-best of an earlier `spacy train`, or set 'paths.resume' to null to train from scratch."
    )
    EL052 = (
        "'{path}' comes from a run with other settings ({settings}). Restore these settings, choose "
        "another folder, or replace the folder with --overwrite."
    )
    EL053 = (
        "None of the {n} sentences contains an entity, so there is nothing to learn. Check the corpus."
    )
    EL135 = (
        "The labels of '{name}' ({labels}) differ from those of the checkpoint '{path}' ({known}). "
        "Train from scratch, without 'paths.resume', or set the component's labels to those of the "
        "checkpoint."
    )
    EL136 = (
        "The training diverged: after {step} of {steps} steps, {what} is not a finite number. Train "
        "again with a lower --learning-rate or with --precision float32."
    )
    EL137 = (
        "'{path}' already exists and was not written by `sft`; its content would be lost. Choose a "
        "folder that does not exist yet."
    )
    EL138 = (
        "None of the {n} sentences fits into the context of {context} tokens together with a question "
        "about it, so a compact backbone cannot learn from them. Check that the texts are split into "
        "sentences."
    )
    EL139 = (
        "The tokenizer of '{name}' has no mask token, so its input cannot be masked. "
        "Leave `mask_rate` at 0, or set the tokenizer's `mask_token`."
    )
    EL301 = (
        "None of the {n} sentences fits into the context of {context} tokens with its prompt, so there "
        "is nothing to learn from. Use a model with a longer context, a lower 'k', or shorter texts."
    )
    EL300 = (
        "No adapter can be trained for the voter '{name}': it is not a PromptedVoter.v1 over an "
        "HFBackend.v1. Change the voter, or remove 'adapter' from it."
    )
    EL366 = (
        "'{path}' holds something that `distil` did not write, such as '{file}'. Choose a folder that "
        "does not exist yet or is empty."
    )
    EL367 = (
        "None of the {n} entities that the teacher found has a confidence of at least {least}, so "
        "there is nothing to learn from it. Lower --min-confidence, give more texts in the language "
        "and field of the labels, or improve the teacher."
    )
    EL368 = (
        "'{path}' has entities whose labels the teacher does not find: {labels}. Its labels: {known}. "
        "A student would learn from the teacher that they are no entities. Rename or remove them in "
        "the file, or create the teacher with these labels."
    )
    EL369 = (
        "There is only one document in {what}, and it takes two: one to train on, and one to select "
        "the best student by. Give labelled documents for the selection with --dev."
    )
    EL370 = (
        "'{path}' is not a config that a student can be trained with: {problem}. Create one with "
        "`python -m spacy init config --pipeline ner`; its corpora read ${{paths.train}} and "
        "${{paths.dev}}, which `distil` sets."
    )
    EL371 = (
        "None of the {n} documents of '{path}' could be annotated; {failed} has the reasons. Remove "
        "their cause, and start over with --overwrite."
    )
