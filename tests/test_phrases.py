"""Several names in one text: what is cut, what is one name, and what is not clear enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz, process

from kgcompare.search import phrases

NAMES = {
    name: name
    for name in (
        "lasso",
        "ridge",
        "elastic net",
        "pca",
        "factor analysis",
        "analysis of variance",
        "difference in differences",
        "k-means",
        "dbscan",
        "t-test",
        "analyse factorielle",
        "wald, score and likelihood-ratio tests",
        "input/output hmm",
        "transfer learning with diffusion",
        "bias and fairness audit",
    )
} | {
    "anova": "analysis of variance",
    "acp": "pca",
    "linear regression": "linear regression",
    "logistic regression": "logistic regression",
    "ridge regression": "ridge",
    "régression linéaire": "linear regression",
    "régression logistique": "logistic regression",
}


def called(text: str) -> str | None:
    return NAMES.get(text.lower())


def near(text: str) -> str | None:
    found = process.extractOne(text.lower(), list(NAMES), scorer=fuzz.ratio, score_cutoff=75)
    return NAMES[found[0]] if found else None


@pytest.mark.parametrize(
    "text",
    [
        "lasso vs ridge",
        "Lasso vs. Ridge?",
        "lasso versus ridge",
        "lasso v ridge",
        "lasso or ridge",
        "lasso and ridge",
        "lasso & ridge",
        "lasso, ridge",
        "lasso; ridge",
        "lasso / ridge",
        "lasso/ridge",
        "lasso – ridge",
        "lasso\nridge",
        "lasso compared to ridge",
        "lasso as opposed to ridge",
        "compare lasso and ridge",
        "compare lasso with ridge",
        "comparison of lasso and ridge",
        "difference between lasso and ridge",
        "What is the difference between the lasso and ridge?",
        "what’s the difference between lasso and ridge",
        "differences between lasso and ridge",
        "lasso and ridge difference",
        "which is better, lasso or ridge?",
        "is lasso better than ridge?",
        "lasso vs ridge for prediction",
        "lasso vs ridge which is better",
        "lasso ou ridge",
        "lasso contre ridge",
        "lasso par rapport à ridge",
        "différence entre lasso et ridge",
        "Quelle est la différence entre le lasso et ridge ?",
        "comparer lasso à ridge",
        "Unterschied zwischen lasso und ridge",
        "lasso oder ridge",
        "diferencia entre lasso y ridge",
        "differenza tra lasso e ridge",
        "lasso和ridge的区别",
        "lassoとridgeの違い",
        "laso vs rigde",
        "laso, ridge",
        "lasso vs ridge vs lasso",
    ],
)
def test_two_names_in_one_text(text: str) -> None:
    assert phrases.together(text, called, near) == ("lasso", "ridge")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ridge vs lasso", ("ridge", "lasso")),
        ("lasso, ridge and elastic net", ("lasso", "ridge", "elastic net")),
        ("lasso, ridge, or the elastic net", ("lasso", "ridge", "elastic net")),
        ("PCA vs factor analysis vs k-means vs DBSCAN", ("pca", "factor analysis", "k-means", "dbscan")),
        ("analysis of variance or t-test", ("analysis of variance", "t-test")),
        ("Wald, score and likelihood-ratio tests vs t-test", ("wald, score and likelihood-ratio tests", "t-test")),
        ("bias and fairness audit and lasso", ("bias and fairness audit", "lasso")),
        (
            "difference between lasso and transfer learning with diffusion",
            ("lasso", "transfer learning with diffusion"),
        ),
        ("l'ACP ou l’analyse factorielle", ("pca", "analyse factorielle")),
        ("linear and logistic regression", ("linear regression", "logistic regression")),
        ("linear, ridge and logistic regression", ("linear regression", "ridge", "logistic regression")),
        ("régression linéaire ou logistique", ("linear regression", "logistic regression")),
        ("difference in differences vs lasso", ("difference in differences", "lasso")),
    ],
)
def test_the_longest_names_win_and_their_order_stays(text: str, found: tuple[str, ...]) -> None:
    assert phrases.together(text, called, near) == found


@pytest.mark.parametrize(
    "text",
    [
        "lasso",
        "Analysis of variance",
        "difference in differences",
        "wald, score and likelihood-ratio tests",
        "input/output HMM",
        "bias and variance",
        "lasso and something else",
        "laso, rigde",
        "laso and ridge",
        "lasso vs lasso",
        "ANOVA vs analysis of variance",
        "lasso vs",
        "vs ridge",
        "vs",
        ", ,",
        "",
        "?",
        "lasso vs zzzz",
        ", ".join(["lasso", "ridge"] * 20),
    ],
)
def test_one_name_or_none_is_no_comparison(text: str) -> None:
    assert phrases.together(text, called, near) == ()


def test_ten_are_the_most() -> None:
    many = " vs ".join(f"m{number}" for number in range(14))
    assert phrases.together(many, lambda text: text if " " not in text else None) == tuple(f"m{n}" for n in range(10))


def test_a_list_of_names() -> None:
    assert phrases.names(" ridge, elastic net ;\nlasso,, ") == ["ridge", "elastic net", "lasso"]


@given(st.text(alphabet="abv s,/&-éou和\n?", max_size=200))
def test_no_text_asks_for_many_names(text: str) -> None:
    asked: list[str] = []

    def nothing(part: str) -> str | None:
        asked.append(part)
        return None

    assert phrases.together(text, nothing, nothing) == ()
    assert len(asked) < 400


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("lasso vs", "lasso"),
        ("lasso versus unknown", "lasso unknown"),
        ("compare lasso", "lasso"),
        ("are lasso and ridge the same?", "lasso ridge"),
        ("lasso and ridge", "lasso and ridge"),
        ("analysis of variance", "analysis of variance"),
        ("vs", "vs"),
    ],
)
def test_what_asks_for_a_comparison_is_left_out(text: str, left: str) -> None:
    assert phrases.without_asking(text) == left
