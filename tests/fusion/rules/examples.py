"""The two examples of the paper (Xu et al. 2025, Table 2), and how a rule decides a case."""

from tests.fusion.cases import make_case
from tests.strategies import make_window

WEI, BOOKS = make_window(*"魏丞相", gap=""), make_window(*"诗书", gap="")


def decide(rule, case):
    (disagreement,) = case.disagreements
    return rule(case, disagreement)


def chancellor():
    """The paper's first example: 魏丞相 as one name, or as a state and a name."""
    llm = [(0, 1, "NG", 0.7815, 0.7815), (1, 3, "NR", 0.9986, 0.9986)]
    return make_case(WEI, [0.036, 0.038, 0.033], [(0, 3, "NR")], llm)


def classics():
    """The paper's second example: 诗书 as one title, or as two."""
    llm = [(0, 1, "NB", 0.9062, 0.9062), (1, 2, "NB", 0.9998, 0.9998)]
    return make_case(BOOKS, [2.537, 2.425], [(0, 2, "NB")], llm)
