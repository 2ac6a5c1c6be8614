"""Values that stay in a session between runs: nodes, values, feeds and errors, against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes, our_tf

pytestmark = pytest.mark.oracle


def test_handles_between_runs() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 2])
        kept = tf.get_session_handle(x * 2.0)
        other = tf.get_session_handle(tf.constant(3), name="other")
        with tf.Session() as session:
            # One after the other: in one run TensorFlow's threads race for the number 0.
            first, second = session.run(kept, {x: [[1.0, 2.0], [3.0, 4.0]]}), session.run(other)
            holder, value = tf.get_session_tensor(first.handle, tf.float32, name="value")
            nodes = graph_nodes(tf.get_default_graph())  # a handle's own methods add nodes there
            found = [first.handle, str(second), value.name, value.dtype.name, str(value.shape), holder.name]
            found += [session.run(value + 1.0, {holder: first.handle}), first.eval(), second.eval()]
            found += [session.run(x[:1], {x: first}), session.run(other).get_raw_handle()]
            holder, forget = tf.delete_session_tensor(first.handle)
            session.run(forget, {holder: first.handle})
            second.delete()
            return [*found, nodes, value.op.device, forget.type]

    check_both(body)


def test_a_training_loop_without_variables() -> None:
    """State that goes from run to run by its handle, fed for a tensor."""

    def body(tf: Any) -> Any:
        state = tf.placeholder(tf.float32, [2])
        advanced = tf.get_session_handle(state * 0.5 + 1.0)
        with tf.Session() as session:
            handle = session.run(advanced, {state: [0.0, 4.0]})
            for _ in range(13):
                handle = session.run(advanced, {state: handle})
            return handle.eval()

    check_both(body)


def _handle(tf: Any, session: Any, value: Any) -> Any:
    return session.run(tf.get_session_handle(tf.constant(value)))


def _deleted_by_node(tf: Any, session: Any) -> Any:
    handle = _handle(tf, session, 1.0)
    holder, forget = tf.delete_session_tensor(handle.handle)
    session.run(forget, {holder: handle.handle})
    return holder, forget, handle


def _forgotten_twice(tf: Any, session: Any) -> Any:
    holder, forget, handle = _deleted_by_node(tf, session)
    session.run(forget, {holder: handle.handle})


def _read_after_delete(tf: Any, session: Any) -> Any:
    _, _, handle = _deleted_by_node(tf, session)
    holder, value = tf.get_session_tensor(handle.handle, tf.float32)
    session.run(value, {holder: handle.handle})


def _deleted_twice(tf: Any, session: Any) -> Any:
    handle = _handle(tf, session, 1.0)
    handle.delete()
    handle.delete()


MISTAKES: dict[Callable[[Any, Any], Any], str | None] = {
    _forgotten_twice: "Failed to delete a tensor with handle",
    _read_after_delete: "is not in the session store",
    _deleted_twice: "may have already been deleted",
    lambda tf, session: tf.get_session_handle(3): "`data` must be of type Tensor.",
    lambda tf, session: session.run(tf.placeholder(tf.float32, name="p") + 1.0, {"p:0": _handle(tf, session, 3)}): (
        "Expects arg[0] to be float but int32 is provided"
    ),
}


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number: int) -> None:
    mistake, match = list(MISTAKES.items())[number]

    def body(tf: Any) -> Any:
        with tf.Session() as session:
            mistake(tf, session)

    check_both_raise(body, match=match)


def test_values_without_a_handle_are_forgotten() -> None:
    """A session does not grow with the handles that a program drops; a raw handle stays."""
    tf = our_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        keep = tf.get_session_handle(tf.zeros([4]))
        holder, value = tf.get_session_tensor("a;0;", tf.float32)
        raw = session.run(keep).get_raw_handle()
        dropped = session.run(keep).handle
        assert session.run(value, {holder: dropped}).shape == (4,)
        for _ in range(11):
            session.run(keep)
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the session store"):
            session.run(value, {holder: dropped})
        assert session.run(value, {holder: raw}).shape == (4,)
