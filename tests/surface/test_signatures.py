"""Signatures are TF1's: every public function and class takes the names, the order and the defaults of compat.v1.

What differs is listed one by one in `EXCEPTIONS`, with the reason; an entry that is no longer needed is an error too.
Names that compat.v1 does not have (contrib, what TF 2.21 dropped, our own additions) are in `NOT_THERE` by prefix.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import oracle
from tests.surface import pages

pytestmark = pytest.mark.oracle

_CELLS = ("BasicLSTM", "BasicRNN", "GRU", "LSTM", "MultiRNN", "RNN")

# path -> reason. A path is that of the function, the class, or Class.method.
EXCEPTIONS: dict[str, str] = {
    "test.TestCase.assertProtoEqualsVersion": "the producer is the GraphDef version, that of TF 1.15 here",
    **dict.fromkeys(
        [f"nn.rnn_cell.{cell}.build" for cell in ("BasicLSTMCell", "BasicRNNCell", "GRUCell", "LSTMCell")],
        "a decorator of Keras hides that the first argument is the layer",
    ),
    **dict.fromkeys(
        [f"nn.rnn_cell.{cell}.call" for cell in ("RNNCell", "DeviceWrapper", "DropoutWrapper", "ResidualWrapper")],
        "TensorFlow shows that of every layer; a cell is called with inputs and state",
    ),
    **dict.fromkeys(
        [
            *(f"layers.{kind}Pooling{rank}D.add_update" for kind in ("Average", "Max") for rank in (1, 2, 3)),
            *(f"layers.Conv{form}.add_update" for form in ("1D", "2D", "3D", "2DTranspose", "3DTranspose")),
            *(f"layers.SeparableConv{rank}D.add_update" for rank in (1, 2)),
            *(f"layers.{name}.add_update" for name in ("BatchNormalization", "Dense", "Dropout", "Flatten", "Layer")),
            *(
                f"nn.rnn_cell.{cell}Cell.add_update"
                for cell in ("BasicLSTM", "BasicRNN", "GRU", "LSTM", "MultiRNN", "RNN")
            ),
            *(f"nn.rnn_cell.{kind}Wrapper.add_update" for kind in ("Device", "Dropout", "Residual")),
        ],
        "TF 1.15 has `inputs`, which layers of programs give",
    ),
    "Graph.as_graph_def": "use_pybind11_proto came with TF 2.15 and speaks of TensorFlow's own C++ protos",
}

# Prefix of paths that compat.v1 of TensorFlow 2.21 lacks -> where the name comes from.
NOT_THERE: dict[str, str] = {
    "examples.": "TF 1.15 only; tests/golden/mnist_batches.py compares with it",
    "contrib.": "TF 1.15 only; tests/golden compares with it",
    "python.": "TensorFlow's internal modules, for scripts that import from them; compared by their public names",
    "install": "ours: makes `import tensorflow` mean scopedjax",
    "uninstall": "ours: the opposite of install",
    "pure_function": "ours: the road to plain JAX",
    **dict.fromkeys(
        (
            "scalar_summary",
            "histogram_summary",
            "image_summary",
            "audio_summary",
            "merge_summary",
            "merge_all_summaries",
            "concat_v2",
            "pack",
            "unpack",
            "listdiff",
            "select",
            "mul",
            "neg",
            "inv",
            "sub",
            "nn.deconv2d",
            "train.SummaryWriter",
            "image.per_image_whitening",
        ),
        "TensorFlow before 1.0",
    ),
    "train.OptaxOptimizer": "ours: any optax transformation as a TF1 optimizer",
}

# tf.keras is that of TF 1.15 (Keras 2.2.4-tf), not that of compat.v1 in 2.21: tests/lib/keras/test_signatures.py.
PUBLIC = [
    (path, value)
    for path, value in pages.public()
    if (inspect.isroutine(value) or inspect.isclass(value)) and not path.startswith("keras.")
]


def _find(root: Any, path: str) -> Any:
    for name in path.split("."):
        root = getattr(root, name, None)
        if root is None:
            return None
    return root


def _signature(value: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(value)
    except (TypeError, ValueError):  # built-in without a text signature
        return None


def _plain_default(default: Any) -> str:
    """A default in words that do not depend on the namespace: dtypes, enums, functions and objects by their names."""
    if default is inspect.Parameter.empty:
        return "(none)"
    if inspect.isclass(default) or inspect.isroutine(default):
        return default.__name__
    if type(default).__name__ == "DType":
        return f"dtype {default.name}"
    if isinstance(default, enum.Enum):
        return default.name
    if isinstance(default, str | int | float | bool | tuple | list | None):
        return repr(tuple(default) if isinstance(default, list) else default)
    return re.sub(r"<?(\w+\.)*(\w+) object at .*", r"\2", repr(default))


def _parameters(value: Any) -> list[tuple[str, str, str]] | None:
    signature = _signature(value)
    if signature is None:
        return None
    kinds = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        (kinds.get(p.kind, ""), p.name, _plain_default(p.default))
        for p in signature.parameters.values()
        if p.name not in ("self", "cls")
    ]


def _pairs(path: str, theirs: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    """The callables to compare under one path: a function, or a class's construction and its methods."""
    if not inspect.isclass(ours) or not inspect.isclass(theirs):
        yield path, theirs, ours
        return
    if "__init__" in vars(ours) and not issubclass(theirs, enum.Enum | tuple):
        yield path, theirs.__init__, ours.__init__
    for name in dir(ours):
        a, b = inspect.getattr_static(theirs, name, None), inspect.getattr_static(ours, name)
        if name.startswith("_") or isinstance(b, property) or a is None or not callable(getattr(ours, name)):
            continue
        if any(name in vars(base) for base in (BaseException, object, tuple) if hasattr(base, name)):
            continue
        yield f"{path}.{name}", getattr(theirs, name), getattr(ours, name)


def differences(path: str, theirs: Any, ours: Any) -> dict[str, str]:
    """Path -> difference, for one public object."""
    found = {}
    for where, a, b in _pairs(path, theirs, ours):
        there, here = _parameters(a), _parameters(b)
        if there is None or here is None or there == here:
            continue
        if [p[0] for p in there] == ["*", "**"]:
            continue  # a wrapper in TensorFlow that hides what it takes
        found[where] = f"\n    there ({_text(there)})\n    here  ({_text(here)})"
    return found


def _text(parameters: list[tuple[str, str, str]]) -> str:
    return ", ".join(
        f"{star}{name}" + ("" if default == "(none)" else f"={default}") for star, name, default in parameters
    )


@pytest.mark.parametrize(("path", "value"), PUBLIC, ids=[path for path, _ in PUBLIC])
def test_signature(path: str, value: Any) -> None:
    theirs = _find(oracle.real_tf(), path)
    if theirs is None:
        assert any(path.startswith(prefix) for prefix in NOT_THERE), f"compat.v1 has no tf.{path}; say why in NOT_THERE"
        return
    oracle.COUNTS["comparisons"] += 1
    found = differences(path, theirs, value)
    problems = [f"tf.{where}: {text}" for where, text in found.items() if where not in EXCEPTIONS]
    assert not problems, "\n".join(problems)
    listed = {where for where in EXCEPTIONS if where == path or where.startswith(path + ".")}
    if inspect.isclass(value) or path in EXCEPTIONS:
        needless = {where for where in listed if where not in found}
        assert not needless, f"these signatures agree and need no exception: {sorted(needless)}"


def test_the_comparison_itself() -> None:
    """A renamed argument, another order, another default: each is seen."""

    def right(x: Any, axis: Any = None, name: Any = None) -> None: ...

    def renamed(x: Any, dim: Any = None, name: Any = None) -> None: ...

    def swapped(x: Any, name: Any = None, axis: Any = None) -> None: ...

    def default(x: Any, axis: Any = 0, name: Any = None) -> None: ...

    assert not differences("f", right, right)
    for wrong in (renamed, swapped, default):
        assert differences("f", right, wrong)
