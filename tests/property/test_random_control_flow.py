"""Random programs of nested control flow: values, gradients, names, static shapes and errors as real TensorFlow's.

A share runs always; see `test_random_programs` for how to run more, and other ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import note

from tests.oracle import assert_same, both
from tests.property.control_flow import FlowProgram, flow_programs
from tests.property.test_random_programs import dealt

CASES = int(os.environ.get("SCOPEDJAX_PROPERTY_FLOW_CASES", "8"))


def compare(program: FlowProgram) -> None:
    note(program.script())
    theirs, ours = both(program.run)
    assert_same(theirs, ours, rtol=1e-3, atol=1e-4, phrase=False)


@pytest.mark.oracle
@pytest.mark.parametrize("hand", range(2))
def test_control_flow(hand: int) -> None:
    dealt(CASES // 2, hand, flow_programs(), compare)


@pytest.mark.oracle
def test_second_derivatives() -> None:
    dealt(CASES // 4, 0, flow_programs(second=True), compare)
