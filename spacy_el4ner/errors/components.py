"""Errors of the components and what their config names: voters, prompts, retrievers, labels."""

from spacy_el4ner.errors.coded import Coded


class ComponentErrors(metaclass=Coded):
    """Messages about the two components and their settings."""

    EL001 = (
        "The component '{name}' has no labels. Set them in the config (labels = {{\"PERSON\": "
        '"people"}}), or call nlp.initialize() with labelled examples.'
    )
    EL004 = (
        "The prompt template '{name}' lacks the templates {missing}. Name a template of this package "
        "(en, zh, turns, completion, compact/terse, compact/plain, compact/marked), or a folder with "
        "all of them."
    )
    EL005 = (
        "The model '{name}' has a context of {context} tokens, but a prompt without demonstrations "
        "around a single token of the text needs {needed}. Use a model with a longer context, fewer "
        "labels or shorter descriptions."
    )
    EL009 = "Unknown voter '{name}' as the verifier or in the vote. Choose one of: {known}."
    EL010 = "Unknown value '{value}' for '{setting}'. Choose one of: {known}."
    EL011 = "The component has no voters. Configure at least one."
    EL012 = (
        "The index was built with the encoder '{found}', but this pipeline uses '{expected}'. Rebuild "
        "the index with nlp.initialize(), or restore the encoder."
    )
    EL014 = (
        "The pipeline '{path}' has no component of the kind '{factory}'. Use a pipeline that has one; "
        "the components of this one: {names}."
    )
    EL030 = (
        "The tagger of '{name}' was built for its labels, and '{label}' is not among them. Set all "
        "labels before nlp.initialize(), or pass them to it, and train again."
    )
    EL031 = (
        "The tagger of '{name}' is not trained. Train it with `python -m spacy train` (see "
        "configs/slm_en.cfg), or call nlp.initialize() with labelled examples, then nlp.update()."
    )
    EL032 = (
        "The retriever of '{name}', {kind}, compares pre-extracted spans, but this component extracts "
        "no spans. Use spacy-el4ner.SentenceSimilarity.v1."
    )
    EL034 = (
        "The tagger's vectors come from another component ({kind}), so they cannot be used to compare "
        "sentences. Set retriever.encoder to a sentence encoder, such as a "
        "spacy-el4ner.SentenceTransformer.v1 block."
    )
    EL112 = (
        "Invalid label '{label}' of '{name}': {problem}. Choose another name, in the style of spaCy's "
        "models (PERSON, ORG)."
    )
    EL119 = (
        "nlp.pipe() with n_process > 1 would load the models on the GPU once per process. Use "
        'n_process=1 with a larger batch_size, or set device = "cpu" in the blocks of voters and '
        "encoder. For several GPUs, use `python -m spacy el4ner annotate --engine ray`."
    )
    EL120 = (
        "The setting '{setting}' of '{name}' got a block of the wrong kind ({given}). Use a block of "
        "the registry {kinds}; docs/reference.md lists its names."
    )
    EL126 = (
        "The index was built by a retriever other than {kind}, and lacks data that this one needs: "
        "{missing}. Rebuild the index with nlp.initialize(), or restore the retriever."
    )
    EL134 = (
        "The tagger of '{name}' was built for the labels {known}, and would receive others ({labels}). "
        "Train a new one: create the pipeline from its config again, with all labels."
    )
    EL210 = (
        "'{verifier}' cannot be the verifier of '{name}': it proposes and votes, but does not verify. "
        "Choose one of: {known}; or set stages.verification = false."
    )
    EL211 = (
        "No voter of '{name}' can verify. Add one that can, such as a spacy-el4ner.PromptedVoter.v1, "
        "or set stages.verification = false."
    )
    EL215 = "The file of voters '{path}' does not exist. For examples, see configs/voters."
    EL216 = (
        "The file of voters '{path}' cannot be read as a config: {problem}. For examples, see "
        "configs/voters."
    )
    EL217 = "The file '{path}' has no section [voters]. For examples, see configs/voters."
    EL310 = (
        "Only {n} of the {needed} voters needed ('min_voters') answer: {reasons}. The others are tried "
        "again {when}."
    )
    EL311 = (
        "Another package has registered doc._.el4ner with spaCy, under which this package keeps its "
        "results. Use only one of the two packages in a process."
    )
    EL340 = (
        "'label_map' of the voter '{voter}' leads to '{label}', which is not a label of the ensemble. "
        "Its labels are: {known}. Map to one of them, or to null to leave the label out."
    )
    EL341 = (
        "'label_map' of the voter '{voter}' starts from '{label}', a label that the voter does not "
        "have. Its labels are: {known}."
    )
    EL342 = (
        "The voter '{voter}' has no label in common with the ensemble. It finds {known}; the ensemble "
        "has {labels}. Say which of them are the same in 'label_map'."
    )
    EL343 = (
        "The pipeline '{pipeline}' of a voter cannot be loaded: {problem}. Install it, or name the "
        "folder of a saved pipeline."
    )
    EL344 = (
        "The list of names '{path}' of a voter cannot be read: {problem}. It has a JSON object a line, "
        'such as {{"name": "Bonn", "label": "GPE", "aliases": ["City of Bonn"]}}.'
    )
    EL362 = (
        "spacy-el4ner.BM25.v1 needs bm25s. Install it with: pip install 'spacy-el4ner[bm25]'; or use "
        "spacy-el4ner.SentenceSimilarity.v1."
    )
    EL363 = "Invalid setting '{setting}' of the retriever {kind}: {value}. It must be {limits}."
    EL377 = (
        "The GLiNER model '{name}' of a voter needs the package gliner. Install it with: pip install "
        "'spacy-el4ner[gliner]'."
    )
    EL378 = (
        "The GLiNER model '{name}' of a voter cannot be loaded: {problem}. Name a model on the hub "
        "that finds entities, or a folder as GLiNER's save_pretrained() writes it."
    )
    EL379 = (
        "The GLiNER model '{name}' of a voter is not complete: it lacks {what}. Pickled weights "
        "(pytorch_model.bin) are not read, because reading a pickle can run code, and encoder and "
        "tokenizer are not looked up elsewhere. Where you trust the model, save it once with all of "
        'its files, and name the new folder: python -c "from gliner import GLiNER; '
        "GLiNER.from_pretrained('{name}').save_pretrained('FOLDER', safe_serialization=True)\"."
    )
    EL380 = (
        "The voter '{voter}' cannot ask for the label '{label}' by the name '{name}': {problem}. "
        "Change the label's description, or name it in 'label_names'."
    )
    EL383 = "Invalid {name}: {value}. Give a number between 0 and 1."
