"""`tf.train.init_from_checkpoint`: variables whose initial values come from a checkpoint.

    tf.train.init_from_checkpoint("/d/pretrained", {"encoder/": "model/encoder/"})

    model/encoder/w    initializer before:  Assign(w, truncated_normal)
                       initializer now:     Assign(w, RestoreV2("/d/pretrained", "encoder/w"))

`tf.global_variables_initializer()` must be made afterwards, since it takes the initializers that there are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.checkpoint_reader import load_checkpoint
from scopedjax._src.lib.train.saveables import VariableSaveable
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.variables.partitioned import PartitionedVariable
from scopedjax._src.variables.store import get_store
from scopedjax._src.variables.variable import Variable

_LOG: Final = logging.getLogger("tensorflow")


def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: Any) -> None:
    """Makes variables start with the values of a checkpoint: replaces their initializers.

    Args:
      ckpt_dir_or_file: A checkpoint, or a folder with a `checkpoint` file.
      assignment_map: A dict, or a list of pairs, each of which says what goes where:
        `{"a/": "b/"}` all variables below the scope `b/` from the tensors of the same names below `a/`;
        `{"/": "b/"}` the same from the top;
        `{"a/w": "b/w"}` one variable, by name;
        `{"a/w": w}` one variable, or the list of slices of a partitioned one.

    Raises:
      ValueError: The checkpoint lacks a tensor, a variable does not exist, or their shapes differ.
      tf.errors.OpError: There is no checkpoint, or it cannot be read.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model")
    >>> w = tf.get_variable("old/w", initializer=[1.0, 2.0])
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     path = tf.train.Saver().save(sess, path)
    >>> v = tf.get_variable("new/w", [2])
    >>> tf.train.init_from_checkpoint(path, {"old/": "new/"})
    >>> with tf.Session() as sess:
    ...     sess.run(v.initializer)
    ...     print(sess.run(v).tolist())
    [1.0, 2.0]
    """
    reader = load_checkpoint(ckpt_dir_or_file)
    path = reader.path
    shapes = reader.get_variable_to_shape_map()
    pairs = assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map
    for name, target in sorted(pairs, key=lambda pair: pair[0]):
        if _is_variable(target):
            _initialize(target, name, path, shapes)
            continue
        if not isinstance(target, str):
            raise TypeError(
                f"assignment_map[{name!r}] must be a variable, a list of the slices of one, or a name, got {target!r}"
            )
        variable = _variable(target)
        if variable is not None:
            _initialize(variable, name, path, shapes)
        else:
            _initialize_scope(name, target, path, shapes)


def _is_variable(target: Any) -> bool:
    if isinstance(target, (Variable, PartitionedVariable)):
        return True
    return isinstance(target, (list, tuple)) and bool(target) and all(isinstance(v, Variable) for v in target)


def _named_variables() -> dict[str, Variable]:
    """The variables that `tf.get_variable` made, by name; slices of partitioned ones among them."""
    return get_store()._vars


def _variable(name: str) -> Any:
    """A variable by name; for a partitioned one the list of its slices; None if there is none."""
    known = _named_variables()
    return known[name] if name in known else _slices(name, known) or None


def _slices(name: str, known: Mapping[str, Any]) -> list[Variable]:
    found: list[Variable] = []
    while f"{name}/part_{len(found)}" in known:
        found.append(known[f"{name}/part_{len(found)}"])
    return found


def _initialize_scope(source: str, target: str, path: str, shapes: Mapping[str, Any]) -> None:
    """All variables below the scope `target` from the tensors below the scope `source`."""
    prefix = "" if target == "/" else target
    if not source.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {target.rstrip('/').rpartition('/')[0]} should map to scope only "
            f"{source}. Should be 'scope/': 'other_scope/'."
        )
    for name in _below(prefix):
        tensor = _tensor_name(name, prefix, source)
        if tensor not in shapes:
            raise ValueError(
                f"Tensor {tensor} ({name[len(prefix) :]} in {source}) is not found in {path} checkpoint, which has "
                f"{len(shapes)} names (tf.train.list_variables shows them)"
            )
        _initialize(_variable(name), tensor, path, shapes)


def _tensor_name(name: str, prefix: str, source: str) -> str:
    return name[len(prefix) :] if source == "/" else source + name[len(prefix) :]


def _below(prefix: str) -> Iterator[str]:
    """The names of the variables below a scope; a partitioned one once, under its own name."""
    seen: set[str] = set()
    inside = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    for name in sorted(_named_variables()):
        if name.startswith(inside):
            whole = name.rpartition("/part_")[0] if "/part_" in name else name
            if whole not in seen:
                seen.add(whole)
                yield whole


def _initialize(variable: Any, name: str, path: str, shapes: Mapping[str, Any]) -> None:
    """Gives a variable the initial value `name` of the checkpoint."""
    if name not in shapes:
        raise ValueError(f"Tensor {name} is not found in {path} checkpoint {shapes}")
    parts: Sequence[Any] = [variable] if isinstance(variable, Variable) else list(variable)
    full = _full_shape(parts)
    if not TensorShape(full).is_compatible_with(shapes[name]):
        raise ValueError(
            f"Shape of variable {parts[0].name} ({TensorShape(full)}) doesn't match with shape of tensor {name} "
            f"({shapes[name]}) from checkpoint reader."
        )
    for part in parts:
        info = part._get_save_slice_info() if len(parts) > 1 or not isinstance(variable, Variable) else None
        _replace_initializer(part, name, "" if info is None else info.spec, path)
    _LOG.debug("Initialize variable %s from checkpoint %s with %s", parts[0].name, path, name)


def _full_shape(parts: Sequence[Any]) -> Any:
    info = parts[0]._get_save_slice_info()
    return parts[0].shape if info is None or len(parts) == 1 else list(info.full_shape)


def _replace_initializer(variable: Variable, name: str, spec: str, path: str) -> None:
    graph = variable.graph
    with graph.device(variable.device), graph.device("/device:CPU:0"):
        restored: Tensor = apply_op(
            "RestoreV2",
            path,
            np.array([name.encode()], object),
            np.array([spec.encode()], object),
            dtypes=(variable.dtype.base_dtype,),
            name="checkpoint_initializer",
        )[0]
        assigned: Tensor = VariableSaveable(variable, variable._ref(), "", variable.name).restore([restored], None)
    variable._initializer_op = assigned.op
    restored.set_shape(variable.shape)
    variable._initial_value = restored
