"""Errors of bulk annotation: its inputs, shards and outputs."""

from spacy_el4ner.errors.coded import Coded


class BulkErrors(metaclass=Coded):
    """Messages about bulk annotation."""

    EL060 = (
        "'{path}' contains nothing to annotate. Give a file of texts ({known}), or a folder of .spacy "
        "files."
    )
    EL061 = "The output cannot be written as '{suffix}'. Use one of the suffixes {known}."
    EL062 = (
        "Parquet files and Arrow tables need pyarrow. Install it with: pip install "
        "'spacy-el4ner[parquet]'."
    )
    EL063 = (
        "The first {n} documents of '{path}' have no text: {problem}. Name the key or column of the "
        "text with --text-key."
    )
    EL064 = (
        "The output was started with a different input or other settings, according to {path}: "
        "{changes}. Repeat the original command, write to another file, or start over with "
        "--overwrite."
    )
    EL065 = (
        "'{path}' already exists and was not written by this command. Write to another file, or "
        "replace it with --overwrite."
    )
    EL066 = (
        "{n} of {total} shards are missing: {numbers}. Annotate them, with or without --shard, then "
        "merge."
    )
    EL067 = (
        "{n} processes cannot share one GPU. Use one process (--n-process 1) with a larger "
        "--batch-size. For several GPUs, use --engine ray --workers {n} --gpus-per-worker 1, or one "
        "command per GPU with --shard 0/{n}, 1/{n}, …"
    )
    EL068 = (
        "A worker stopped: {problem}. Finished shards are kept; remove the cause, and run the same "
        "command to continue."
    )
    EL069 = (
        "The engine ray needs the package Ray. Install it with: pip install 'spacy-el4ner[ray]'; or "
        "use --n-process instead."
    )
    EL071 = (
        "The pipeline returned {n} documents too few, because the error handler of a component drops "
        "them. Check the component's log."
    )
    EL072 = "Invalid shard '{text}'; expected i/N with 0 ≤ i < N. Example: --shard 0/4."
    EL073 = (
        "The output is too large for one .spacy file, which holds at most 4 GiB of tokens. Write "
        ".jsonl or .parquet, or keep the shards with --keep-parts: spaCy reads a folder of them."
    )
    EL121 = (
        "The input '{source}' is the output '{out}', or inside it, and would be overwritten. Choose "
        "another name for the output."
    )
    EL131 = (
        "The name of the output file '{out}' does not end in {suffix}. Give a name with this suffix as "
        "the last argument."
    )
    EL132 = "'{path}' cannot be written: {problem}. Choose another name for the output."
    EL230 = (
        "'{path}' is not UTF-8: its zero bytes suggest UTF-16. Save it as UTF-8, or with a byte order "
        "mark, which identifies the encoding."
    )
    EL231 = (
        "'{path}' changed while it was read. Wait until nothing writes to the file, then annotate it "
        "again with --overwrite."
    )
    EL312 = (
        "'{out}' is not finished, so there is nothing to retry yet. Run the same command without "
        "--retry-failed first."
    )
    EL313 = "--retry-failed works on a finished output, in this process. Leave out {options}."
    EL346 = "'{path}', line {line}, is no text: {problem}. Correct the line."
    EL350 = (
        "A batch of the type {kind} cannot be annotated. Give a pyarrow.Table or RecordBatch, a "
        "pandas.DataFrame, or a mapping of columns, such as a dictionary of lists."
    )
    EL351 = (
        "The batch has {n} columns named {name!r} instead of one; its columns: {known}. Name the "
        "column of the text with text_key."
    )
    EL352 = (
        "{name!r} holds one text instead of a column of texts. Let the engine pass batches; in "
        "datasets, with map(…, batched=True)."
    )
    EL353 = (
        "The batch already has columns named {names}. Rename them, or give the new columns other "
        "names: Annotator(…, prefix='el4ner_')."
    )
    EL354 = (
        "None of {n} documents from all over '{path}' has a text, so nothing can be estimated. Try "
        "more of them with --sample, or correct the input."
    )
    EL355 = (
        "--max-minutes does not work with the engine ray, which gets all shards at once. Limit the "
        "time of the cluster's job instead; finished shards are kept."
    )
    EL391 = (
        "The address '{address}' cannot be reached: {problem}. Correct it, check its credentials, and "
        "install the library that fsspec needs for it, such as s3fs for s3:// or gcsfs for gs://."
    )
