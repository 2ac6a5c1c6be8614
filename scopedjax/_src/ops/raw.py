"""Op types as functions, for `tf.raw_ops`: one keyword an input and an attribute, as the registry has them.

    tf.raw_ops.MatMul(a=x, b=y, transpose_b=True)    ->    apply_op("MatMul", x, y, transpose_b=True)

Types with several outputs give a named tuple of them. Nothing is written out here: a function is made of the record
when it is asked for.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from scopedjax._src.base.absence import known_names
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import OpRecord, lookup, records
from scopedjax._src.ops.signature import MISSING, Signature


def names() -> list[str]:
    """The types that there are functions for, sorted."""
    return sorted(name for name, record in records().items() if _is_public(record))


def _is_public(record: OpRecord) -> bool:
    return not record.structured and not record.type.startswith("_") and record.type.isidentifier()


def _deduced(signature: Signature) -> set[str]:
    """The attributes that follow from the inputs."""
    found: set[str] = set()
    for arg in signature.inputs:
        found.update(name for name in (arg.type_attr, arg.number_attr, arg.list_attr) if name)
    return found


@functools.cache
def function(name: str) -> Callable[..., Any]:
    """Returns the function of a type.

    Raises:
      AttributeError: there is no such type here.
    """
    record = lookup(name)
    if record is None or not _is_public(record):
        known = name in known_names().get("raw_ops", ())
        what = "is an op type of TensorFlow that scopedjax does not have" if known else "is no op type"
        raise AttributeError(f"module 'tf.raw_ops' has no attribute '{name}': it {what}.")
    return _wrapper(record)


def _wrapper(record: OpRecord) -> Callable[..., Any]:
    signature = record.signature
    inputs = [arg.name for arg in signature.inputs]
    deduced = _deduced(signature)
    given = [attr for attr in signature.attrs if attr not in deduced]
    required = inputs + [attr for attr in given if signature.attrs[attr].default is MISSING]
    outputs = [arg.name for arg in signature.outputs]
    result = namedtuple(record.type, outputs, rename=True) if len(outputs) > 1 else None

    def call(**arguments: Any) -> Any:
        name = arguments.pop("name", None)
        for argument in arguments:
            if argument not in inputs and argument not in given:
                raise TypeError(f"{record.type}() got an unexpected keyword argument '{argument}'")
        missing = [argument for argument in required if argument not in arguments]
        if missing:
            raise TypeError(f"{record.type}() missing required keyword arguments: {', '.join(missing)}")
        attrs = {attr: arguments[attr] for attr in given if attr in arguments}
        found = apply_op(record.type, *(arguments[i] for i in inputs), name=name, **attrs)
        return found if result is None else result(*found)

    call.__name__ = call.__qualname__ = record.type
    call.__doc__ = (
        f"Records a node of the type `{record.type}`; takes keywords: {', '.join(inputs + given + ['name'])}."
    )
    return call
