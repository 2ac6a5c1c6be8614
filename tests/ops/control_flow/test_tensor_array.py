"""`tf.TensorArray` against real TensorFlow: methods, gradients, names, shapes, arrays that loops make larger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle
BODIES: list[Callable[[Any], Any]] = []


def body(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


@body
def written_and_read(tf: Any) -> Any:
    a = tf.TensorArray(tf.float32, size=3, clear_after_read=False)
    a = a.write(0, 1.0).write(1, 2.0).write(2, 3.0)
    found = [a.stack(), a.read(1), a.size(), a.gather([2, 0])]
    return tf.Session().run(found), [t.name for t in found], [t.shape.as_list() for t in found]


@body
def dtypes(tf: Any) -> Any:
    values = [[1, 2], [1.5, 2.5], [True, False], ["a", "b"], [1 + 2j, 3j]]
    kinds = [tf.int64, tf.float64, tf.bool, tf.string, tf.complex64]
    return [
        tf.Session().run(tf.TensorArray(kind, 2).unstack(tf.constant(value, kind)).stack())
        for kind, value in zip(kinds, values, strict=True)
    ]


@body
def all_methods_with_gradients(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    unstacked = tf.TensorArray(tf.float32, tf.shape(x)[0], clear_after_read=False).unstack(x)
    scattered = tf.TensorArray(tf.float32, 4).scatter([2, 0, 1, 3], x)
    split = tf.TensorArray(tf.float32, 2, clear_after_read=False, infer_shape=False).split(x, [1, 3])
    even = tf.TensorArray(tf.float32, 2, clear_after_read=False).split(x, [2, 2])
    found = [
        unstacked.read(2) * 2.0,
        unstacked.gather([1, 1]),
        scattered.stack() * x,
        split.concat() * x,
        even.concat() * 3.0,
        even.read(1) * even.read(0),
        split.read(0),
        unstacked.identity().stack(),
    ]
    grads = [tf.gradients(tf.reduce_sum(y * y), x)[0] for y in found]
    fed = np.arange(8, dtype=np.float32).reshape(4, 2)
    shapes = [y.shape.as_list() if y.shape.ndims is not None else None for y in found]
    return tf.Session().run([found, grads], {x: fed}), shapes


@body
def dynamic_size_outside_of_loops(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    a = tf.TensorArray(tf.float32, 0, dynamic_size=True).unstack(x).write(3, [7.0, 8.0])
    y = a.stack()
    return tf.Session().run([y, a.size(), tf.gradients(y * y, x)[0]], {x: [[1.0, 2.0], [3.0, 4.0]]}), y.shape.as_list()


@body
def elements_never_written(tf: Any) -> Any:
    a = tf.TensorArray(tf.float32, 3, element_shape=[2], clear_after_read=False).write(1, [1.0, 2.0])
    return tf.Session().run([a.stack(), a.read(0)])


@body
def array_of_gradients(tf: Any) -> Any:
    a = tf.TensorArray(tf.float32, 3).unstack([1.0, 2.0, 3.0])
    g = a.grad("source").write(0, 4.0).write(0, 5.0).write(1, 1.0).write(2, 0.0)
    return tf.Session().run(g.stack())


@body
def network_with_arrays(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3])
    n = tf.shape(x)[0]
    inputs = tf.TensorArray(tf.float32, n).unstack(x)

    def step(i: Any, h: Any, out: Any) -> Any:
        h = tf.tanh(h * 0.5 + inputs.read(i))
        return i + 1, h, out.write(i, h * h)

    _, h, out = tf.while_loop(lambda i, *_: i < n, step, [0, tf.zeros([3]), tf.TensorArray(tf.float32, n)])
    y = out.stack()
    grad = tf.gradients(tf.reduce_sum(y * y) + tf.reduce_sum(h), x)[0]
    fed = np.random.RandomState(0).randn(4, 3).astype(np.float32)
    return tf.Session().run([y, h, grad], {x: fed}), y.shape.as_list(), y.name


@body
def number_of_steps_is_fed(tf: Any) -> Any:
    x, n = tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.int32, [])
    inputs = tf.TensorArray(tf.float32, 4).unstack(x)
    out = tf.TensorArray(tf.float32, 4, element_shape=[3])

    def step(i: Any, h: Any, array: Any, out: Any) -> Any:  # the input is handed on as a loop variable
        h = tf.tanh(h * 0.5 + array.read(i))
        return i + 1, h, array, out.write(i, h * h)

    _, h, _, out = tf.while_loop(lambda i, *_: i < n, step, [0, tf.zeros([3]), inputs, out])
    y = out.stack()
    grad = tf.gradients(tf.reduce_sum(y * y) + tf.reduce_sum(h), x)[0]
    fed = np.random.RandomState(0).randn(4, 3).astype(np.float32)
    return tf.Session().run([y, h, grad], {x: fed, n: 4})


@body
def loop_that_makes_it_larger(tf: Any) -> Any:
    most, w = tf.placeholder(tf.float32, []), tf.constant(1.5)

    def step(i: Any, h: Any, out: Any) -> Any:
        return i + 1, h * w, out.write(i, h * w)

    start = [0, 1.0, tf.TensorArray(tf.float32, 0, dynamic_size=True)]
    _, h, out = tf.while_loop(lambda i, h, _: h < most, step, start)
    y = out.stack()
    grad = tf.gradients(tf.reduce_sum(y * y), w)[0]
    sess = tf.Session()
    return [sess.run([y, h, out.size(), grad], {most: k}) for k in (2.0, 5.0, 100.0)]


@body
def larger_under_a_maximum(tf: Any) -> Any:
    most, w = tf.placeholder(tf.float32, []), tf.constant(1.5)

    def step(i: Any, h: Any, out: Any) -> Any:
        return [i + 1, h * w, out.write(i, h * w)]

    start = [0, 1.0, tf.TensorArray(tf.float32, 0, dynamic_size=True)]
    out = tf.while_loop(lambda i, h, _: h < most, step, start, maximum_iterations=6)[2]
    y = out.stack()
    grad = tf.gradients(tf.reduce_sum(y * y), w)[0]
    sess = tf.Session()
    return [sess.run([y, grad], {most: k}) for k in (2.0, 100.0)]


@body
def larger_in_an_inner_loop(tf: Any) -> Any:
    n, w = tf.placeholder(tf.int32, []), tf.constant(1.1)

    def outer(i: Any, out: Any) -> Any:
        def inner(j: Any, out: Any) -> Any:
            return j + 1, out.write(i * 3 + j, w * tf.cast(i + j, tf.float32))

        return i + 1, tf.while_loop(lambda j, _: j < 3, inner, [0, out])[1]

    _, out = tf.while_loop(lambda i, _: i < n, outer, [0, tf.TensorArray(tf.float32, 0, dynamic_size=True)])
    y = out.stack()
    return tf.Session().run([y, *tf.gradients(y, w)], {n: 4})


@body
def written_in_a_branch(tf: Any) -> Any:
    n, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [])
    array = tf.TensorArray(tf.float32, 6)

    def step(i: Any, flow: Any) -> Any:
        now = tf.TensorArray(tf.float32, handle=array.handle, flow=flow)
        even = tf.equal(i % 2, 0)
        return i + 1, tf.cond(
            even, lambda: now.write(i, x * tf.cast(i, tf.float32)).flow, lambda: now.write(i, -x).flow
        )

    _, flow = tf.while_loop(lambda i, _: i < n, step, [0, array.flow])
    y = tf.TensorArray(tf.float32, handle=array.handle, flow=flow).gather(tf.range(6))
    return tf.Session().run([y, *tf.gradients(tf.reduce_sum(y * y), x)], {n: 6, x: 3.0})


@body
def elements_of_several_shapes(tf: Any) -> Any:
    w = tf.constant(2.0)

    def step(i: Any, out: Any) -> Any:
        return i + 1, out.write(i, tf.fill([i + 1], w * tf.cast(i, tf.float32)))

    _, out = tf.while_loop(lambda i, _: i < 3, step, [0, tf.TensorArray(tf.float32, 3, infer_shape=False)])
    y = out.concat()
    return tf.Session().run([y, *tf.gradients(y, w)])


@body
def beam_search(tf: Any) -> Any:
    table = tf.constant(np.random.RandomState(0).randn(5, 7).astype(np.float32))
    width, most = 3, tf.placeholder(tf.int32, [])

    def step(t: Any, scores: Any, last: Any, done: Any, ids: Any, parents: Any) -> Any:
        logits = tf.nn.log_softmax(tf.gather(table, last % 5))
        ended = tf.concat([tf.zeros([width, 1]), tf.fill([width, 6], -1e9)], 1)
        logits = tf.where(tf.tile(done[:, None], [1, 7]), ended, logits)
        best, flat = tf.nn.top_k(tf.reshape(scores[:, None] + logits, [-1]), width)
        parent, word = flat // 7, flat % 7
        done = tf.logical_or(tf.gather(done, parent), tf.equal(word, 0))
        return t + 1, best, word, done, ids.write(t, word), parents.write(t, parent)

    arrays = [tf.TensorArray(tf.int32, 0, dynamic_size=True) for _ in range(2)]
    start = [0, tf.constant([0.0, -1e9, -1e9]), tf.zeros([width], tf.int32), tf.zeros([width], tf.bool), *arrays]
    found = tf.while_loop(
        lambda t, _, last, done, *rest: tf.logical_and(t < most, tf.logical_not(tf.reduce_all(done))), step, start
    )
    wanted = [*found[:4], found[4].stack(), found[5].stack()]
    sess = tf.Session()
    return [sess.run(wanted, {most: k}) for k in (2, 4, 12)]


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    check_both(program, rtol=1e-4, atol=1e-6)


def test_names_of_nodes() -> None:
    def program(tf: Any) -> Any:
        a = tf.TensorArray(tf.float32, size=3).write(0, [1.0]).write(1, [2.0], name="mine").write(2, [3.0])
        a.stack()
        a.read(1)
        a.concat()
        b = tf.TensorArray(tf.float32, size=0, dynamic_size=True, name="b").unstack([1.0, 2.0, 3.0])
        b.stack()
        b.size()
        tf.TensorArray(tf.float32, size=2).split([1.0, 2.0, 3.0], [1, 2])
        c = tf.TensorArray(tf.float32, size=2).scatter([1, 0], [1.0, 2.0])
        c.grad("x")
        c.close()
        c.identity()
        return graph_nodes(tf.get_default_graph())

    check_both(program)


def test_static_shapes() -> None:
    def program(tf: Any) -> Any:
        half = tf.TensorArray(tf.float32, 2, element_shape=[None, 3]).write(0, tf.zeros([2, 3]))
        free = tf.TensorArray(tf.float32, 2, infer_shape=False).write(0, tf.zeros([2, 3]))
        told = tf.TensorArray(tf.float32, 2).write(0, tf.zeros([2, 3]))
        even = tf.TensorArray(tf.float32, 2).split(tf.zeros([4, 3]), [2, 2])
        odd = tf.TensorArray(tf.float32, 2).split(tf.zeros([4, 3]), [1, 3])
        fed = tf.TensorArray(tf.float32, tf.placeholder(tf.int32, []))
        found = [f(a) for a in (half, free, told, even, odd, fed) for f in (lambda a: a.read(0), lambda a: a.stack())]
        found += [told.concat(), even.concat(), odd.concat(), told.gather([0, 1])]
        return [t.shape for t in found], [a.element_shape for a in (half, free, told, even, odd)]

    check_both(program)


ERRORS: dict[str, Callable[[Any], Any]] = {
    "no_size": lambda tf: tf.TensorArray(tf.float32),
    "another_shape": lambda tf: tf.TensorArray(tf.float32, 2).write(0, [1.0]).write(1, [1.0, 2.0]),
    "not_its_shape": lambda tf: tf.TensorArray(tf.float32, 2, element_shape=[None, 3]).write(0, tf.zeros([2, 4])),
    "outside": lambda tf: tf.Session().run(tf.TensorArray(tf.float32, 2).write(2, 1.0).flow),
    "read_outside": lambda tf: tf.Session().run(tf.TensorArray(tf.float32, 2).unstack([1.0, 2.0]).read(5)),
    "another_dtype": lambda tf: tf.Session().run(tf.TensorArray(tf.float32, 2).write(0, tf.constant(1)).flow),
}


@pytest.mark.parametrize("name", list(ERRORS))
def test_error(name: str) -> None:
    phrases = {"outside": "array is not resizeable and size is: 2", "read_outside": "but array size is: 2"}
    phrases["another_dtype"] = "is trying to write dtype int32"
    check_both_raise(ERRORS[name], match=phrases.get(name))
