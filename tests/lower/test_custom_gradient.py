"""`tf.custom_gradient` and `tf.grad_pass_through` against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lower.test_gradients import values
from tests.oracle import check_both, check_both_raise, graph_nodes

Body = Callable[[Any], Any]
BODIES: list[Body] = []


def body(function: Body) -> Body:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


@body
def stable_logarithm(tf: Any) -> Any:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        """Doc."""
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    x = tf.constant([1.0, 100.0])
    y = log1pexp(x)
    grad = tf.gradients(y * 2.0, x)
    types = [t for n, t in graph_nodes(tf.get_default_graph()) if "gradients" not in n and t != "Identity"]
    return log1pexp.__name__, log1pexp.__doc__, y.name, types, values(tf, y, *grad, *tf.gradients(grad, x))


@body
def two_arguments_two_results(tf: Any) -> Any:
    @tf.custom_gradient
    def f(x: Any, y: Any) -> Any:
        return (x * y, x + y), lambda a, b: (a * 10.0 + b, b * 100.0)

    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    a, b = f(x, y)
    found = tf.gradients([a, b], [x, y]), tf.gradients(a, [x, y]), tf.gradients(b, [x, y])
    return [values(tf, a, b, *grads) for grads in found]


@body
def number_without_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def f(x: Any, n: Any) -> Any:
        return x * n, lambda dy: (dy * 9.0, None)

    x = tf.constant(2.5)
    return values(tf, *tf.gradients(f(x, 3.0), x))


@body
def variables(tf: Any) -> Any:
    with tf.variable_scope("s", use_resource=True):  # TensorFlow asks for resource variables here

        @tf.custom_gradient
        def f(x: Any) -> Any:
            w = tf.get_variable("w", initializer=3.0)

            def grad(dy: Any, variables: Any = None) -> Any:
                return dy * w * 2.0, [dy * x * 5.0 for _ in variables]

            return x * w, grad

        x = tf.constant(2.0)
        y = f(x)
        return values(tf, y, *tf.gradients(y, [x, tf.trainable_variables()[0]]))


@body
def second_order(tf: Any) -> Any:
    @tf.custom_gradient
    def f(x: Any) -> Any:
        return x * x, lambda dy: dy * x * x * 7.0

    x = tf.constant(2.0)
    grad = tf.gradients(f(x), x)[0]
    return values(tf, grad, *tf.gradients(grad, x))


@body
def nested(tf: Any) -> Any:
    @tf.custom_gradient
    def inner(y: Any) -> Any:
        return y * 3.0, lambda dy: dy * 11.0

    @tf.custom_gradient
    def outer(x: Any) -> Any:
        return inner(x) * 2.0, lambda dy: tf.gradients(inner(x) * 2.0, x, grad_ys=dy)[0]

    x = tf.constant(2.0)
    return values(tf, *tf.gradients(outer(x), x))


@body
def straight_through(tf: Any) -> Any:
    x = tf.constant([2.5, -0.7])
    y = tf.grad_pass_through(tf.round)(x)
    return values(tf, y, *tf.gradients(y * 3.0, x))


@body
def reversed_gradient_in_training(tf: Any) -> Any:
    @tf.custom_gradient
    def reverse(x: Any) -> Any:
        return tf.identity(x), lambda dy: -dy

    w = tf.Variable(1.0)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(reverse(w) * w)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [[sess.run(step), sess.run(w)] for _ in range(3)]


@body
def around_a_node_without_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def f(x: Any) -> Any:
        return tf.cast(tf.argmax(x), tf.float32) + tf.reduce_max(x), lambda dy: dy * tf.ones_like(x)

    x = tf.constant([1.0, 5.0, 2.0])
    return values(tf, f(x), *tf.gradients(f(x), x))


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Body) -> None:
    check_both(program)


def keywords(tf: Any) -> Any:
    f = tf.custom_gradient(lambda x, y: (x * y, lambda dy: (dy, dy)))
    return f(tf.constant(1.0), y=tf.constant(1.0))


def variables_not_taken(tf: Any) -> Any:
    with tf.variable_scope("s", use_resource=True):
        f = tf.custom_gradient(lambda x: (x * tf.get_variable("w", initializer=3.0), lambda dy: dy))
        return f(tf.constant(2.0))


def too_many(tf: Any) -> Any:
    x = tf.constant(1.0)
    return tf.gradients(tf.custom_gradient(lambda x: (x * 2.0, lambda dy: (dy, dy)))(x), x)


@pytest.mark.parametrize(
    ("program", "phrase"),
    [
        (keywords, "currently supports keywords arguments only when eager execution is enabled."),
        (variables_not_taken, "grad_fn must accept keyword argument 'variables', since function uses variables"),
        (too_many, "gradients"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_error(program: Body, phrase: str) -> None:
    check_both_raise(program, match=phrase)


def test_variables_of_the_usual_kind(tf: Any) -> None:
    w = tf.Variable(3.0, name="w")

    @tf.custom_gradient
    def f(x: Any) -> Any:
        return x * w, lambda dy, variables: (dy * 2.0, [dy * 5.0])

    x = tf.constant(2.0)
    assert [float(g) for g in values(tf, *tf.gradients(f(x), [x, w]))] == [2.0, 5.0]


def test_a_function_without_gradient_is_told(tf: Any) -> None:
    with pytest.raises(TypeError, match=r"returns \(result, grad_fn\)"):
        tf.custom_gradient(lambda x: x * 2.0)(tf.constant(1.0))
