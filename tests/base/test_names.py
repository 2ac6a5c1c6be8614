"""Collection names and version constants, and the examples in the docstrings of floor 0."""

from __future__ import annotations

import doctest
import logging
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from scopedjax._src.base import dtypes, errors, graphkeys, nest, shapes, values, version
from scopedjax._src.base.graphkeys import GraphKeys
from tests import oracle
from tests.base.pair import OURS


@pytest.mark.oracle
def test_collection_names_equal_tensorflows() -> None:
    theirs = oracle.real_tf().GraphKeys
    names = [name for name in dir(theirs) if name.isupper() and not name.startswith("__")]
    assert len(names) > 30 and "_VARIABLE_COLLECTIONS" in names
    assert {name: getattr(GraphKeys, name) for name in names} == {name: getattr(theirs, name) for name in names}
    ours = {name for name in vars(GraphKeys) if name.isupper() and not name.startswith("__")}
    assert ours <= {*names, "VARIABLES"}


def test_the_old_name_of_the_variables_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert GraphKeys.VARIABLES == GraphKeys().VARIABLES == "variables"
    assert "GLOBAL_VARIABLES" in caplog.text


@pytest.mark.oracle
def test_version_constants_have_tensorflows_names_and_types() -> None:
    tf = oracle.real_tf()
    for name in (n for n in dir(tf.version) if n.isupper()):
        assert type(getattr(version, name)) is type(getattr(tf.version, name)), name
    for name in ("CXX11_ABI_FLAG", "MONOLITHIC_BUILD"):
        assert type(getattr(version, name)) is type(getattr(tf, name)), name
    # A program may ask for any TF1; a graph of ours must be one that real TensorFlow reads.
    assert version.VERSION.split(".")[:2] == ["1", "15"]
    assert tf.GRAPH_DEF_VERSION_MIN_CONSUMER <= version.GRAPH_DEF_VERSION <= tf.GRAPH_DEF_VERSION


@pytest.mark.parametrize("module", [dtypes, errors, graphkeys, nest, shapes, values], ids=lambda m: m.__name__)
def test_the_examples_run(module: ModuleType) -> None:
    result = doctest.testmod(module, extraglobs={"tf": OURS, "np": np})
    assert result.attempted > 0
    assert result.failed == 0


def test_floor_0_imports_numpy_and_nothing_heavy() -> None:
    modules = "dtypes shapes values errors nest graphkeys version".split()
    script = "import sys\n" + "".join(f"import scopedjax._src.base.{m}\n" for m in modules)
    script += "print([m for m in ('jax', 'tensorboard', 'tensorflow', 'google.protobuf', 'optax') if m in sys.modules])"
    # The package's own contents page may import more, so the floor is loaded without it.
    blocked = (
        "import importlib.util, pathlib, sys, types\n"
        "root = pathlib.Path(importlib.util.find_spec('scopedjax').submodule_search_locations[0])\n"
        "for name, path in (('scopedjax', root), ('scopedjax._src', root / '_src')):\n"
        "    module = types.ModuleType(name)\n"
        "    module.__path__ = [str(path)]\n"
        "    sys.modules[name] = module\n"
    )
    ran = subprocess.run([sys.executable, "-c", blocked + script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"
