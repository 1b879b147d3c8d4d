import json
import random
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from spacy_el4ner.fusion.calibrate import RuleReport, _best, calibrate
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.rules.learned import MIN_DISAGREEMENTS
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.registered import find_rule
from spacy_el4ner.fusion.scores import score
from spacy_el4ner.types import Mention
from tests.fusion.cases import make_case
from tests.strategies import make_window

LETTERS = make_window(*"abcd", gap="")
search = partial(calibrate, repeats=1)
"""What is fitted shows in one division, and five take five times as long."""


def fitted_rule(report, name=None):
    return report.calibration.fitted(find_rule(name or report.rule)[1])


RIGHT, WRONG = (0, 2, "NR"), (1, 3, "NR")


def in_document(case, document):
    return replace(case, window=replace(case.window, document=document))


def sample(entropy, slm_is_right, document=0, label="NR", p=0.9, **how):
    right, wrong = (0, 2, label), (1, 3, label)
    sides = ([right], [wrong]) if slm_is_right else ([wrong], [right])
    case = make_case(LETTERS, [entropy] * 4, *sides, gold=[right], p=p, **how)
    return in_document(case, document)


def below(entropy, n=200, seed=0):
    """The tagger is right below an entropy, and the language model above it."""
    rng = random.Random(seed)
    entropies = [round(rng.uniform(0.01, 2), 2) for _ in range(n)]
    return [sample(e, e < entropy, document=k % 20) for k, e in enumerate(entropies)]


@pytest.mark.parametrize("lam", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("objective", ["entity_f1", "token_macro_f1"])
def test_the_right_lambda_is_found(lam, objective):
    """S_S = S_L at the entropy that parts the two."""
    entropy = 1 - lam * np.exp(0.9)
    report = search(below(entropy), objective)
    assert report.calibration.rules["paper"]["lam"] == pytest.approx(lam, abs=0.02)
    paper = next(r for r in report.rules if r.name == "paper")
    assert paper.fitted == 1
    assert paper.cross_validated > 0.95 > max(report.slm, report.llm)


def test_the_curve_says_what_each_lambda_gives():
    cases = below(0.5)
    report = search(cases)
    for lam, f in report.rules[0].curve.points[::17]:
        rule = PaperRule(lam)
        fused = [
            [Mention(m.start, m.end, m.label) for m in fuse(case, rule).entities] for case in cases
        ]
        assert f == pytest.approx(score(cases, fused).f)


def test_lambda_is_in_the_middle_of_the_best_ones():
    """No entropy lies between 0.2 and 0.8, so that any λ between 0.08 and 0.33 is right."""
    rng = random.Random(0)
    entropies = [rng.choice([0.05, 0.1, 0.2, 0.8, 1.0, 2.0]) for _ in range(100)]
    cases = [sample(e, e < 0.5, document=n) for n, e in enumerate(entropies)]
    assert search(cases).calibration.rules["paper"]["lam"] == pytest.approx((0.08 + 0.33) / 2, abs=0.02)


def by_label(n=200, seed=0):
    """The tagger is right about people and the language model about states, however unsure it is."""
    rng = random.Random(seed)
    chosen = [(rng.choice(["NR", "NG"]), rng.choice([0.1, 0.4, 1.0])) for _ in range(n)]
    return [sample(e, name == "NR", k % 20, name) for k, (name, e) in enumerate(chosen)]


def test_the_learned_rule_wins_where_it_sees_more():
    report = search(by_label())
    assert report.rule == "learned"
    scores = {r.name: r.cross_validated for r in report.rules}
    assert scores["learned"] == 1 > 0.8 > scores["paper"]


@pytest.mark.parametrize(
    ("times", "side"), [(MIN_DISAGREEMENTS, "llm"), (MIN_DISAGREEMENTS - 1, "slm")]
)
def test_the_learned_rule_decides_about_types_that_it_saw_often_enough(times, side):
    rare = [sample(0.4, False, n, "NS") for n in range(times)]
    rule = fitted_rule(search([*by_label(), *rare]), "learned")
    (m,) = fuse(sample(0.4, False, label="NS"), rule).entities
    assert m.provenance["side"] == side


def noise(n=60, seed=0):
    """Who is right has nothing to do with anything."""
    rng = random.Random(seed)
    made = [
        sample(rng.choice([0.1, 0.4, 1.0]), rng.random() < 0.5, k, rng.choice(["NR", "NG", "NB", "T"]))
        for k in range(n)
    ]
    return [replace(case, slm=replace(case.slm, probabilities=(rng.random(),))) for case in made]


def test_what_was_only_learnt_by_heart_does_not_count():
    report = search(noise())
    learned = next(r for r in report.rules if r.name == "learned")
    assert learned.fitted > learned.cross_validated + 0.02


@pytest.mark.parametrize(
    ("paper", "scaled", "learned", "chosen"),
    [
        (0.82, 0.79, 0.83, "learned"),
        (0.84, 0.79, 0.81, "paper"),
        (0.82, 0.79, None, "paper"),
        (0.79, 0.81, 0.80, "scaled"),
        (0.81, 0.81, 0.79, "paper"),
        (0.79, 0.80, 0.80, "slm"),
    ],
)
def test_the_best_rule_is_taken(paper, scaled, learned, chosen):
    """Beside a tagger of 0.80."""
    scores = {"paper": paper, "scaled": scaled, "learned": learned}
    reports = [RuleReport(name, name, f, f, 0.02) for name, f in scores.items() if f is not None]
    assert _best(reports, 0.8) == chosen


def test_where_no_rule_beats_the_tagger_the_language_model_is_not_asked():
    report = search([sample(e, True, document=n) for n, e in enumerate([0.05, 0.4, 2.0] * 20)])
    assert max(r.cross_validated for r in report.rules) <= report.slm
    assert report.rule == "slm"
    assert report.routing.share == 0


def test_where_one_model_is_always_right_there_is_no_learned_rule():
    report = search([sample(0.5, True, document=n) for n in range(20)])
    assert [r.name for r in report.rules] == ["paper", "scaled"]
    assert "learned" not in report.calibration.rules


def test_documents_are_not_torn_apart():
    """Each has a label of its own, which tells who is right: nothing to learn for another one."""
    rng = random.Random(0)
    right = [rng.random() < 0.5 for _ in range(20)]
    cases = [sample(0.5, right[n % 20], n % 20, label=f"L{n % 20}") for n in range(200)]
    learned = next(r for r in search(cases).rules if r.name == "learned")
    assert learned.fitted == 1
    assert learned.cross_validated < 0.8


def test_windows_of_one_document_are_taken_one_by_one():
    cases = [in_document(case, 0) for case in by_label()]
    assert search(cases).rule == "learned"


def test_the_same_seed_gives_the_same_report():
    assert search(below(0.5, 60), seed=3) == search(below(0.5, 60), seed=3)


def test_an_overconfident_model_is_cooled():
    rng = random.Random(0)
    cases = [sample(rng.choice([0.1, 1.0]), rng.random() < 0.5, n, p=0.99) for n in range(100)]
    fitted = search(cases).calibration.rules["scaled"]
    assert fitted["llm_temperature"] > 1


def trusted(n=400, seed=0):
    """Both models are overconfident: of what they are sure of by 0.95, 60 % is right."""
    rng = random.Random(seed)
    cases = []
    for k in range(n):
        said = [(0, 2, "NR")]
        gold = said if rng.random() < 0.6 else [(2, 4, "NR")]
        case = make_case(LETTERS, [0.1] * 4, said, said, gold=gold, p=0.97)
        cases.append(in_document(case, k % 40))
    return [*cases, *(sample(0.1, True, 40 + k) for k in range(5))]


def test_the_confidence_is_fitted_where_that_helps():
    report = search(trusted())
    assert report.confidence.fitted < report.confidence.raw
    rule = fitted_rule(report)
    (m,) = fuse(trusted()[0], rule, report.calibration.confidence).entities
    assert m.provenance["raw"] > 0.9
    assert m.confidence == pytest.approx(0.6, abs=0.06)


def test_a_confidence_that_is_right_already_stays():
    rng = random.Random(1)
    cases = []
    for k in range(300):
        p = rng.uniform(0.05, 0.95)
        said = [(0, 2, "NR")]
        gold = said if rng.random() < p else [(2, 4, "NR")]
        case = make_case(LETTERS, [0.1] * 4, said, [(0, 2, "NR", p, 1.0)], gold=gold)
        case = replace(case, slm=replace(case.slm, probabilities=(p,)))
        cases.append(in_document(case, k % 40))
    cases += [sample(0.1, True, 40 + k) for k in range(2)]
    report = search(cases)
    fitted = report.calibration.confidence
    assert fitted is None or report.confidence.fitted > report.confidence.raw - 0.01


def test_the_pairs_are_the_entities_of_the_fusion():
    cases = below(0.5)
    report = search(cases, rule="paper")
    found = [m for case in cases for m in fuse(case, PaperRule()).entities]
    right = [Mention(m.start, m.end, m.label) in cases[0].gold for m in found]
    assert sorted(r for _, r in report.pairs["always"]) == sorted(right)


def test_the_pairs_of_a_route_are_those_of_the_tagger_where_the_language_model_is_not_asked():
    cases = below(0.5)
    report = search(cases, budget=0.0)
    right = sum(bool(set(case.slm.mentions) & set(case.gold)) for case in cases)
    assert sum(r for _, r in report.pairs["uncertain"]) == right
    assert sum(r for _, r in report.pairs["always"]) > right


def test_the_confidence_in_a_pair_was_fitted_to_other_documents():
    """In the longest document, names of which both models are sure are wrong; elsewhere, nowhere."""
    said, other = [(0, 2, "NR")], [(2, 4, "NR")]
    cases = [
        in_document(make_case(LETTERS, [0.1] * 4, said, said, gold=gold, p=0.97), document)
        for document, gold in [*[(0, other)] * 100, *((n, said) for n in range(1, 21))]
    ]
    cases += [sample(0.1, True, 21 + n) for n in range(5)]
    wrong = [p for p, right in search(cases, folds=10).pairs["always"] if not right]
    assert sum(p > 0.9 for p in wrong) >= 100


def test_a_report_is_plain_data():
    report = search(by_label())
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert Calibration.from_dict(data["calibration"]) == report.calibration


def test_nothing_but_the_cases_given_counts():
    """What was calibrated before changes nothing, nor does the text; the gold entities do."""
    cases = below(0.3, 80)
    first = search(cases)
    search(by_label())
    unread = [replace(case, window=replace(case.window, text="wxyz", start=7)) for case in cases]
    assert search(unread) == first
    turned = [replace(case, gold=(Mention(*WRONG),)) for case in cases]
    assert search(turned) != first


def test_what_was_calibrated_decides_without_gold_entities():
    report = search(by_label())
    rule = fitted_rule(report)
    for case in by_label(50, seed=1):
        (m,) = fuse(replace(case, gold=()), rule).entities
        assert (m.start, m.end) == (0, 2)


def test_windows_without_a_second_reading_are_part_of_the_score():
    cases = below(0.5, 40)
    alone = [replace(case, llm=None) for case in cases[:20]]
    report = search([*alone, *cases[20:]])
    assert report.windows == 40
    assert report.disagreements == 20


def test_without_gold_entities_nothing_is_calibrated():
    with pytest.raises(ValueError, match=r"EL042.*in the 20 windows"):
        search([replace(case, gold=()) for case in below(0.5, 20)])


def test_without_disagreements_nothing_is_calibrated():
    agreed = make_case(LETTERS, [0.1] * 4, [RIGHT], [RIGHT], gold=[RIGHT])
    with pytest.raises(ValueError, match=r"EL043.*in the 3 windows"):
        search([agreed] * 3)


def test_rules_are_compared_over_several_divisions():
    cases = below(0.5, 40)
    each = [calibrate(cases, repeats=1, seed=n) for n in range(3)]
    together = calibrate(cases, repeats=3, seed=0)
    for n, rule in enumerate(together.rules):
        scores = [report.rules[n].cross_validated for report in each]
        assert rule.cross_validated == pytest.approx(sum(scores) / 3)


def test_what_one_document_gains_says_less_than_what_many_gain():
    """Ten windows of a hundred are mended, all in one document or each in another."""
    entropies = [2.0 if n % 10 == 0 else 0.05 for n in range(100)]
    together = [sample(e, e < 1, document=min(n % 10, 1) * n // 10) for n, e in enumerate(entropies)]
    apart = [sample(e, e < 1, document=n // 10) for n, e in enumerate(entropies)]
    one, many = (search(cases, folds=2).rules[0] for cases in (together, apart))
    assert one.cross_validated == many.cross_validated == 1
    assert one.error > 0.05 > many.error


def test_without_a_gain_there_is_no_error():
    report = search([sample(0.05, True, document=n) for n in range(20)])
    paper = report.rules[0]
    assert (paper.cross_validated, paper.error) == (report.slm, 0)
