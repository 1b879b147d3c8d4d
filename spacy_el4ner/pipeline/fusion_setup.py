"""The steps that turn a trained tagger into a fusion: a language model, a calibration."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_el4ner.corpora import unannotated
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.calibrate import CalibrationReport, calibrate
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.fusion.rules.registered import find_rule, registered_rules
from spacy_el4ner.pipeline.component import Component
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.progress import Progress
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.pool import Pool

ALWAYS, UNCERTAIN = ROUTES = ("always", "uncertain")


def check_route(route: str) -> None:
    """route (str): The setting `route`.
    RAISES (ValueError): It is unknown.
    """
    if route not in ROUTES:
        known = ", ".join(ROUTES)
        raise EL4NERValueError(Errors.EL010.format(value=route, setting="route", known=known))


class FusionSetup(Component):
    """A base of the component with the steps that turn a trained tagger into a calibrated fusion."""

    name: str
    llm: FusionLLM | None
    retriever: Retriever
    pool: Pool
    rule: FusionRule
    calibration: Calibration

    @abstractmethod
    def set_pool(self, docs: Iterable[Doc]) -> None:
        """docs (Iterable[Doc]): Documents with gold entities, the new demonstrations."""

    @abstractmethod
    def cases(self, examples: Sequence[Example]) -> list[Case]:
        """examples (Sequence[Example]): Documents with gold entities.
        RETURNS (list[Case]): Both models' readings of their windows, with the gold entities.
        """

    def attach_llm(
        self,
        llm: "str | Path | Mapping[str, Any] | FusionLLM",
        docs: Iterable[Doc] = (),
        *,
        nlp: Language | None = None,
        template: str | None = None,
        k: int | None = None,
        route: str | None = None,
        dtype: str = "auto",
    ) -> None:
        """Give the trained tagger the language model that it is fused with, and demonstrations.

        llm (str | Path | Mapping[str, Any] | FusionLLM): A folder that `el4ner sft` wrote, or any
            causal language model by name or folder; a config block of the registry `el4ner_llms`; or an
            object, which a saved pipeline does not include.
        docs (Iterable[Doc]): Documents with gold entities, from which demonstrations are taken; empty
            to keep the pool.
        nlp (Language | None): The pipeline, whose config then includes the change. Needed to save it.
        template (str | None): Prompt template ("en", "zh", "compact", or a folder); None for that of
            the fine-tuning. Only for a model by name or folder.
        k (int | None): Demonstrations in a prompt; None for that of the fine-tuning, or no change.
        route (str | None): "always" or "uncertain"; None for no change.
        dtype (str): The type to compute in: "auto", "fast", or the name of a torch type. Only for a
            model by name or folder.
        RAISES (ValueError): A setting is invalid.
        EXAMPLE:
            >>> fusion = nlp.get_pipe("slm_llm_fusion")
            >>> fusion.attach_llm("training/llm", train_docs, nlp=nlp)
            >>> nlp.to_disk("training/fused")
        """
        if route is not None:
            check_route(route)
        plan = sft_plan(llm) if isinstance(llm, str | Path) else {}
        block = llm_block(llm, plan, template, dtype) if isinstance(llm, str | Path) else llm
        changed: dict[str, Any] = {}
        if isinstance(block, Mapping):
            changed["llm"] = dict(block)
            self.llm = registry.resolve({"llm": changed["llm"]})["llm"]
        else:
            self.llm = block
        if plan.get("demonstrations") == "fixed":
            changed["retriever"] = {
                "@el4ner_retrievers": "spacy-el4ner.FixedDemonstrations.v1",
                "seed": plan["seed"],
            }
            self.retriever = registry.resolve({"it": changed["retriever"]})["it"]
            self.retriever.index(self.pool.entries)
        if (demonstrations := plan.get("k") if k is None else k) is not None:
            changed["k"] = demonstrations
        if route is not None:
            changed["route"] = route
        if docs := list(docs):
            self.set_pool(docs)
        # The order stays: it is that of the tagger's tags.
        described, labels = plan.get("labels", {}), self.cfg["labels"]
        self.cfg["labels"] = {label: described.get(label, text) for label, text in labels.items()}
        self.configure(nlp, changed)

    def calibrate(
        self,
        docs: Iterable[Doc],
        *,
        nlp: Language | None = None,
        objective: str = "entity_f1",
        rule: str | None = None,
        folds: int = 10,
        repeats: int = 5,
        seed: int = 0,
        tolerance: float = 0.002,
        budget: float = 0.4,
        batch_size: int = 64,
    ) -> CalibrationReport:
        """Find the rule, its parameters, the confidence calibration and the routing threshold that do
        best on held-out documents. Nothing changes until the report is passed to `apply`.

        docs (Iterable[Doc]): Documents with gold entities on which neither model was trained.
        nlp (Language | None): The pipeline, if components before this one have to run, such as a
            transformer that the tagger listens to.
        objective (str): The F1 to maximise, "entity_f1" or "token_macro_f1".
        rule (str | None): The rule to use, by its registered or own name; None for the best.
        folds (int): Parts of the cross-validation.
        repeats (int): Number of divisions into parts.
        seed (int): Seed of the divisions.
        tolerance (float): Loss of F1 accepted for asking less often.
        budget (float): Largest share of the windows to ask about, 0 to 1.
        batch_size (int): Documents that are read at a time.
        RETURNS (CalibrationReport): The parameters, and the scores of each rule.
        RAISES (ValueError): There is no language model, there are no gold entities, the models never
            disagree, or the requested rule is unknown or could not be fitted.
        EXAMPLE:
            >>> report = fusion.calibrate(dev_docs, nlp=nlp)
            >>> fusion.apply(report, nlp=nlp, route="uncertain")
        """
        if self.llm is None:
            raise EL4NERValueError(Errors.EL222.format(name=self.name))
        name = None if rule is None else find_rule(rule)[1].name
        # The component's own rule keeps the settings of the config.
        rules = {r.name: r for r in registered_rules().values()} | {self.rule.name: self.rule}
        cases = list(read_cases(self, docs, nlp, batch_size))
        return calibrate(
            cases,
            objective,
            rules=list(rules.values()),
            rule=name,
            folds=folds,
            repeats=repeats,
            seed=seed,
            tolerance=tolerance,
            budget=budget,
        )

    def apply(
        self,
        calibration: CalibrationReport | Calibration,
        *,
        nlp: Language | None = None,
        route: str | None = None,
    ) -> None:
        """Use a calibration from now on.

        calibration (CalibrationReport | Calibration): A report, whose rule is taken too, or parameters
            for the present rule.
        nlp (Language | None): The pipeline, whose config then includes the change. Needed to save it.
        route (str | None): "always" or "uncertain"; None for no change.
        RAISES (ValueError): The parameters or the route are invalid.
        """
        changed: dict[str, Any] = {}
        parameters, rule = calibration, self.rule
        if isinstance(calibration, CalibrationReport):
            parameters = calibration.calibration
            if calibration.rule != rule.name:
                registered, rule = find_rule(calibration.rule)
                changed["rule"] = {"@el4ner_fusion_rules": registered}
        assert isinstance(parameters, Calibration)
        parameters.fitted(rule)  # Refuses parameters that do not fit before anything changes.
        if route is not None:
            check_route(route)
            changed["route"] = route
        self.rule, self.calibration = rule, parameters
        self.configure(nlp, changed)


def sft_plan(model: str | Path) -> dict[str, Any]:
    """model (str | Path): Name or folder of a model.
    RETURNS (dict[str, Any]): The settings with which `el4ner sft` trained it; empty if it did not.
    """
    record = Path(model) / "el4ner.json"
    if not record.is_file():
        return {}
    plan: dict[str, Any] = json.loads(record.read_text(encoding="utf8")).get("plan", {})
    return plan


def llm_block(
    model: str | Path, plan: Mapping[str, Any], template: str | None, dtype: str = "auto"
) -> dict[str, Any]:
    """model (str | Path): Name or folder of a model.
    plan (Mapping[str, Any]): What `sft_plan` says of it.
    template (str | None): Prompt template; None for that of the plan.
    dtype (str): The type to compute in, as for `HFBackend`.
    RETURNS (dict[str, Any]): A config block that reads with it as it was fine-tuned.
    """
    place, base = _place(model), _place(plan.get("base", model))
    is_adapter = plan.get("method") == "lora"
    return {
        "@el4ner_llms": "spacy-el4ner.TaggingLLM.v1",
        "template": template or plan.get("template", "en"),
        "max_tokens": plan.get("max_tokens", 32),
        "max_window": plan.get("max_window", 0),
        "backend": {
            "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
            "model": base if is_adapter else place,
            "adapter": place if is_adapter else None,
            # A fully trained model no longer needs its base model, of which this is the revision.
            "revision": plan.get("revision") if is_adapter else None,
            "dtype": dtype,
            "context": plan.get("context"),
            "use_chat_template": plan.get("use_chat_template", True),
        },
    }


def read_cases(
    component: FusionSetup, docs: Iterable[Doc], nlp: Language | None, batch_size: int
) -> Iterator[Case]:
    """component (FusionSetup): The component, with a language model.
    docs (Iterable[Doc]): Documents with gold entities.
    nlp (Language | None): The pipeline, if earlier components have to run.
    batch_size (int): Documents over which prompts are pooled.
    YIELDS (Case): Both readings of each window; `window.document` is the index of its document.
    """
    stream = list(docs)
    with Progress("Reading with both models", len(stream)) as progress:
        for first in range(0, len(stream), batch_size):
            batch = stream[first : first + batch_size]
            if nlp is None:
                predicted = [unannotated(doc) for doc in batch]
            else:
                predicted = before(nlp, component, batch)
            examples = [Example(p, doc) for p, doc in zip(predicted, batch, strict=True)]
            for case in component.cases(examples):
                yield replace(case, window=replace(case.window, document=first + case.window.document))
            progress.update(len(batch))


def _place(model: str | Path) -> str:
    """The absolute path of a folder; the name of a model on the hub."""
    folder = Path(model)
    return str(folder.resolve()) if folder.is_dir() else str(model)
