"""What programs for both versions of TensorFlow call in graph mode: init_scope, tf.Module, tf.distribute, tf.xla."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def test_init_scope() -> None:
    def body(tf: Any) -> Any:
        with tf.name_scope("a"), tf.control_dependencies([tf.constant(1)]), tf.init_scope():
            inside = tf.constant(3, name="k")
        return inside.name, len(inside.op.control_inputs), tf.Session().run(inside)

    check_both(body)


def test_xla() -> None:
    def body(tf: Any) -> Any:
        marks = []
        for options in ({}, {"compile_ops": False}, {"separate_compiled_gradients": True}):
            with tf.xla.experimental.jit_scope(**options):
                x = tf.constant(1.0) + 2.0
            marks.append([x.op.get_attr(f"_Xla{name}") for name in ("Compile", "SeparateCompiledGradients", "Scope")])
        outputs = tf.xla.experimental.compile(lambda a, b: (a + 1.0, b * 2.0), [x, tf.constant(4.0)])
        return marks, len(outputs)

    check_both(body)
    import scopedjax as tf

    with tf.Graph().as_default():
        changed = tf.get_variable("v", [], initializer=tf.zeros_initializer())
        outputs = tf.xla.experimental.compile(lambda a: (a + 1.0, changed.assign_add(1.0).op), [tf.constant(4.0)])
        with tf.Session() as session:
            session.run(changed.initializer)
            assert session.run([outputs, changed]) == [[5.0], 1.0]
    check_both_raise(lambda tf: tf.xla.experimental.compile(lambda a: a, tf.constant(1.0)))


def test_the_default_strategy() -> None:
    def body(tf: Any) -> Any:
        strategy, context = tf.distribute.get_strategy(), tf.distribute.get_replica_context()
        x = tf.constant([1.0, 2.0])
        with strategy.scope() as current:
            same = current is strategy
        values = tf.Session().run(
            [
                strategy.reduce("SUM", x, axis=0),
                strategy.reduce(tf.distribute.ReduceOp.MEAN, x, axis=0),
                strategy.reduce(tf.distribute.ReduceOp.MEAN, x, axis=None),
                context.all_reduce("SUM", x),
                strategy.experimental_local_results(x)[0],
                strategy.unwrap(x)[0],
            ]
        )
        return [
            values,
            same,
            tf.distribute.has_strategy(),
            tf.distribute.in_cross_replica_context(),
            tf.distribute.get_loss_reduction().value,
            strategy.num_replicas_in_sync,
            strategy.run(lambda a, b: a - b, args=(5,), kwargs={"b": 2}),
            context.num_replicas_in_sync,
            context.replica_id_in_sync_group,
            context.strategy is strategy,
            context.devices,
            context.merge_call(lambda s, a: (s is strategy, a), args=(1,)),
            isinstance(strategy, tf.distribute.Strategy),
            isinstance(context, tf.distribute.ReplicaContext) or "Default" in type(context).__name__,
            strategy.group(1),
        ]

    check_both(body)


def _modules(tf: Any) -> Any:
    class Inner(tf.Module):  # type: ignore[misc, name-defined]
        def __init__(self, name: str | None = None) -> None:
            super().__init__(name=name)
            with self.name_scope:
                self.w = tf.Variable([1.0], name="w")
                self.b = [tf.Variable(2.0, name="b", trainable=False), {"k": tf.Variable(3.0), "a": tf.Variable(4.0)}]
            self.nothing = None

        @tf.Module.with_name_scope
        def __call__(self, x: Any) -> Any:
            return x * self.w

    class MyHTTPNet2(tf.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.z = tf.Variable(0.0, name="z")
            self.first = Inner("inner")
            self.more = [Inner(), (self.first,)]
            self.again = self.first

    return Inner, MyHTTPNet2


def test_modules() -> None:
    def body(tf: Any) -> Any:
        _, Net = _modules(tf)
        net = Net()
        return [
            net.name,
            net.name_scope.name,
            [v.name for v in net.variables],
            [v.name for v in net.trainable_variables],
            [v.name for v in net.non_trainable_variables],
            [m.name for m in net.submodules],
            net.first(tf.constant(1.0)).name,
            net.first(tf.constant(1.0)).name,
        ]

    check_both(body)


def test_names_of_modules() -> None:
    check_both_raise(lambda tf: tf.Module("1bad"))
