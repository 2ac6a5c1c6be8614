"""What programs do with optimizers besides `minimize`: gradients changed on the way, slots, subclasses, errors."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

Body = Callable[[Any], Any]
BODIES: list[Body] = []


def body(function: Body) -> Body:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


def run(tf: Any, step: Any, fetches: Any, steps: int = 5, feed: Callable[[int], dict[Any, Any]] | None = None) -> Any:
    """Initializes, and returns the fetches after each step."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = []
        for i in range(steps):
            sess.run(step, feed(i) if feed else None)
            found.append(sess.run(fetches))
    return found


def nodes_outside_gradients(tf: Any) -> list[tuple[str, str]]:
    return [n for n in graph_nodes(tf.get_default_graph()) if not re.search(r"(^|/)gradients(_\d+)?/", n[0])]


def square_loss(tf: Any, *names: str) -> tuple[Any, list[Any]]:
    variables = [tf.Variable([1.0, -2.0], name=n) for n in names]
    return tf.add_n([tf.reduce_sum(tf.square(v) * (i + 1.0)) for i, v in enumerate(variables)]), variables


@body
def clipped_gradients(tf: Any) -> Any:
    loss, (w, v) = square_loss(tf, "w", "v")
    optimizer = tf.train.MomentumOptimizer(0.1, 0.5)
    pairs = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_value(g, -1.0, 1.0), x) for g, x in pairs]
    return [x.name for _, x in pairs], run(tf, optimizer.apply_gradients(clipped), [w, v])


@body
def global_norm(tf: Any) -> Any:
    loss, variables = square_loss(tf, "w", "v")
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.5)
    step = tf.train.AdamOptimizer(0.1).apply_gradients(zip(grads, variables, strict=True))
    return run(tf, step, [*variables, norm])


@body
def none_gradients(tf: Any) -> Any:
    loss, (w, v) = square_loss(tf, "w", "v")
    idle = tf.Variable(7.0, name="idle")
    optimizer = tf.train.AdamOptimizer(0.1)
    pairs = optimizer.compute_gradients(loss)
    step = optimizer.apply_gradients(pairs)
    return [g is None for g, _ in pairs], run(tf, step, [w, v, idle]), optimizer.get_slot(idle, "m") is None


@body
def arrays_as_gradients(tf: Any) -> Any:
    _, (w, v) = square_loss(tf, "w", "v")
    step = tf.train.GradientDescentOptimizer(0.5).apply_gradients([(np.ones(2, np.float32), w), ([1.0, 2.0], v)])
    return run(tf, step, [w, v]), nodes_outside_gradients(tf)


@body
def indexed_slices_by_hand(tf: Any) -> Any:
    table = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2), name="table")
    grad = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([2, 0, 2]))
    return run(tf, tf.train.AdagradOptimizer(0.5).apply_gradients([(grad, table)]), [table])


@body
def callable_rate(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    step = tf.train.MomentumOptimizer(lambda: 0.1, momentum=lambda: 0.9).minimize(loss)
    return run(tf, step, [w]), nodes_outside_gradients(tf)


@body
def callables_of_adam(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    optimizer = tf.train.AdamOptimizer(lambda: 0.1, lambda: 0.9, lambda: 0.99, lambda: 1e-6)
    return run(tf, optimizer.minimize(loss), [w])


@body
def fed_rate(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    rate = tf.placeholder(tf.float32, [], name="rate")
    step = tf.train.AdamOptimizer(rate).minimize(loss)
    return run(tf, step, [w], feed=lambda i: {rate: 0.1 / (i + 1)}), nodes_outside_gradients(tf)


@body
def rate_with_default(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    rate = tf.placeholder_with_default(0.25, [])
    return run(tf, tf.train.GradientDescentOptimizer(rate).minimize(loss), [w, rate])


@body
def rate_in_a_variable(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    rate = tf.Variable(0.1, trainable=False)
    step = tf.train.RMSPropOptimizer(rate).minimize(loss)
    with tf.control_dependencies([step]):
        slower = rate.assign(rate * 0.5)
    return run(tf, slower, [w, rate])


@body
def schedule_and_global_step(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    count = tf.Variable(0, trainable=False, name="count")
    rate = tf.train.exponential_decay(0.2, count, 2, 0.5, staircase=True)
    step = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=count, name="train")
    return step.name, step.type, run(tf, step, [w, count, rate]), nodes_outside_gradients(tf)


@body
def float64_rate_for_float32(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    rate = tf.constant(0.1, tf.float64)
    return run(tf, tf.train.MomentumOptimizer(rate, 0.9).minimize(loss), [w]), nodes_outside_gradients(tf)


@body
def two_lists(tf: Any) -> Any:
    loss, (w, v) = square_loss(tf, "w", "v")
    first = tf.train.AdamOptimizer(0.1, name="A").minimize(loss, var_list=[w])
    second = tf.train.AdamOptimizer(0.2, name="B").minimize(-loss, var_list=v)
    names = [x.name for x in tf.global_variables()]
    return names, run(tf, first, tf.global_variables()), run(tf, second, tf.global_variables())


@body
def one_optimizer_for_two_lists(tf: Any) -> Any:
    loss, (w, v) = square_loss(tf, "w", "v")
    optimizer = tf.train.AdamOptimizer(0.1)
    steps = [optimizer.minimize(loss, var_list=[w]), optimizer.minimize(loss, var_list=[v])]
    with tf.Session() as sess:  # not in one run: both move the powers of the betas
        sess.run(tf.global_variables_initializer())
        found = [[sess.run(step), sess.run(tf.global_variables())] for _ in range(3) for step in steps]
    return [s.name for s in steps], found, nodes_outside_gradients(tf)


@body
def minimize_twice(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    steps = [optimizer.minimize(loss), optimizer.minimize(loss)]
    return [s.name for s in steps], [v.name for v in tf.global_variables()], run(tf, steps[1], [w])


@body
def in_a_name_scope(tf: Any) -> Any:
    with tf.variable_scope("model"):
        w = tf.get_variable("w", initializer=[1.0, 2.0])
    with tf.name_scope("training"):
        optimizer = tf.train.AdamOptimizer(0.1)
        step = optimizer.minimize(tf.reduce_sum(w * w))
    return step.name, [v.name for v in tf.global_variables()], [v.name for v in optimizer.variables()]


@body
def in_a_variable_scope(tf: Any) -> Any:
    with tf.variable_scope("model"):
        w = tf.get_variable("w", initializer=[1.0, 2.0])
        step = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
        other = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    return step.name, other.name, [v.name for v in tf.global_variables()]


@body
def non_slot_scope(tf: Any) -> Any:
    loss, _ = square_loss(tf, "w")
    with tf.name_scope("s"):
        optimizer = tf.train.AdamOptimizer(0.1, use_own_namescope_for_non_slot_vars=True)
        optimizer.minimize(loss)
    return [v.name for v in tf.global_variables()], nodes_outside_gradients(tf)


@body
def partitioned_variable(tf: Any) -> Any:
    table = tf.get_variable(
        "table", [4, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2)
    )
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(tf.square(tf.convert_to_tensor(table))))
    slices = [v._get_save_slice_info().spec for v in tf.global_variables()]
    return [v.name for v in tf.global_variables()], slices, run(tf, step, tf.global_variables())


@body
def constraint(tf: Any) -> Any:
    w = tf.Variable([1.0, -2.0], name="w", constraint=lambda v: tf.clip_by_value(v, -0.5, 0.9))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    return run(tf, step, [w]), nodes_outside_gradients(tf)


@body
def loss_gradient(tf: Any) -> Any:
    w = tf.Variable([1.0, -2.0], name="w")
    step = tf.train.GradientDescentOptimizer(0.1).minimize(w * w, grad_loss=tf.constant([1.0, 10.0]))
    return run(tf, step, [w])


@body
def slots_again_from_the_start(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    optimizer = tf.train.AdamOptimizer(0.1)
    step = optimizer.minimize(loss)
    reset = tf.variables_initializer(optimizer.variables())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(step)
        before = sess.run(optimizer.variables())
        sess.run(reset)
        after = sess.run(optimizer.variables())
        sess.run(step)
        return before, after, sess.run([w, *optimizer.variables()])


@body
def slots(tf: Any) -> Any:
    loss, (w, v) = square_loss(tf, "w", "v")
    optimizer = tf.train.RMSPropOptimizer(0.1, centered=True)
    optimizer.minimize(loss, var_list=[w])
    named = {n: optimizer.get_slot(w, n).name for n in optimizer.get_slot_names()}
    return named, optimizer.get_slot(v, "rms") is None, optimizer.get_slot(w, "other") is None, optimizer.get_name()


@body
def ftrl_names(tf: Any) -> Any:
    loss, _ = square_loss(tf, "w")
    tf.train.FtrlOptimizer(0.1, accum_name="sum", linear_name="line").minimize(loss)
    return [v.name for v in tf.global_variables()]


@body
def subclass(tf: Any) -> Any:
    class SignDescent(tf.train.Optimizer):  # type: ignore[name-defined,misc]
        def __init__(self, rate: float, name: str = "SignDescent") -> None:
            super().__init__(False, name)
            self._rate = rate

        def _create_slots(self, var_list: Any) -> None:
            for v in var_list:
                self._zeros_slot(v, "last", self._name)
                self._get_or_make_slot(v, tf.constant([5.0, 6.0]), "given", "Given")
            self._create_non_slot_variable(initial_value=0.0, name="count", colocate_with=var_list[0])

        def _prepare(self) -> None:
            self._rate_t = tf.convert_to_tensor(self._call_if_callable(self._rate), name="rate")

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            last = self.get_slot(var, "last").assign(tf.sign(grad))
            return tf.group(tf.assign_sub(var, tf.cast(self._rate_t, var.dtype.base_dtype) * last), last)

        def _finish(self, update_ops: Any, name_scope: str) -> Any:
            with tf.control_dependencies(update_ops):
                count = self._get_non_slot_variable("count", tf.get_default_graph())
                counted = tf.assign_add(count, 1.0)
            return tf.group(*update_ops, counted, name=name_scope)

    loss, _ = square_loss(tf, "w")
    optimizer = SignDescent(0.25)
    step = optimizer.minimize(loss)
    return run(tf, step, tf.global_variables()), [v.name for v in optimizer.variables()], nodes_outside_gradients(tf)


@body
def wrapped_optimizer(tf: Any) -> Any:
    """As wrappers of gradients do (accumulation, multi-task weights): every method is handed on."""

    class Halved(tf.train.Optimizer):  # type: ignore[name-defined,misc]
        def __init__(self, inner: Any) -> None:
            super().__init__(use_locking=False, name="Halved")
            self._inner = inner

        def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
            return [(g * 0.5, v) for g, v in self._inner.compute_gradients(*args, **kwargs)]

        def apply_gradients(self, *args: Any, **kwargs: Any) -> Any:
            return self._inner.apply_gradients(*args, **kwargs)

    loss, (w,) = square_loss(tf, "w")
    return run(tf, Halved(tf.train.AdagradOptimizer(0.5)).minimize(loss), [w])


@body
def accumulated_gradients(tf: Any) -> Any:
    loss, variables = square_loss(tf, "w", "v")
    scale = tf.placeholder(tf.float32, [])
    optimizer = tf.train.AdamOptimizer(0.1)
    pairs = optimizer.compute_gradients(loss * scale)
    sums = [tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False) for v in variables]
    add = [s.assign_add(g) for s, (g, _) in zip(sums, pairs, strict=True)]
    zero = [s.assign(tf.zeros_like(s)) for s in sums]
    step = optimizer.apply_gradients([(s, v) for s, (_, v) in zip(sums, pairs, strict=True)])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = []
        for _ in range(3):
            sess.run(zero)
            for k in range(4):
                sess.run(add, {scale: 0.25 * (k + 1)})
            sess.run(step)
            found.append(sess.run([*variables, *sums]))
    return found


@body
def train_op_collection(tf: Any) -> Any:
    loss, _ = square_loss(tf, "w")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="a")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="b")
    return [op.name for op in tf.get_collection(tf.GraphKeys.TRAIN_OP)]


@body
def updates_before_the_step(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    mean = tf.Variable([0.0, 0.0], trainable=False)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, mean.assign(0.5 * mean + 0.5 * w))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.AdamOptimizer(0.1).minimize(loss)
    return run(tf, step, [mean])


@body
def regularized(tf: Any) -> Any:
    with tf.variable_scope("r", regularizer=lambda v: 0.1 * tf.reduce_sum(v * v)):
        w = tf.get_variable("w", initializer=[1.0, -2.0])
    loss = tf.reduce_sum(tf.abs(w)) + tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    return run(tf, tf.train.GradientDescentOptimizer(0.1).minimize(loss), [w, loss])


@body
def gradient_of_a_tensor(tf: Any) -> Any:
    loss, (w,) = square_loss(tf, "w")
    hidden = w * 3.0
    pairs = tf.train.GradientDescentOptimizer(0.1).compute_gradients(tf.reduce_sum(hidden * hidden), var_list=[hidden])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run(g) for g, _ in pairs]


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Body) -> None:
    check_both(program)


# ------------------------------------------------------------------------------------------------------- errors


def no_gradients(tf: Any) -> Any:
    tf.Variable(1.0, name="idle")
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0))


def no_variables(tf: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0))


def only_none(tf: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([(None, tf.Variable(1.0, name="w"))])


def nothing_given(tf: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([])


def integer_loss(tf: Any) -> Any:
    w = tf.Variable(1.0)
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.cast(w, tf.int32))


def bad_gate(tf: Any) -> Any:
    w = tf.Variable(1.0)
    return tf.train.GradientDescentOptimizer(0.1).minimize(w * w, gate_gradients=7)


def no_name(tf: Any) -> Any:
    return tf.train.Optimizer(False, "")


def update_of_a_tensor(tf: Any) -> Any:
    x = tf.constant(1.0)
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([(x, x)])


def gradient_of_odd_type(tf: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([(object(), tf.Variable(1.0))])


def gradient_of_wrong_shape(tf: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.zeros([3]), tf.Variable([1.0, 2.0]))])


def rate_of_wrong_shape(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0])
    return tf.train.GradientDescentOptimizer([0.1, 0.2]).apply_gradients([(tf.zeros([2]), w)])


def rows_of_wrong_shape(tf: Any) -> Any:
    table = tf.Variable([[1.0], [2.0]])
    grad = tf.IndexedSlices(tf.zeros([3, 2]), tf.constant([0, 1, 1]))
    return tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(grad, table)])


def slots_of_a_shared_scope(tf: Any) -> Any:
    w = tf.get_variable("w", initializer=[1.0])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w))


def gradient_of_wrong_dtype(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0])
    return tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.zeros([2], tf.float64), w)])


def constraint_of_a_sparse_update(tf: Any) -> Any:
    table = tf.Variable([[1.0], [2.0]], constraint=tf.identity)
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(table, [0])))


def negative_accumulator(tf: Any) -> Any:
    return tf.train.AdagradOptimizer(0.1, initial_accumulator_value=0.0)


def positive_power(tf: Any) -> Any:
    return tf.train.FtrlOptimizer(0.1, learning_rate_power=0.5)


def negative_l1(tf: Any) -> Any:
    return tf.train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0)


def uninitialized_slot(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(step)


@pytest.mark.parametrize(
    ("program", "phrase"),
    [
        (no_gradients, "No gradients provided for any variable"),
        (no_variables, "No variables to optimize."),
        (only_none, "No gradients provided for any variable"),
        (nothing_given, "No variables provided."),
        (integer_loss, "Invalid type tf.int32 for"),
        (bad_gate, "gate_gradients must be one of"),
        (no_name, "Must specify the optimizer name"),
        (update_of_a_tensor, "Trying to update a Tensor"),
        (gradient_of_odd_type, "Gradient must be"),
        (gradient_of_wrong_shape, "Dimension 0 in both shapes must be equal, but are 2 and 3"),
        (rate_of_wrong_shape, "Shape must be rank 0 but is rank 1"),
        (rows_of_wrong_shape, "Dimension 1 in both shapes must be equal, but are 1 and 2"),
        (slots_of_a_shared_scope, "does not exist, or was not created with tf.get_variable()"),
        (gradient_of_wrong_dtype, "that does not match type float32 of argument"),
        (constraint_of_a_sparse_update, "Cannot use a constraint function on a sparse variable."),
        (negative_accumulator, "initial_accumulator_value must be positive"),
        (positive_power, "needs to be negative or zero"),
        (negative_l1, "needs to be positive or zero"),
        (uninitialized_slot, "w/Momentum"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_error(program: Body, phrase: str) -> None:
    check_both_raise(program, match=phrase)


def test_only_variables_are_updated(tf: Any) -> None:
    with pytest.raises(NotImplementedError, match="Trying to optimize unsupported type w"):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.constant(1.0), "w")])


def test_subclass_without_an_update(tf: Any) -> None:
    w = tf.Variable(1.0)
    with pytest.raises(NotImplementedError, match="_apply_dense"):
        tf.train.Optimizer(False, "Bare").minimize(w * w)


def test_subclass_written_for_resource_variables(tf: Any) -> None:
    class Plain(tf.train.Optimizer):  # type: ignore[name-defined,misc]
        def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
            return handle.assign_sub(0.5 * grad)

        def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
            return tf.scatter_sub(handle, indices, 0.5 * grad)

    w, table = tf.Variable([1.0, 2.0]), tf.Variable([[1.0], [2.0]])
    step = Plain(False, "Plain").minimize(tf.reduce_sum(w * w) + tf.reduce_sum(tf.gather(table, [1, 1])))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        assert sess.run([w, table])[0].tolist() == [0.0, 0.0]
        assert sess.run(table).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("seed", range(3))
def test_rows_gathered_at_random(seed: int) -> None:
    """Sparse updates of random indices, all of one row or none included."""
    draw = random.Random(seed)
    batches = [[draw.randrange(6) for _ in range(5)] for _ in range(6)] + [[3] * 5, [0] * 5]

    def program(tf: Any) -> Any:
        table = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2), name="table")
        indices = tf.placeholder(tf.int64, [None])
        loss = tf.reduce_sum(tf.square(tf.gather(table, indices) - 0.3))
        steps = [
            make.minimize(loss) for make in (tf.train.AdamOptimizer(0.1), tf.train.RMSPropOptimizer(0.1, momentum=0.5))
        ]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for batch in [*batches, [1, 2]]:
                for step in steps:
                    sess.run(step, {indices: batch})
            return sess.run(tf.global_variables())

    check_both(program, rtol=1e-4, atol=1e-6)
