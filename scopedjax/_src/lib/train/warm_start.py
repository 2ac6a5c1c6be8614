"""`tf.train.warm_start`: variables that begin where an older checkpoint ended, vocabularies that changed included.

old vocabulary  [the, cat, dog]      emb  rows 0 1 2
new vocabulary  [dog, a, the]        emb  rows: old 2, fresh, old 0
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any

import numpy as np

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.lib.train.checkpoint_reader import load_variable
from scopedjax._src.lib.train.init_from_checkpoint import init_from_checkpoint
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.variable import Variable


class VocabInfo(
    collections.namedtuple(
        "VocabInfo",
        [
            "new_vocab",
            "new_vocab_size",
            "num_oov_buckets",
            "old_vocab",
            "old_vocab_size",
            "backup_initializer",
            "axis",
        ],
    )
):
    """How the rows (or columns) of a variable follow from two vocabularies.

    Args:
      new_vocab: File with the new words, one a line.
      new_vocab_size: How many of them count.
      num_oov_buckets: Rows behind them for words that are in no vocabulary.
      old_vocab: File with the old words.
      old_vocab_size: How many of them count; -1 for all.
      backup_initializer: Initializer of rows for new words and buckets; zeros by default.
      axis: Which axis goes by the vocabulary, 0 or 1.

    Raises:
      ValueError: another axis.

    >>> tf.train.VocabInfo("new.txt", 100, 1, "old.txt").old_vocab_size
    -1
    """

    __slots__ = ()

    def __new__(
        cls,
        new_vocab: Any,
        new_vocab_size: int,
        num_oov_buckets: int,
        old_vocab: Any,
        old_vocab_size: int = -1,
        backup_initializer: Any = None,
        axis: int = 0,
    ) -> VocabInfo:
        """Checks the axis."""
        if axis not in (0, 1):
            raise ValueError(f"The only supported values for the axis argument are 0 and 1.  Provided axis: {axis}")
        return super().__new__(
            cls, new_vocab, new_vocab_size, num_oov_buckets, old_vocab, old_vocab_size, backup_initializer, axis
        )


def warm_start(
    ckpt_to_initialize_from: Any,
    vars_to_warm_start: Any = ".*",
    var_name_to_vocab_info: Any = None,
    var_name_to_prev_var_name: Any = None,
) -> None:
    """Makes variables start with the values of a checkpoint: replaces their initializers.

    Args:
      ckpt_to_initialize_from: A checkpoint, or a folder with a `checkpoint` file.
      vars_to_warm_start: A regular expression, by which trainable variables are chosen; or a list of names or of
        expressions, by which global variables are chosen; or a list of variables; None for those of
        `var_name_to_vocab_info` only.
      var_name_to_vocab_info: Dict from a variable's name to the `VocabInfo` of its rows.
      var_name_to_prev_var_name: Dict from a variable's name to its name in the checkpoint.

    Raises:
      ValueError: the checkpoint lacks a variable, shapes differ, or a name in one of the dicts was not used.

    >>> tf.train.warm_start("/no/such/folder", vars_to_warm_start="nothing_of_that_name")
    """
    vocabularies, former = dict(var_name_to_vocab_info or {}), dict(var_name_to_prev_var_name or {})
    used: set[str] = set()
    for name, parts in _chosen(vars_to_warm_start, vocabularies).items():
        used.add(name)
        old_name = former.get(name, name)
        info = vocabularies.get(name)
        if info is None:
            target = parts[0] if len(parts) == 1 and parts[0]._get_save_slice_info() is None else parts
            init_from_checkpoint(ckpt_to_initialize_from, {old_name: target})
        else:
            _by_vocabulary(parts, np.asarray(load_variable(ckpt_to_initialize_from, old_name)), info)
    for what, given in (("prev_var_name", former), ("vocab_info", vocabularies)):
        unused = sorted(set(given) - used)
        if unused:
            raise ValueError(
                f"You provided the following variables in var_name_to_{what} that were not used: {unused}.  "
                "Perhaps you misspelled them?  Here is the list of viable variable names: "
                f"{sorted(used)}"
            )


def _chosen(wanted: Any, vocabularies: dict[str, Any]) -> dict[str, list[Variable]]:
    """The variables to start warm, slices of one together, by the name of the whole."""
    graph = stacks.get_default_graph()
    if isinstance(wanted, str) or wanted is None:
        found: Iterable[Any] = (
            graph.get_collection(GraphKeys.TRAINABLE_VARIABLES, scope=wanted)
            if wanted is not None
            else [v for v in graph.get_collection(GraphKeys.GLOBAL_VARIABLES) if _whole_name(v) in vocabularies]
        )
    elif isinstance(wanted, (list, tuple)) and all(isinstance(w, str) for w in wanted):
        every = [v for w in wanted for v in graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=w)]
        found = list(dict.fromkeys(every))
    elif isinstance(wanted, (list, tuple)) and all(isinstance(w, Variable) for w in wanted):
        found = wanted
    elif isinstance(wanted, (list, tuple)):
        raise ValueError(
            "If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types are "
            f"{[type(w) for w in wanted]}"
        )
    else:
        raise ValueError(f"`vars_to_warm_start must be a `list` or `str`.  Given type is {type(wanted)}.")
    groups: dict[str, list[Variable]] = {}
    for variable in found:
        groups.setdefault(_whole_name(variable), []).append(variable)
    return groups


def _whole_name(variable: Any) -> str:
    info = variable._get_save_slice_info()
    return variable.op.name if info is None else info.full_name


def _words(path: Any, count: int) -> list[bytes]:
    with open(path, "rb") as lines:
        found = [line.rstrip(b"\r\n") for line in lines]
    return found if count < 0 else found[:count]


def _by_vocabulary(parts: list[Variable], old: np.ndarray, info: VocabInfo) -> None:
    """Gives each slice the old rows of its words, and fresh ones where a word is new."""
    places = {word: i for i, word in reversed(list(enumerate(_words(info.old_vocab, info.old_vocab_size))))}
    rows = [places.get(word, -1) for word in _words(info.new_vocab, info.new_vocab_size)]
    rows += [-1] * info.num_oov_buckets
    index = np.asarray(rows)
    taken = np.take(old, np.maximum(index, 0), axis=info.axis)
    known = np.broadcast_to(np.expand_dims(index >= 0, 1 - info.axis), taken.shape)
    for part in parts:
        slice_info = part._get_save_slice_info()
        size = [int(n or 0) for n in part.shape.as_list()]
        start = [0] * len(size) if slice_info is None else [int(o) for o in slice_info.var_offset or ()]
        window = tuple(slice(o, o + n) for o, n in zip(start, size, strict=True))
        if taken[window].shape != tuple(size):
            raise ValueError(
                f"Variable {part.name} has shape {size}, but the vocabulary gives {list(taken.shape)}: "
                "new_vocab_size and num_oov_buckets must add up to its rows"
            )
        with part.graph.outermost():
            fresh = np.zeros(size, old.dtype) if info.backup_initializer is None else info.backup_initializer(size)
            kept = convert_to_tensor(taken[window], dtype=part.dtype.base_dtype)
            value = apply_op("Select", known[window], kept, convert_to_tensor(fresh, dtype=part.dtype.base_dtype))
            part._initializer_op = part.assign(value, read_value=False)
        part._initial_value = value
