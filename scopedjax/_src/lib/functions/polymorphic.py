"""`tf.function`: a Python function whose calls record one node each.

    @tf.function
    def layer(x, units): ...

    layer(a, 3)  ->  is there a trace for (float32 of this shape, 3) in this graph?   no: trace it
                 ->  StatefulPartitionedCall, with the trace as its body

In a session a call computes what its nodes would compute where it stands, in one program with the rest. What a function
adds: effects happen in the order in which they are written, and Python's `if` and `while` may look at tensors (see
`conversion`).

Traces are kept by graph and by the form of the arguments. Tensors differ by dtype and static shape, everything else by
its value, so a Python number that changes from call to call makes a trace each time: pass a tensor.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.lib.functions.arguments import (
    Call,
    Shapes,
    bind,
    checked_signature,
    described,
    fitted,
    is_special_case,
    misfit,
    relaxed,
)
from scopedjax._src.lib.functions.concrete import ConcreteFunction
from scopedjax._src.lib.functions.conversion import MISSING, converted, is_installed
from scopedjax._src.lib.functions.tracing import trace
from scopedjax._src.ops.control_flow.function_call import Site
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.variables.variable import Variable

Traces = dict[Any, list[tuple[Shapes, ConcreteFunction]]]


class _Method:
    """A function of a class, as the method of an object that it does not keep alive."""

    def __init__(self, function: Callable[..., Any], instance: Any) -> None:
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = function.__doc__
        parameters = list(inspect.signature(function).parameters.values())[1:]
        self.__signature__ = inspect.Signature(parameters)
        self.instance = weakref.ref(instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        instance = self.instance()
        if instance is None:
            raise ReferenceError(f"the object whose method '{self.__name__}' is called is gone")
        return self.__wrapped__(instance, *args, **kwargs)


class Function:
    """What `tf.function` returns; see there."""

    def __init__(
        self,
        python_function: Callable[..., Any],
        name: str,
        input_signature: Any = None,
        autograph: bool = True,
        jit_compile: bool | None = None,
        reduce_retracing: bool = False,
        attributes: dict[str, Any] | None = None,
    ) -> None:
        self._python_function = python_function
        self._name = name
        self._input_signature = checked_signature(input_signature)
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing
        self._attributes = dict(attributes or {})
        self._signature = inspect.signature(python_function)
        self._traces: weakref.WeakKeyDictionary[Graph, Traces] = weakref.WeakKeyDictionary()
        self._methods: weakref.WeakKeyDictionary[Any, Function] = weakref.WeakKeyDictionary()
        self._created: list[Variable] | None = None  # by the first trace
        self._count = 0
        self._lock = threading.RLock()
        self.__name__ = name
        self.__doc__ = python_function.__doc__
        self.__wrapped__ = python_function
        self.__module__ = getattr(python_function, "__module__", self.__module__)
        self.__qualname__ = getattr(python_function, "__qualname__", name)

    # Describing ------------------------------------------------------------------------------------------------------

    @property
    def python_function(self) -> Callable[..., Any]:
        """The Python function."""
        return self._python_function

    @property
    def input_signature(self) -> tuple[Any, ...] | None:
        """The signature that was asked for, or None."""
        return self._input_signature

    @property
    def name(self) -> str:
        """The name of the Python function."""
        return self._name

    def experimental_get_tracing_count(self) -> int:
        """Returns how many traces were made."""
        return self._count

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """Returns the traces, one a line."""
        return "\n\n".join(repr(f) for f in self._all())

    def _all(self) -> list[ConcreteFunction]:
        return [f for traces in self._traces.values() for found in traces.values() for _, f in found]

    def __repr__(self) -> str:
        return f"<tf.function '{self._name}'>"

    def __get__(self, instance: Any, owner: Any = None) -> Function:
        """Returns the function as a method of an object, which has traces and variables of its own."""
        if instance is None:
            return self
        try:
            found = self._methods.get(instance)
        except TypeError:
            return vars(instance).setdefault(
                f"_function_{self._name}", self._clone(_Method(self.__wrapped__, instance))
            )
        if found is None:
            found = self._methods[instance] = self._clone(_Method(self._python_function, instance))
        return found

    def _clone(self, python_function: Callable[..., Any]) -> Function:
        signature = self._input_signature
        return Function(
            python_function, self._name, signature, self._autograph, self._jit_compile, self._reduce_retracing,
            self._attributes,
        )  # fmt: skip

    # Calling ---------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Records a call in the default graph; the results are tensors in the structure that the function returns."""
        call = self._described(args, kwargs)
        return self._concrete(call).call_flat(call.tensors)  # type: ignore[arg-type]

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """Returns the trace for arguments, made if need be.

        Args:
          *args: Arguments; a `tf.TensorSpec` stands for a tensor. None are needed where there is an input signature.
          **kwargs: The same by name.
        """
        if self._input_signature is not None and not args and not kwargs:
            args = self._input_signature
        return self._concrete(self._described(args, kwargs))

    def _described(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Call:
        specs = self._input_signature
        if specs is None:
            return described(bind(self._signature, args, kwargs))
        shown = self._shown(specs)
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise misfit(str(error), args, kwargs, shown) from None
        bound.apply_defaults()
        return fitted(bound, specs, shown)

    def _shown(self, specs: Sequence[Any]) -> str:
        names = list(self._signature.parameters)
        return f"({', '.join(f'{name}: {spec}' for name, spec in zip(names, specs, strict=False))})"

    def _concrete(self, call: Call) -> ConcreteFunction:
        with self._lock:
            graph = stacks.get_default_graph()
            traces = self._traces.setdefault(graph, {})
            known = traces.setdefault(call.form, [])
            shapes = self._shapes(call)
            found = _best(shapes, known)
            if found is None:
                if self._reduce_retracing and known:
                    shapes = relaxed(known[-1][0], shapes)
                found = self._traced(call, shapes)
                known.append((shapes, found))
            return found

    def _shapes(self, call: Call) -> Shapes:
        if self._input_signature is None:
            return call.shapes
        from scopedjax._src.base import nest

        specs = nest.flatten(self._input_signature) if self._input_signature else []
        return (*(s.shape._dims for s in specs), *call.shapes[len(specs) :])

    def _traced(self, call: Call, shapes: Shapes) -> ConcreteFunction:
        created: list[Variable] | None = [] if self._created is None else None
        body = self._trace(call, shapes, created)
        if created:
            # The variables are there now: once more, and this time none may be made.
            body = self._trace(call, shapes, None)
        if created is not None:
            self._created = created
        return ConcreteFunction(body, call, Site.fresh_name(self._name), self._created or ())

    def _trace(self, call: Call, shapes: Shapes, created: list[Variable] | None) -> FunctionGraph:
        self._count += 1
        function = converted(self._python_function) if self._autograph else self._python_function
        hint = MISSING if self._autograph and not is_installed() else ""
        return trace(function, self._name, self._named(call), shapes, created, hint)

    def _named(self, call: Call) -> Call:
        """Gives tensors the names that an input signature has for them."""
        if self._input_signature is None:
            return call
        from scopedjax._src.base import nest

        specs = nest.flatten(self._input_signature) if self._input_signature else []
        names = [s.name or own for s, own in zip(specs, call.names, strict=False)]
        return Call(call.bound, call.form, call.tensors, [*names, *call.names[len(names) :]])


def _best(shapes: Shapes, known: Sequence[tuple[Shapes, ConcreteFunction]]) -> ConcreteFunction | None:
    """Returns the most special trace of those that serve arguments of these shapes."""
    fitting = [(own, f) for own, f in known if is_special_case(shapes, own)]
    if not fitting:
        return None
    best = fitting[0]
    for item in fitting[1:]:
        if is_special_case(item[0], best[0]):
            best = item
    return best[1]


def function(
    func: Any = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: dict[str, Any] | None = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Makes a Python function one whose calls record one node each.

    The function is traced when it is called: it runs once for each form of its arguments, on placeholders, and what it
    records becomes the body. Effects in it (an assignment, a print) happen in the order in which they are written.

    Args:
      func: Function of tensors and Python values that returns tensors in any structure, or None. None here gives a
        decorator.
      input_signature: Sequence of `tf.TensorSpec`, one an argument: there is then one trace, and all calls must fit it.
      autograph: Whether Python's control flow may look at tensors.
      jit_compile: Accepted: a session compiles all it runs.
      reduce_retracing: Whether a second trace that differs in shapes is made for all of them.
      experimental_implements: Accepted; says what another library might put in the function's place.
      experimental_autograph_options: Accepted.
      experimental_attributes: Attributes of the function in a library.
      experimental_relax_shapes: Former name of `reduce_retracing`.
      experimental_compile: Former name of `jit_compile`.
      experimental_follow_type_hints: Accepted.

    Returns:
      A callable with `get_concrete_function`, `python_function` and `input_signature`. Where the Python function
      returns nothing, a call gives the node that runs it.

    Raises:
      TypeError: `input_signature` is no sequence of specs; at a call, arguments do not fit.
      ValueError: at a call, the function makes variables each time.

    >>> @tf.function
    ... def scaled(x, by=2.0):
    ...     return x * by
    >>> x = tf.placeholder(tf.float32, [None])
    >>> y = scaled(x)
    >>> y.op.type, scaled(x, 3.0).op.name
    ('PartitionedCall', 'PartitionedCall_1')
    >>> with tf.Session() as sess:
    ...     sess.run([y, tf.gradients(y, x)[0]], {x: [1.0, 4.0]})
    [array([2., 8.], dtype=float32), array([2., 2.], dtype=float32)]
    """

    def decorated(inner: Any) -> Function:
        return Function(
            inner,
            getattr(inner, "__name__", None) or getattr(getattr(inner, "func", None), "__name__", type(inner).__name__),
            input_signature,
            autograph,
            experimental_compile if jit_compile is None else jit_compile,
            bool(reduce_retracing or experimental_relax_shapes),
            experimental_attributes,
        )

    return decorated if func is None else decorated(func)
