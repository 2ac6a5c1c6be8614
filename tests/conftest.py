"""Set-up of every test: fresh default graphs, JAX on the CPU, and the count of comparisons with real TensorFlow."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # before anything imports jax: the oracle runs there too

from tests import oracle

# Compilation makes the first example slow and the rest quick, so a deadline says nothing. CI repeats what it ran.
hypothesis.settings.register_profile("usual", deadline=None, max_examples=50, print_blob=True)
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("usual"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("SCOPEDJAX_REQUIRE_ORACLE") == "1" else "usual")

_OF_WORKERS: list[dict[str, int]] = []


@pytest.fixture(autouse=True)
def _fresh_default_graphs() -> Iterator[None]:
    """No test sees the default graph or the default session of another."""
    yield
    for name in ("scopedjax", "tensorflow.compat.v1"):
        tf = sys.modules.get(name)
        if tf is not None and hasattr(tf, "reset_default_graph"):
            with contextlib.suppress(AssertionError, AttributeError):  # AttributeError: tensorflow half imported
                tf.reset_default_graph()


@pytest.fixture
def tf() -> Any:
    """scopedjax, with a fresh default graph."""
    ours = oracle.our_tf()
    with ours.Graph().as_default():
        yield ours


def _totals() -> dict[str, int]:
    parts = [oracle.COUNTS, *_OF_WORKERS]
    return {key: sum(part[key] for part in parts) for key in oracle.COUNTS}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """A worker of pytest-xdist hands its counts to the process that began the run."""
    del error
    counts = getattr(node, "workeroutput", {}).get("oracle")
    if counts:
        _OF_WORKERS.append(counts)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Sends the counts of a worker, or writes those of the whole run."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["oracle"] = dict(oracle.COUNTS)
        return
    report = os.environ.get("SCOPEDJAX_ORACLE_REPORT")
    if report:
        Path(report).write_text(json.dumps(_totals()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line on what the oracle was asked."""
    totals = _totals()
    terminalreporter.write_line(
        f"real TensorFlow: {totals['comparisons']} comparisons, {totals['skipped']} tests skipped for want of it"
    )
