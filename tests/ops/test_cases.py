"""Every row of every table in tests/ops/cases, for every dtype: one test each. See engine.py for what is checked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ops.engine import Case, check

CASES = Path(__file__).parent / "cases"


def _rows() -> Iterator[Any]:
    for module in sorted(m.name for m in pkgutil.iter_modules([str(CASES)])):
        seen: set[str] = set()
        for case in importlib.import_module(f"tests.ops.cases.{module}").CASES:
            if case.id in seen:
                raise ValueError(f"tests/ops/cases/{module}.py has two rows called {case.id!r}")
            seen.add(case.id)
            for dtype in case.dtypes:
                yield pytest.param(case, dtype, id=f"{module}-{case.id}-{dtype}")


@pytest.mark.oracle
@pytest.mark.parametrize(("case", "dtype"), list(_rows()))
def test_case(case: Case, dtype: str) -> None:
    problems = check(case, dtype)
    assert not problems, f"{case.id} ({dtype}) differs from TensorFlow:\n  " + "\n  ".join(problems)
