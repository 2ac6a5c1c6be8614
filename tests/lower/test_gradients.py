"""`tf.gradients` against real TensorFlow: values, None, IndexedSlices, options, errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

Body = Callable[[Any], Any]
BODIES: list[Body] = []
_NUMBERS = itertools.count()


def body(function: Body) -> Body:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


def values(tf: Any, *tensors: Any, feed: dict[Any, Any] | None = None) -> list[Any]:
    """The values of tensors; None stays None."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [None if t is None else sess.run(t, feed) for t in tensors]


def slices(tf: Any, grad: Any) -> Any:
    """The parts of `IndexedSlices`."""
    return values(tf, grad.values, grad.indices, grad.dense_shape), values(tf, grad)


def table(tf: Any) -> Any:
    return tf.Variable(np.arange(12.0, dtype=np.float32).reshape(4, 3) / 5, name="table")


def registered(tf: Any, function: Callable[..., Any]) -> str:
    """A fresh name under which `function` is registered."""
    name = f"Gradient{next(_NUMBERS)}{tf.__name__}"
    tf.RegisterGradient(name)(function)
    return name


# ------------------------------------------------------------------------------------------------ which tensors


@body
def stopped_xs(tf: Any) -> Any:
    a = tf.constant(0.0)
    b = 2 * a
    return values(tf, *tf.gradients(a + b, [a, b], stop_gradients=[a, b]))


@body
def stopped_between(tf: Any) -> Any:
    a = tf.constant(1.5)
    b = tf.square(a)
    c = b * a
    first = tf.gradients(c + b, [a, b, c], stop_gradients=[b])
    return values(tf, *first, *tf.gradients(c, [a], stop_gradients=b))


@body
def stopped_variable(tf: Any) -> Any:
    w = tf.Variable(2.0)
    return values(tf, *tf.gradients(w * w * 3.0, [w], stop_gradients=[w]))


@body
def stop_gradient_node(tf: Any) -> Any:
    x = tf.constant(2.0)
    return values(tf, *tf.gradients(tf.stop_gradient(x) * x, x), *tf.gradients(tf.stop_gradient(x), x))


@body
def unconnected(tf: Any) -> Any:
    a, b = tf.constant(1.0), tf.constant([2.0, 3.0])
    zero = tf.UnconnectedGradients.ZERO
    found = tf.gradients(a * 2, [a, b]), tf.gradients(a * 2, [a, b], unconnected_gradients="zero")
    w = tf.Variable([4.0])
    more = tf.gradients(a * 2, [w], unconnected_gradients=zero)
    none = tf.gradients(tf.constant(2.0), [a], unconnected_gradients=tf.UnconnectedGradients.NONE)
    return values(tf, *found[0], *found[1], *more, *none)


@body
def ys_twice(tf: Any) -> Any:
    x = tf.constant(3.0)
    y = x * x
    return values(tf, *tf.gradients([y, y], x))


@body
def xs_that_are_ys(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    y = x * x
    return values(tf, *tf.gradients([x, y], [x, y]), *tf.gradients(y, [x, x]), *tf.gradients(x, x))


@body
def a_y_before_a_y(tf: Any) -> Any:
    x = tf.constant(3.0)
    y = x * x
    z = y * y
    return values(tf, *tf.gradients([z, y], [x, y]), *tf.gradients((z,), (x,)))


@body
def several_outputs(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    a, b = tf.split(x, 2)
    found = [tf.gradients(a * b * b, x), tf.gradients(a * a, x), tf.gradients(a * b, [a, b]), tf.gradients(b * 2.0, a)]
    return [values(tf, *grads) for grads in found]


@body
def variables(tf: Any) -> Any:
    w = tf.Variable([3.0, 4.0])
    read = w.read_value()
    found = [
        tf.gradients(w * w, [w]), tf.gradients(w * w, [w.value()]), tf.gradients(tf.identity(w), w),
        tf.gradients(read * read + w, [w, read]),
    ]  # fmt: skip
    return [values(tf, *grads) for grads in found]


@body
def variable_after_an_assignment(tf: Any) -> Any:
    w = tf.Variable(2.0)
    with tf.control_dependencies([w.assign(5.0)]):
        grad = tf.gradients(tf.square(w.read_value()), w)[0]
    return values(tf, grad)


# ---------------------------------------------------------------------------------------------- what to start from


@body
def grad_ys(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    y = x * x
    found = tf.gradients(y, x, grad_ys=[[2.0, 5.0]]), tf.gradients([y, x], x, grad_ys=[None, [1.0, 7.0]])
    scalar = tf.gradients(y, x, grad_ys=[2.0])
    other = tf.placeholder_with_default(tf.constant([1.0, -1.0]), [None])
    return values(tf, *found[0], *found[1], *scalar, *tf.gradients(y, x, grad_ys=other))


@body
def second_and_third_order(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    first = tf.gradients(x**3 + tf.sin(x), x)[0]
    second = tf.gradients(first, x)[0]
    return values(tf, first, second, *tf.gradients(second, x))


@body
def second_order_of_a_layer(tf: Any) -> Any:
    x = tf.constant(np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3))
    w = tf.Variable(np.linspace(1, -1, 12, dtype=np.float32).reshape(3, 4))
    y = tf.reduce_sum(tf.tanh(tf.matmul(x, w)))
    slope = tf.gradients(y, x)[0]
    penalty = tf.reduce_sum(tf.square(tf.sqrt(tf.reduce_sum(tf.square(slope), axis=1)) - 1.0))
    return values(tf, *tf.gradients(penalty, [w, x]))


@body
def integers(tf: Any) -> Any:
    x, i = tf.constant([3.0, 1.0]), tf.constant([3, 1])
    found = [
        *tf.gradients(tf.cast(x, tf.int32), x), *tf.gradients(tf.cast(i, tf.float32) * 2, i), *tf.gradients(i * 2, i),
        *tf.gradients(x > 2, x),
    ]  # fmt: skip
    return values(tf, *found)


@body
def complex_numbers(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    y = tf.complex(x, 2 * x) * tf.constant([1 - 2j, 0.5j], tf.complex64)
    given = tf.constant([1 + 2j, 3 - 1j], tf.complex64)
    return values(tf, *tf.gradients(tf.abs(y * y), x), *tf.gradients(y, x, grad_ys=[given]))


@body
def doubles_through_floats(tf: Any) -> Any:
    x = tf.constant(1.5, tf.float64)
    return values(tf, *tf.gradients(tf.sin(x) * tf.cast(tf.cast(x, tf.float32), tf.float64), x))


@body
def unknown_shapes(tf: Any) -> Any:
    x, y = tf.placeholder(tf.float32, None), tf.placeholder(tf.float32, [None, 2])
    grads = [*tf.gradients(x * x, x), *tf.gradients(tf.reduce_mean(y * y), y)]
    feed = {x: [[1.0, 2.0]], y: [[1.0, 2.0], [3.0, 4.0]]}
    return [g.shape for g in grads], values(tf, *grads, feed=feed)


@body
def fed_intermediate(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [])
    middle = tf.sin(x)
    y = tf.exp(middle) * middle
    return values(tf, *tf.gradients(y, [x, middle]), feed={x: 0.5, middle: 2.0})


@body
def aggregation(tf: Any) -> Any:
    x = tf.constant(1.5)
    y = x * 2 + x * x + x**3
    ways = tf.AggregationMethod
    all_ways = (ways.ADD_N, ways.DEFAULT, ways.EXPERIMENTAL_TREE, ways.EXPERIMENTAL_ACCUMULATE_N)
    return [values(tf, *tf.gradients(y, x, aggregation_method=m)) for m in all_ways]


@body
def names(tf: Any) -> Any:
    x = tf.constant([2.0, 3.0])
    grad = tf.gradients(tf.square(x, name="sq"), x)[0]
    tf.gradients(x * x, x, name="mine")
    with tf.name_scope("s"):
        tf.gradients(x * x, x)
    scopes = sorted({"/".join(n.split("/")[:2]) for n, _ in graph_nodes(tf.get_default_graph()) if "grad" in n})
    return grad.op.name.startswith("gradients/sq_grad/"), grad.dtype, grad.shape, [s for s in scopes if "grad_ys" in s]


# ------------------------------------------------------------------------------------------------------- gathers


@body
def gather(tf: Any) -> Any:
    w = table(tf)
    grad = tf.gradients(tf.reduce_sum(tf.square(tf.gather(w, [1, 3, 1]))), w)[0]
    return isinstance(grad, tf.IndexedSlices), slices(tf, grad), grad.shape, values(tf, tf.convert_to_tensor(grad))


@body
def gather_of_a_matrix_of_indices(tf: Any) -> Any:
    w = table(tf)
    return slices(tf, tf.gradients(tf.reduce_sum(tf.square(tf.gather(w, [[1, 3], [1, 0]]))), w)[0])


@body
def gathers_added_up(tf: Any) -> Any:
    w = table(tf)
    indices = tf.constant([0, 1], tf.int64)
    loss = tf.reduce_sum(tf.square(tf.gather(w, [1, 3]))) + tf.reduce_sum(tf.gather(w, indices))
    return slices(tf, tf.gradients(loss, w)[0])


@body
def gather_and_dense(tf: Any) -> Any:
    w = table(tf)
    loss = tf.reduce_sum(tf.square(tf.gather(w, [1, 3]))) + tf.reduce_sum(w * w)
    grad = tf.gradients(loss, w)[0]
    return isinstance(grad, tf.Tensor), values(tf, grad)


@body
def gather_of_a_product(tf: Any) -> Any:
    w = table(tf)
    found = [
        tf.gradients(tf.reduce_sum(tf.square(tf.gather(w * 2.0, [1, 3]))), w)[0],
        tf.gradients(tf.reduce_sum(tf.square(tf.gather(w * 2.0, [1, 2, 1], axis=1))), w)[0],
    ]
    return [isinstance(g, tf.Tensor) for g in found], values(tf, *found)


@body
def embedding(tf: Any) -> Any:
    w = table(tf)
    ids = tf.placeholder(tf.int32, [None, None])
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(w, ids)))
    return values(tf, tf.gradients(loss, w)[0], feed={ids: [[1, 2, 1]]})


@body
def fed_indices(tf: Any) -> Any:
    w, ids = table(tf), tf.placeholder(tf.int64, [None])
    return values(tf, tf.gradients(tf.reduce_sum(tf.gather(w, ids) ** 2), w)[0], feed={ids: [3, 0, 3]})


@body
def clipped_slices(tf: Any) -> Any:
    w = table(tf)
    grad = tf.gradients(tf.reduce_sum(tf.square(tf.gather(w, [1, 3, 1]))), w)[0]
    clipped, norm = tf.clip_by_global_norm([grad], 1.0)
    return values(tf, clipped[0], norm)


# --------------------------------------------------------------------------------------------------------- others


@body
def conditional(tf: Any) -> Any:
    p = tf.placeholder(tf.bool, [])
    x, w = tf.constant([1.0, 2.0]), tf.Variable([3.0, 4.0])
    grads = tf.gradients(tf.cond(p, lambda: x * w * w, lambda: tf.exp(x)), [x, w])
    return values(tf, *grads, feed={p: True}), values(tf, *grads, feed={p: False})


@body
def gradients_inside_a_branch(tf: Any) -> Any:
    p = tf.placeholder(tf.bool, [])
    x = tf.constant([1.0, 2.0])
    y = tf.cond(p, lambda: tf.gradients(tf.reduce_sum(x * x * x), x)[0], lambda: x)
    return values(tf, y, feed={p: True}), values(tf, y, feed={p: False})


@body
def nested_conditionals(tf: Any) -> Any:
    p, q = tf.placeholder(tf.bool, []), tf.placeholder(tf.bool, [])
    x = tf.constant(2.0)
    y = tf.cond(p, lambda: tf.cond(q, lambda: x * x, lambda: x * x * x), lambda: tf.sin(x))
    grad = tf.gradients(y, x)[0]
    return [values(tf, grad, feed={p: a, q: b}) for a in (True, False) for b in (True, False)]


@body
def hessians(tf: Any) -> Any:
    x, m = tf.constant([1.0, 2.0]), tf.constant([[1.0, 2.0], [0.5, 0.3]])
    return values(
        tf, *tf.hessians(tf.reduce_sum(x * x * x) * x[0], x), *tf.hessians(tf.reduce_sum(tf.matmul(m, m) * m), m)
    )


@body
def where_and_absolute_value(tf: Any) -> Any:
    x = tf.constant([1.0, -2.0, 3.0, 0.0])
    return values(tf, *tf.gradients(tf.where(x > 0, tf.sqrt(tf.abs(x) + 1.0), x * x), x), *tf.gradients(tf.abs(x), x))


@body
def dropout_of_one_run(tf: Any) -> Any:
    """The gradient must use the mask of the forward pass."""
    tf.set_random_seed(1)
    x = tf.ones([40])
    y = tf.where(tf.random_uniform([40], seed=2) < 0.5, x * 2.0, tf.zeros([40]))
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return [sess.run([y, grad]) for _ in range(2)]


@body
def overridden(tf: Any) -> Any:
    name = registered(tf, lambda op, grad: grad * 10.0)
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": name}):
        y = tf.square(x)
    return values(tf, *tf.gradients(y + tf.square(x), x))


@body
def overridden_with_unused_outputs(tf: Any) -> Any:
    """A registered function gets zeros for what nothing uses."""
    name = registered(tf, lambda op, *grads: [None, tf.concat([g + 1.0 for g in grads], 0)])
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    with tf.get_default_graph().gradient_override_map({"Split": name}):
        first, _ = tf.split(x, 2)
    return values(tf, *tf.gradients(first * 2.0, x))


@body
def overridden_by_nothing(tf: Any) -> Any:
    name = registered(tf, lambda op, grad: None)
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": name}):
        return tf.gradients(tf.square(x), x)


@body
def guided_back_propagation(tf: Any) -> Any:
    def positive_only(op: Any, grad: Any) -> Any:
        return tf.where(grad > 0.0, tf.where(op.outputs[0] > 0.0, grad, tf.zeros_like(grad)), tf.zeros_like(grad))

    x = tf.constant([1.0, -2.0, 3.0])
    with tf.get_default_graph().gradient_override_map({"Relu": registered(tf, positive_only)}):
        y = tf.nn.relu(x) * [1.0, 1.0, -1.0]
    return values(tf, *tf.gradients(y, x))


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Body) -> None:
    check_both(program)


# --------------------------------------------------------------------------------------------------------- errors


def no_gradient_registered(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    return tf.gradients(tf.unique_with_counts(x)[0], x)


def override_not_registered(tf: Any) -> Any:
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": "NotThere"}):
        y = tf.square(x)
    return tf.gradients(y, x)


def wrong_number(tf: Any) -> Any:
    name = registered(tf, lambda op, grad: (grad, grad))
    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": name}):
        y = tf.square(x)
    return tf.gradients(y, x)


def registered_twice(tf: Any) -> Any:
    name = registered(tf, lambda op, grad: grad)
    tf.RegisterGradient(name)(lambda op, grad: grad)


def complex_without_start(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    return tf.gradients(tf.complex(x, x), x)


def too_few_grad_ys(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    return tf.gradients([x * x, x], x, grad_ys=[None])


def unknown_option(tf: Any) -> Any:
    x = tf.constant(1.0)
    return tf.gradients(x * x, x, unconnected_gradients="maybe")


def unknown_aggregation(tf: Any) -> Any:
    x = tf.constant(1.0)
    return tf.gradients(x * x + x, x, aggregation_method=17)


def integer_grad_ys(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    return tf.gradients(x * x, x, grad_ys=tf.constant([1, 2]))


@pytest.mark.parametrize(
    ("program", "phrase"),
    [
        (no_gradient_registered, "No gradient defined for operation"),
        (override_not_registered, "No gradient defined for operation"),
        (wrong_number, "Num gradients 2 generated for op"),
        (registered_twice, "Registering two gradient with name"),
        (complex_without_start, "must set grad_ys (y.dtype = complex64)"),
        (too_few_grad_ys, "Length mismatch. Passed 1 grad_ys for 2 ys"),
        (unknown_option, "Unknown value for unconnected_gradients: 'maybe'"),
        (unknown_aggregation, "Invalid `aggregation_method` specified 17. Accepted values are [0, 1, 2]."),
        (integer_grad_ys, "float32"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_error(program: Body, phrase: str) -> None:
    check_both_raise(program, match=phrase)


def test_grad_ys_that_fit_nothing(tf: Any) -> None:
    x = tf.constant([3.0, 1.0])
    with pytest.raises(ValueError, match="does not fit y"):
        tf.gradients(x * x, x, grad_ys=[[1.0, 2.0, 3.0]])
