"""How a former type is made of the types that took its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.ops.registry import OpRecord, declare, lookup


def of(op_type: str, ctx: Any, inputs: Sequence[Any], **attrs: Any) -> Any:
    """Computes what another type gives.

    Args:
      op_type: That type.
      ctx: The lowering context of the node that asks.
      inputs: Its inputs, as its lowering takes them.
      **attrs: Attributes that differ from its defaults.
    """
    record = lookup(op_type)
    assert record is not None
    known = {name: attr.default for name, attr in record.signature.attrs.items()} | attrs
    keywords = {name: known[name] for name in record.wanted_attrs}
    return record.lower(ctx, *inputs, **keywords) if record.wants_ctx else record.lower(*inputs, **keywords)


def renamed(signature: str, present: str, **changed: Any) -> OpRecord:
    """Declares a type that another one took the place of, under another name.

    Args:
      signature: The former type's.
      present: The type that does the same, with the same inputs.
      **changed: Fields of the record that differ.
    """
    record = lookup(present)
    assert record is not None
    fields: dict[str, Any] = {
        name: getattr(record, name)
        for name in ("shape", "gradient", "numpy", "host", "static", "rng", "stateful", "types")
    }
    return declare(signature, record.lower, **(fields | changed))
