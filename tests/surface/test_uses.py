"""How much of what TF1 programs use is there: the share of the uses that were counted in 70 public repositories."""

from __future__ import annotations

import operator
from pathlib import Path

import pytest

import scopedjax
from tests import oracle

TABLE = Path(__file__).with_name("uses.tsv")
# (name, repositories, uses, whose)
ROWS = [
    (name, int(repositories), int(uses), whose)
    for name, repositories, uses, whose in (line.split("\t") for line in TABLE.read_text().splitlines()[4:])
]
SHARE = 0.999  # of the uses of names that TensorFlow 1 has
FREQUENT = 0.985  # of its names that two repositories or more use


def _has(root: object, name: str) -> bool:
    try:
        operator.attrgetter(name)(root)
    except AttributeError:
        return False
    return True


def test_share_of_uses() -> None:
    names = [row for row in ROWS if row[3] == "1"]
    there = {name for name, *_ in names if _has(scopedjax, name)}
    total = sum(uses for _, _, uses, _ in names)
    found = sum(uses for name, _, uses, _ in names if name in there)
    absent = sorted(((uses, name) for name, _, uses, _ in names if name not in there), reverse=True)
    assert found / total >= SHARE, f"{found} of {total} uses resolve; absent: {absent[:40]}"


def test_names_of_several_repositories() -> None:
    names = [name for name, repositories, _, whose in ROWS if whose == "1" and repositories >= 2]
    absent = [name for name in names if not _has(scopedjax, name)]
    assert 1 - len(absent) / len(names) >= FREQUENT, absent


@pytest.mark.oracle
def test_whose_names_they_are() -> None:
    """The table says truly which names TensorFlow 1 has, as far as the TensorFlow of these tests can tell."""
    tf = oracle.real_tf()
    oracle.COUNTS["comparisons"] += 1
    assert [name for name, _, _, whose in ROWS if whose != "1" and _has(tf, name)] == []
    lost = [name for name, _, _, whose in ROWS if whose == "1" and not _has(tf, name)]
    assert len(lost) < 0.08 * len(ROWS), lost  # what only 1.15 had
