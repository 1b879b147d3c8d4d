"""The time that the gate takes: each of its steps, and the tests of each folder.

python docs/measure_gate.py build/gate test=300 dist=60

Called by `.ci/run` with the steps and their seconds. Reads the reports of pytest in the folder, writes
gate.json there, and prints the steps.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from spacy_el4ner.evaluation.machine import machine

SHOWN = 8
"""The number of test folders that are recorded, the slowest."""


def folders(report: Path) -> dict[str, float]:
    """report (Path): A report of pytest, in the format of JUnit.
    RETURNS (dict[str, float]): Folder of tests -> seconds that its tests took, the slowest first.
    """
    seconds: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        folder, _, module = case.attrib["classname"].removeprefix("tests.").partition(".")
        seconds[folder if module else "tests"] += float(case.attrib["time"])
    return dict(seconds.most_common(SHOWN))


def record(folder: Path, steps: list[str]) -> dict[str, Any]:
    """folder (Path): The folder of the reports.
    steps (list[str]): Each step, as its name, "=" and its seconds.
    RETURNS (dict[str, Any]): The measurement.
    """
    rows = []
    for step in steps:
        name, _, seconds = step.partition("=")
        report = folder / f"{name}.xml"
        tests = folders(report) if report.is_file() else {}
        rows.append({"step": name, "seconds": int(seconds), "folders": tests})
    return {**machine(), "rows": rows}


if __name__ == "__main__":
    made = record(Path(sys.argv[1]), sys.argv[2:])
    (Path(sys.argv[1]) / "gate.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf8")
    for row in made["rows"]:
        print(f"{row['seconds']:6} s  make {row['step']}")
