"""Errors of saved pipelines, packages and written files."""

from spacy_el4ner.errors.coded import Coded


class StorageErrors(metaclass=Coded):
    """Messages about saved pipelines and packages."""

    EL070 = (
        "'{path}' is not a pipeline: neither a folder with a config.cfg nor an installed package. Give "
        "a folder written by nlp.to_disk(), or the name of a package."
    )
    EL082 = (
        "The manifest '{path}' cannot be read ({problem}), so the content of the folder cannot be "
        "verified. Save the pipeline again, or reinstall its package."
    )
    EL083 = (
        "'{path}' is incomplete: the file '{file}' is missing. Save the pipeline again, or reinstall "
        "its package."
    )
    EL084 = (
        "'{path}' differs from what was saved: '{file}' was changed or only partly written "
        "({problem}). Save the pipeline again, or reinstall its package. If the change is intended, "
        "load the pipeline from a copy without el4ner-manifest.json."
    )
    EL085 = (
        "'{path}' differs from what was saved: the file '{file}' was added. Remove the file; if you "
        "added it on purpose, remove {manifest}."
    )
    EL086 = (
        "The model '{source}' belongs in the folder of a saved component, but was not found there "
        "({folder}). Load the pipeline with spacy.load() from its folder or package, or name another "
        "model."
    )
    EL087 = (
        "The model '{source}' of {role} was not found: it is neither a local folder nor the name of a "
        "model on the hub. Run the command on the machine where the model was trained, or restore the "
        "folder."
    )
    EL088 = (
        "The model '{source}' of {role} has no safetensors weights, and other weights are not "
        "packaged. Save the model with save_pretrained(…, safe_serialization=True)."
    )
    EL089 = "'{value}' ({role}) is a local path and will not be packaged. Use a built-in, or null."
    EL090 = (
        "Invalid package name '{name}'. Use ASCII letters, digits and '_', starting with a letter, "
        "such as el4ner_compact."
    )
    EL091 = "Invalid package version '{version}'. Use a version such as 0.1.0."
    EL092 = (
        "The wheel could not be built. Check that setuptools 70.1 or newer is installed, and that the "
        "disk has free space. Original error: {problem}"
    )
    EL117 = (
        "No space is left to write '{path}'; its previous version is unchanged. Make room, or choose "
        "another disk, and run the command again; finished work is not repeated."
    )
    EL118 = (
        "'{path}' cannot be written: {problem}. Choose a folder to which you can write, or change its "
        "access rights."
    )
    EL130 = (
        "'{path}' is a file, or a folder whose other content would be lost. Choose a new or empty "
        "folder, or one that holds only a saved pipeline, which will be replaced."
    )
    EL237 = (
        "'{path}' is a link to a target outside the model's folder '{folder}', and packaging would "
        "copy that target. Replace the link with the file, or remove it."
    )
    EL314 = (
        "'{path}' was not read: its {packed} bytes unpack to more than {limit} MiB, far more than "
        "documents need. If the file is intact, split it into several files."
    )
    EL315 = (
        "'{path}' holds '{file}', which is not part of a model that this package trained and would be "
        "lost. Choose a new or empty folder, or move the file."
    )
    EL316 = (
        "These bytes are not those of the whole component: {problem}. Pass what to_bytes() returned, "
        "and name what it left out in 'exclude' here, too."
    )
