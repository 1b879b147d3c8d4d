"""Errors of the fusion: its language model, its rules and their calibration."""

from spacy_el4ner.errors.coded import Coded


class FusionErrors(metaclass=Coded):
    """Messages about the fusion of two models."""

    EL040 = (
        "The fusion rule '{name}' has not been fitted, or could not be fitted to this data. Calibrate "
        "the pipeline with `python -m spacy el4ner calibrate`, or choose another rule, such as "
        "spacy-el4ner.PaperRule.v1."
    )
    EL041 = (
        "Invalid calibration: {problem}. Expected settings: {known}. Create a calibration with `python "
        "-m spacy el4ner calibrate`."
    )
    EL042 = (
        "There are no gold entities in the {windows} windows, so nothing can be calibrated. Provide "
        "labelled documents that were not used for training."
    )
    EL043 = (
        "The two models never disagree in the {windows} windows, so there is nothing to calibrate. "
        "Check that the pipeline has a language model ('llm') and that it answers, or provide more "
        "documents."
    )
    EL044 = (
        "The component '{name}' of the pipeline '{path}' has no language model for the fusion. Load "
        "the pipeline with one (components.{name}.llm, a spacy-el4ner.TaggingLLM.v1 block) and save it "
        "again."
    )
    EL050 = (
        "The tagging template '{name}' lacks the templates {missing}. Name a template of this package "
        "(en, zh, compact), or a folder with both."
    )
    EL051 = (
        "The language model '{name}' has a context of {context} tokens, but tagging a single token of "
        "the text needs {needed}. Use a model with a longer context, fewer labels or shorter "
        "descriptions."
    )
    EL220 = (
        "Invalid parameters of the fusion rule '{name}': {problem}. Correct the block 'rule' of the "
        "component, or calibrate the pipeline again with `python -m spacy el4ner calibrate`."
    )
    EL221 = (
        "The fusion rule '{name}' cannot be created without settings: {problem}. Give every setting of "
        "the registered class a default."
    )
    EL222 = (
        "The component '{name}' has no language model to calibrate with. Attach one first: "
        "component.attach_llm(…)."
    )
