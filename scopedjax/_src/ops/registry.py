"""The registry: one record an op type, declared in one place beside its lowering.

    @defop("BiasAdd(value: T, bias: T; data_format: string = 'NHWC') -> output: T", shape=like(0))
    def _bias_add(value, bias, *, data_format):          # the lowering: jax.numpy in, jax.numpy out
        ...

A record says all that the rest of the project may ask about a type: its signature, its static shape rule, its lowering,
its gradient, and its effects. Nothing elsewhere asks for a type by name.

Lowerings. A lowering takes the inputs (a Python list for an `N * T` argument), then, as keywords, the attributes
that its parameters name, and returns the output (a tuple for several, a list inside it for a list output). Inputs
are JAX arrays, tracers, or NumPy arrays where a value is known; it runs with 64-bit types enabled. With a first
parameter `ctx` it gets the `LoweringContext`. Inputs named in `static` (names, or a function of the node that tells
them) arrive as NumPy arrays. Host ops (`host=True`) get and give NumPy arrays.

Values at graph time. `numpy` computes the outputs from NumPy inputs (same protocol as a lowering, without ctx);
`static_value` tells outputs from static shapes alone (`Shape`, `Size`, `Rank`); `dims_value(op, of)` reads an output
that is a shape vector with unknown entries (`of(tensor)` does the same for an input). See `constant_value`.

Effects. `reads`/`writes` name the `Ref` inputs that are read / written (a `Ref` input arrives as a handle for
`ctx.read` and `ctx.write`), `checks` those that are only asked for being initialized; `rng=True` gives the op a
random counter; `stateful=True` keeps two equal nodes apart;
`aliases=True` says that a handle given to the op is handed on as it is (`Identity` of a variable). `array` says what
an op does with a TensorArray ("make", "read", "write", ...): its lowering gets and gives `Cells`, and the handle is a
value without meaning. `guards=True` says that the lowering may check values when the program runs (`ctx.require`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.signature import MISSING, Arg, Signature, parse


class LoweringContext(Protocol):
    """What a lowering with a `ctx` parameter may ask for while it is traced."""

    @property
    def op(self) -> Operation:
        """The node that is lowered."""
        ...

    @property
    def platform(self) -> str:
        """The backend: "cpu", "gpu" or "tpu"."""
        ...

    def read(self, ref: Any) -> Any:
        """Returns the value that a variable has now."""
        ...

    def write(self, ref: Any, value: Any) -> None:
        """Gives a variable a new value."""
        ...

    def is_initialized(self, ref: Any) -> bool:
        """Whether a variable has a value now."""
        ...

    def random_row(self, blocks: Any) -> tuple[Any, Any, Any]:
        """Returns (seed, seed2, first block) of this node's stream as uint64 values, and advances it by `blocks`."""
        ...

    def require(self, at: int, value: Any, high: int, words: str, low: int | None = 0) -> None:
        """Makes the run fail where an element of input `at` is not in `[low, high)`.

        Args:
          at: Number of the input.
          value: Its value.
          high: End of the range.
          words: The error's text; `{at}` stands for the place in brackets, `{place}` for the place without them,
            `{found}` for the element.
          low: Start of the range, or None.
        """
        ...

    def require_tuples(self, at: int, value: Any, sizes: Sequence[int], words: str) -> None:
        """Makes the run fail where input `at`, along its last axis, is no index into an array of the given sizes."""
        ...

    def lies_within(self, tensor: Tensor, low: int, high: int) -> bool:
        """Whether the graph tells that all elements of a tensor lie in `[low, high)`."""
        ...

    def refuse(self, wrong: Any, found: Any, words: str) -> None:
        """Makes the run fail where `wrong` is true; `found` are integers of its shape for the error's text."""
        ...


@dataclass(frozen=True)
class Gradient:
    """How `tf.gradients` treats a type: by JAX's rule, not at all, or by a function `(op, *grads) -> grads`."""

    kind: str
    function: Callable[..., Any] | None = None


BY_JAX = Gradient("jax")
NOT_DIFFERENTIABLE = Gradient("none")  # TF1 registers "no gradient": the result is None
NO_GRADIENT = Gradient("missing")  # TF1 registers nothing: LookupError


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Another way to one node's value, past the nodes before it; it gives the same numbers.

    Attributes:
      inputs: What it takes.
      between: Tensors that it passes: where one of them is fed, the way is closed.
      lower: Function of the values of `inputs` that returns the node's value; it runs on the device.
    """

    inputs: tuple[Tensor, ...]
    between: tuple[Tensor, ...]
    lower: Callable[..., Any]


@dataclass(eq=False)
class OpRecord:
    """All that is known about an op type."""

    signature: Signature
    lower: Callable[..., Any]
    shape: Callable[[Any], Sequence[Dims]] | None = None
    gradient: Gradient = BY_JAX
    numpy: Callable[..., Any] | None = None
    static_value: Callable[[Operation], Sequence[Any] | None] | None = None
    dims_value: Callable[[Operation, Callable[[Tensor], Dims]], Dims] | None = None
    host: bool | Callable[[Operation], bool] = False
    static: tuple[str, ...] | Callable[[Operation], tuple[str, ...]] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    rng: bool = False
    stateful: bool = False
    structured: bool = False
    owns_storage: bool = False
    aliases: bool = False
    array: str = ""
    guards: bool = False
    shortcut: Callable[[Operation], Shortcut | None] | None = None
    types: dict[str, tuple[DType, ...]] = field(default_factory=dict)
    wants_ctx: bool = False
    wanted_attrs: tuple[str, ...] = ()
    numpy_attrs: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """TensorFlow's name of the type."""
        return self.signature.type

    def grouped(self, op: Operation, values: Sequence[Any]) -> list[Any]:
        """Puts a node's flat inputs into the signature's arguments: a list for each list argument."""
        return group(self.signature.inputs, op.attrs, values)

    def lower_with(self, ctx: LoweringContext, op: Operation, values: Sequence[Any]) -> list[Any]:
        """Runs the lowering on flat inputs; returns flat outputs."""
        attrs = op.attrs
        keywords = {name: attrs[name] for name in self.wanted_attrs}
        args = self.grouped(op, values) if self._has_lists else values
        result = self.lower(ctx, *args, **keywords) if self.wants_ctx else self.lower(*args, **keywords)
        return self.flat_outputs(result)

    def flat_outputs(self, result: Any) -> list[Any]:
        """Flattens what a lowering returned into one value an output."""
        outputs = self.signature.outputs
        if not outputs:
            return []
        if len(outputs) == 1:
            return list(result) if outputs[0].is_list else [result]
        flat: list[Any] = []
        for arg, value in zip(outputs, result, strict=True):
            flat.extend(value) if arg.is_list else flat.append(value)
        return flat

    def evaluate_numpy(self, op: Operation, values: Sequence[Any]) -> list[Any] | None:
        """Computes the outputs from NumPy inputs without JAX, or returns None where the type has no NumPy rule."""
        if self.numpy is None:
            return None
        keywords = {name: op.attrs[name] for name in self.numpy_attrs}
        args = self.grouped(op, values) if self._has_lists else values
        return self.flat_outputs(self.numpy(*args, **keywords))

    def static_names(self, op: Operation) -> tuple[str, ...]:
        """Returns the names of the inputs whose values must be known while a node is traced."""
        return self.static(op) if callable(self.static) else self.static

    def is_host(self, op: Operation) -> bool:
        """Whether a node of this type runs on the host, outside XLA."""
        return self.host(op) if callable(self.host) else self.host

    def __post_init__(self) -> None:
        self._has_lists = any(a.is_list for a in self.signature.inputs)

    def op_def(self) -> Any:
        """Returns the type's OpDef protocol buffer."""
        from scopedjax._src.ops.opdef import op_def

        return op_def(self.signature, self.types)


def group(args: Sequence[Arg], attrs: dict[str, Any], values: Sequence[Any]) -> list[Any]:
    """Puts flat values into arguments: a list for each argument that stands for several tensors."""
    grouped: list[Any] = []
    at = 0
    for arg in args:
        if arg.is_list:
            count = attrs[arg.number_attr] if arg.number_attr else len(attrs[arg.list_attr])
            grouped.append(list(values[at : at + count]))
            at += count
        else:
            grouped.append(values[at])
            at += 1
    return grouped


_RECORDS: dict[str, OpRecord] = {}


def lookup(op_type: str) -> OpRecord | None:
    """Returns the record of a type, or None."""
    return _RECORDS.get(op_type)


def records() -> dict[str, OpRecord]:
    """Returns all records by type name."""
    return dict(_RECORDS)


def _attr_parameters(function: Callable[..., Any] | None, signature: Signature) -> tuple[str, ...]:
    if function is None:
        return ()
    parameters = inspect.signature(function).parameters
    return tuple(n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY and n in signature.attrs)


def defop(signature: str, **properties: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares an op type; decorates its lowering.

    Args:
      signature: The line that `signature.parse` reads.
      **properties: Fields of `OpRecord`: shape, gradient, numpy, host, static, reads, writes, rng, stateful, types.

    Returns:
      A decorator that registers the lowering and returns it unchanged. The lowering's attributes are keyword-only.
    """

    def register(lower: Callable[..., Any]) -> Callable[..., Any]:
        declare(signature, lower, **properties)
        return lower

    return register


def declare(signature: str, lower: Callable[..., Any], **properties: Any) -> OpRecord:
    """Declares an op type with its lowering, as `defop` does, for rows of a table; returns the record."""
    parsed = parse(signature)
    if parsed.type in _RECORDS:
        raise ValueError(f"op type {parsed.type!r} is declared twice; an op has one place")
    parameters = list(inspect.signature(lower).parameters)
    record = OpRecord(
        parsed,
        lower,
        wants_ctx=bool(parameters) and parameters[0] == "ctx",
        wanted_attrs=_attr_parameters(lower, parsed),
        numpy_attrs=_attr_parameters(properties.get("numpy"), parsed),
        **properties,
    )
    _RECORDS[parsed.type] = record
    return record


def declare_former(op_type: str, without: Sequence[str] = ()) -> OpRecord:
    """Declares the type called `op_type` without its "V2": the same with `Ref string` handles, as in old graphs.

    Args:
      op_type: A type with resource handles, already declared.
      without: Attributes that the older type does not have.

    Returns:
      The record.
    """
    newer = _RECORDS[op_type]

    def older(arg: Arg) -> Arg:
        is_handle = arg.dtype is not None and arg.dtype.name == "resource"
        return replace(arg, dtype=as_dtype("string"), ref=True) if is_handle else arg

    own = newer.signature
    signature = replace(
        own,
        type=op_type.removesuffix("V2"),
        inputs=tuple(map(older, own.inputs)),
        outputs=tuple(map(older, own.outputs)),
        attrs={name: attr for name, attr in own.attrs.items() if name not in without},
    )
    if signature.type in _RECORDS:
        raise ValueError(f"op type {signature.type!r} is declared twice; an op has one place")
    record = _RECORDS[signature.type] = replace(newer, signature=signature)
    return record


def has_default(signature: Signature, attr: str) -> bool:
    """Whether an attribute has a default."""
    return signature.attrs[attr].default is not MISSING
