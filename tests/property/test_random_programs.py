"""Random graphs, feeds, fetches and scopes: the same values, static shapes, names and errors as real TensorFlow's.

`SCOPEDJAX_PROPERTY_CASES` sets the number of cases of each test (default 150); a failing case is printed as a script.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, note, settings

from tests.oracle import assert_same, both
from tests.property.programs import Program, ScopeProgram, graphs, scope_programs

CASES = int(os.environ.get("SCOPEDJAX_PROPERTY_CASES", "150"))
many = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(graphs())
def test_random_graphs(program: Program) -> None:
    note(program.script())
    theirs, ours = both(program.run)
    # Sums in another order: what is small beside the inputs is not compared digit by digit.
    assert_same(theirs, ours, rtol=1e-4, atol=1e-4, phrase=False)


@many
@given(scope_programs())
def test_random_scopes(program: ScopeProgram) -> None:
    note(program.script())
    theirs, ours = both(program.run)
    assert_same(theirs, ours, phrase=False)
