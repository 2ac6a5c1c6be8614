"""Random graphs, feeds, fetches and scopes: the same values, static shapes, names and errors as real TensorFlow's.

Two thousand cases, the same in every run, so that a change is judged by what it changes. More, and other ones:

    SCOPEDJAX_PROPERTY_CASES=5000 SCOPEDJAX_PROPERTY_SEED=7 python -m pytest tests/property

A failing case is printed as a script that runs as it stands. The cases are dealt out to several tests, which run side
by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, reject, seed, settings

from tests.oracle import Raised, assert_same, both
from tests.property.library_steps import LIBRARY
from tests.property.programs import STEPS, Program, ScopeProgram, graphs, scope_programs

CASES = int(os.environ.get("SCOPEDJAX_PROPERTY_CASES", "2000"))
SEED = int(os.environ.get("SCOPEDJAX_PROPERTY_SEED", "0"))
HANDS = 8


def dealt(cases: int, number: int, strategy: Any, check: Callable[[Any], None]) -> None:
    """Checks `cases` programs of a strategy; the number of the hand decides which."""
    options = settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    seed(SEED * HANDS + number)(options(given(strategy)(check)))()


def compare_graphs(program: Program) -> None:
    note(program.script())
    theirs, ours = both(program.run)
    # A gather behind a loop gives the loop IndexedSlices; TensorFlow then wires two numbers of rows together and
    # refuses its own graph, where the gradient exists. There is nothing to compare with.
    if isinstance(theirs, Raised) and "Cannot update edge, incompatible shapes" in theirs.message:
        reject()
    # Sums in another order: what is small beside the inputs is not compared digit by digit.
    assert_same(theirs, ours, rtol=1e-4, atol=1e-4, phrase=False)


def compare_scopes(program: ScopeProgram) -> None:
    note(program.script())
    theirs, ours = both(program.run)
    assert_same(theirs, ours, phrase=False)


@pytest.mark.oracle
@pytest.mark.parametrize("hand", range(HANDS))
def test_graphs(hand: int) -> None:
    dealt(CASES // 5 // HANDS, hand, graphs(), compare_graphs)


@pytest.mark.oracle
@pytest.mark.parametrize("hand", range(HANDS))
def test_graphs_of_the_library(hand: int) -> None:
    dealt(CASES * 2 // 5 // HANDS, hand, graphs(LIBRARY + STEPS), compare_graphs)


@pytest.mark.oracle
@pytest.mark.parametrize("hand", range(HANDS))
def test_scopes(hand: int) -> None:
    dealt(CASES * 2 // 5 // HANDS, hand, scope_programs(), compare_scopes)
