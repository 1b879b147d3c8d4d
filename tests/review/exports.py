"""What each tool exports of a file that it imported and a person accepted as it was."""

import json


def prodigy(content, answers=None):
    """answers (Sequence[str] | None): Of each task; all "accept" by default."""
    tasks = [json.loads(line) for line in content.split("\n") if line]
    answers = answers or ["accept"] * len(tasks)
    exported = [
        {**task, "_input_hash": n, "_task_hash": n, "_view_id": "ner_manual", "answer": answer}
        for n, (task, answer) in enumerate(zip(tasks, answers, strict=True))
    ]
    return "".join(json.dumps(task) + "\n" for task in exported)


def label_studio(content, cancelled=()):
    """cancelled (Container[int]): Numbers of the tasks that were skipped."""
    tasks = json.loads(content)
    return json.dumps(
        [
            {
                "id": n,
                "data": task["data"],
                "predictions": task["predictions"],
                "annotations": [
                    {
                        "id": n,
                        "result": task["predictions"][0]["result"],
                        "was_cancelled": n in cancelled,
                        "updated_at": "2026-11-21T17:00:00Z",
                    }
                ],
            }
            for n, task in enumerate(tasks)
        ]
    )


def doccano(content):
    """As `ExportedExample` writes it: meta data beside the text, labels as lists."""
    tasks = [json.loads(line) for line in content.split("\n") if line]
    exported = [{"id": n, **task, "Comments": []} for n, task in enumerate(tasks)]
    return "".join(json.dumps(task, ensure_ascii=False) + "\n" for task in exported)


EXPORT = {"prodigy": prodigy, "label-studio": label_studio, "doccano": doccano}
