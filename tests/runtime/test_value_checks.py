"""Indices that only a running program knows to be wrong: errors as TensorFlow's on a CPU, and what they leave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scopedjax
from scopedjax._src.lower.checks import NOTE
from tests.oracle import both, check_both, check_both_raise

ROWS = np.arange(10, dtype=np.float32).reshape(5, 2)
Body = Callable[[Any, Callable[..., Any]], Any]


def run_with_feeds(tf: Any, build: Body) -> Any:
    """Runs what `build(tf, fed)` returns; `fed(value)` is a placeholder, so that no graph knows the value."""
    feeds: dict[Any, Any] = {}

    def fed(value: Any, dtype: Any = None) -> Any:
        placeholder = tf.placeholder(dtype or tf.int32, np.shape(value))
        feeds[placeholder] = value
        return placeholder

    fetches = build(tf, fed)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def variable(tf: Any, resource: bool = False) -> Any:
    return tf.get_variable("v", initializer=ROWS, use_resource=resource)


def _scatter(name: str, resource: bool) -> Body:
    return lambda tf, fed: getattr(tf, name)(variable(tf, resource), fed([1, 7]), tf.constant(ROWS[:2] + 1))


def _scatter_nd(name: str, resource: bool) -> Body:
    return lambda tf, fed: getattr(tf, name)(variable(tf, resource), fed([[1], [7]]), tf.constant(ROWS[:2]))


def _branch(tf: Any, pred: Any, ids: Any) -> Any:
    return tf.cond(pred, lambda: tf.gather(ROWS, ids), lambda: tf.zeros([1, 2]))


def _loop(tf: Any, count: Any) -> Any:
    return tf.while_loop(lambda i, s: i < count, lambda i, s: (i + 1, s + tf.gather(ROWS, i)), [0, tf.zeros([2])])[1]


def _sparse(tf: Any, places: Any) -> Any:
    return tf.SparseTensor(places, [1.0], [5, 5])


CASES: dict[str, tuple[Body, str]] = {
    "gather": (lambda tf, fed: tf.gather(ROWS, fed([1, 7])), "indices[1] = 7 is not in [0, 5)"),
    "gather, negative": (lambda tf, fed: tf.gather(ROWS, fed([[1, -1]])), "indices[0,1] = -1 is not in [0, 5)"),
    "gather, scalar": (lambda tf, fed: tf.gather(ROWS, fed(9)), "indices = 9 is not in [0, 5)"),
    "gather, axis": (lambda tf, fed: tf.gather(ROWS, fed([0, 2]), axis=1), "indices[1] = 2 is not in [0, 2)"),
    "gather, batch": (
        lambda tf, fed: tf.gather(ROWS, fed([[0]] * 4 + [[3]]), axis=1, batch_dims=1),
        "indices[4,0] = 3 is not in [0, 2)",
    ),
    "gather, resource": (lambda tf, fed: tf.gather(variable(tf, True), fed([7])), "indices[0] = 7 is not in [0, 5)"),
    "embedding": (
        lambda tf, fed: tf.nn.embedding_lookup(variable(tf), fed([1, 7])), "indices[1] = 7 is not in [0, 5)",
    ),
    "gather_nd": (
        lambda tf, fed: tf.gather_nd(ROWS, fed([[[1, 1]], [[2, 4]]])),
        "indices[1,0] = [2, 4] does not index into param shape [5,2]",
    ),
    "scatter_nd": (
        lambda tf, fed: tf.scatter_nd(fed([[1, 1], [0, 9]]), tf.constant([1.0, 2.0]), [5, 5]),
        "indices[1] = [0, 9] does not index into shape [5,5]",
    ),
    "tensor_scatter_add": (
        lambda tf, fed: tf.tensor_scatter_add(ROWS, fed([[7]]), ROWS[:1]),
        "indices[0] = [7] does not index into shape [5,2]",
    ),
    "segments": (
        lambda tf, fed: tf.unsorted_segment_sum(ROWS, fed([0, 1, 7, 0, 1]), 3),
        "segment_ids[2] = 7 is out of range [0, 3)",
    ),
    "sorted segments": (
        lambda tf, fed: tf.segment_sum(ROWS, fed([-1, 1, 1, 2, 3])), "Segment id -1 out of range [0, 4)",
    ),
    "sparse segments": (
        lambda tf, fed: tf.sparse_segment_mean(ROWS, fed([0, 9]), fed([0, 0])),
        "Bad: indices[1] == 9 out of range [0, 5)",
    ),
    "labels": (
        lambda tf, fed: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=fed([7]), logits=[[1.0, 2.0]]),
        "Received a label value of 7 which is outside the valid range of [0, 2).",
    ),
    "slice": (lambda tf, fed: tf.slice(ROWS, fed([7, 0]), [1, 2]), "Expected begin[0] in [0, 5], but got 7"),
    "slice, size": (lambda tf, fed: tf.slice(ROWS, fed([4, 0]), [3, 2]), "Expected size[0] in [0, 1], but got 3"),
    "subscript": (lambda tf, fed: tf.constant(ROWS)[:, fed(2)], "slice index 2 of dimension 1 out of bounds."),
    "subscript, negative": (lambda tf, fed: tf.constant(ROWS)[fed(-7)], "slice index -2 of dimension 0 out of bounds."),
    "permutation": (lambda tf, fed: tf.invert_permutation(fed([0, 2, 2])), "2 is duplicated in the input."),
    "permutation, range": (lambda tf, fed: tf.invert_permutation(fed([0, 2, 3])), "3 is not between 0 and 3"),
    "reverse_sequence": (
        lambda tf, fed: tf.reverse_sequence(ROWS, fed([1, 9, 1, 1, 1]), seq_axis=1, batch_axis=0),
        "seq_lens(1) > input.dims(1)",
    ),
    "sparse product": (
        lambda tf, fed: tf.sparse.matmul(_sparse(tf, fed([[1, 9]], tf.int64)), ROWS),
        "k (9) from index[0,1] out of bounds (>=5)",
    ),
    "bincount": (lambda tf, fed: tf.bincount(fed([-1, 2])), "Input arr must be non-negative!"),
    "gradient": (
        lambda tf, fed: tf.train.GradientDescentOptimizer(1.0).minimize(
            tf.reduce_sum(tf.gather(variable(tf), fed([1, 7]))), name="train"
        ),
        "indices[1] = 7 is not in [0, 5)",
    ),
    "in a branch": (
        lambda tf, fed: _branch(tf, fed(1) > 0, fed([7])),
        "indices[0] = 7 is not in [0, 5)",
    ),
    "in a loop": (
        lambda tf, fed: _loop(tf, fed(6)),
        "indices = 5 is not in [0, 5)",
    ),
    "in a map": (
        lambda tf, fed: tf.map_fn(lambda i: tf.gather(ROWS, i), fed([1, 8, 3]), dtype=tf.float32),
        "indices = 8 is not in [0, 5)",
    ),
    **{
        f"scatter_{how}{', resource' * resource}": (
            _scatter(f"scatter_{how}", resource), "indices[1] = 7 is not in [0, 5)",
        )
        for how in ("update", "add", "sub", "mul", "div", "min", "max")
        for resource in (False, True)
    },
    **{
        f"scatter_nd_{how}{', resource' * resource}": (
            _scatter_nd(f"scatter_nd_{how}", resource), "indices[1] = [7] does not index into shape [5,2]",
        )
        for how in ("update", "add", "sub")
        for resource in (False, True)
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_raises_as_tensorflow_on_a_cpu(name: str) -> None:
    body, words = CASES[name]
    check_both_raise(run_with_feeds, body, match=words)


def test_error_names_node_and_line() -> None:
    tf = scopedjax
    with tf.Graph().as_default(), tf.Session() as sess:
        ids = tf.placeholder(tf.int32, [2])
        rows = tf.gather(ROWS, ids, name="lookup")
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            sess.run(rows, {ids: [0, 5]})
        assert caught.value.op is rows.op
        assert "{{node lookup}}" in caught.value.message and "test_value_checks.py" in caught.value.message
        assert sess.run(rows, {ids: [0, 4]}).tolist() == [[0, 1], [8, 9]]


@pytest.mark.parametrize("steps", [1, 3])
def test_nested_loops_and_their_gradient(steps: int) -> None:
    def body(tf: Any, last: int) -> Any:
        table, count = tf.constant(ROWS), tf.placeholder(tf.int32, [])

        def outer(i: Any, s: Any) -> Any:
            inner = tf.while_loop(
                lambda j, t: j < 2, lambda j, t: (j + 1, t * tf.gather(table, i + j)), [0, tf.ones([2]) + s]
            )
            return i + 1, inner[1]

        total = tf.while_loop(lambda i, s: i < count, outer, [0, tf.zeros([2])])[1]
        gradient = tf.convert_to_tensor(tf.gradients(total, table)[0])
        with tf.Session() as sess:
            return sess.run([total, gradient], {count: last})

    check_both(body, steps)
    check_both_raise(body, 5, match="indices = 5 is not in [0, 5)")


def _training(tf: Any) -> tuple[Any, Any, Any]:
    table, ids = variable(tf), tf.placeholder(tf.int32, [None])
    return table, ids, tf.scatter_add(table, ids, tf.ones([tf.size(ids), 2])).op


def test_a_run_without_values_tells_later_which_run_it_was() -> None:
    tf = scopedjax
    with tf.Graph().as_default():
        table, ids, train = _training(tf)
        sess = tf.Session()
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 9 is not in"):
            sess.run(train, {ids: [0, 9]})
            sess.run(table)  # at the latest
        assert sess.run(table)[:2].tolist() == [[1, 2], [2, 3]]  # the row that there is was changed
        sess.close()


def _pending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every program look busy until somebody waits for it."""
    from scopedjax._src.lower import checks

    plain = checks.PendingNotes.look

    def look(self: Any, values: bool = False, everything: bool = False) -> None:
        if everything:
            plain(self, values, everything)

    monkeypatch.setattr(checks.PendingNotes, "look", look)


def test_save_and_close_look_at_what_is_pending(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    tf = scopedjax
    _pending(monkeypatch)
    with tf.Graph().as_default():
        _, ids, train = _training(tf)
        saver = tf.train.Saver()
        with pytest.raises(tf.errors.InvalidArgumentError, match="run number 2 of this session"), tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(train, {ids: [0, 9]})
            saver.save(sess, str(tmp_path / "model"))
        assert not list(tmp_path.glob("model.index")) and not (tmp_path / "checkpoint").exists()
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"), tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(train, {ids: [0, 9]})


def test_another_thread_does_not_get_the_error() -> None:
    tf = scopedjax
    with tf.Graph().as_default():
        ids = tf.placeholder(tf.int32, [1])
        rows = tf.gather(ROWS, ids)
        sess = tf.Session()
        errors: dict[int, list[Any]] = {2: [], 7: []}

        def work(index: int) -> None:
            for _ in range(30):
                try:
                    sess.run(rows, {ids: [index]})
                except tf.errors.InvalidArgumentError as error:
                    errors[index].append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in errors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(errors[7]) == 30 and not errors[2]
        sess.close()


def _checked(build: Callable[[Any], Any], feeds: dict[str, Any] | None = None) -> bool:
    """Whether the program of `build(tf)` has a note among its outputs."""
    from scopedjax._src.lower.execute import Executor
    from scopedjax._src.lower.plan import make_plan

    tf = scopedjax
    with tf.Graph().as_default(), tf.Session() as sess:
        fetch = build(tf)
        sess.run(tf.global_variables_initializer())
        given = {sess.graph.get_tensor_by_name(k): np.asarray(v) for k, v in (feeds or {}).items()}
        executor = Executor(make_plan([fetch], [], given))
        executor.run(sess.state, list(given.values()))
        stages: list[Any] = [s for s in executor._stages if hasattr(s, "programs")]
        programs = [p for s in stages for p in s.programs.values()]
        sess.state.notes.look(everything=True)
        return any(p.checks.sites for p in programs)


PROVEN: dict[str, Callable[[Any], Any]] = {
    "constant": lambda tf: tf.gather(variable(tf), [0, 4]),
    "argmax": lambda tf: tf.gather(variable(tf), tf.argmax(tf.random_uniform([3, 5]), 1)),
    "top_k": lambda tf: tf.gather(variable(tf), tf.nn.top_k(tf.random_uniform([5]), 2)[1]),
    "range": lambda tf: tf.gather(variable(tf), tf.range(tf.shape(variable_again(tf))[0])),
    "modulo": lambda tf: tf.gather(variable(tf), tf.random_uniform([3], 0, 100, tf.int32) % 5),
    "clipped": lambda tf: tf.gather(ROWS, tf.clip_by_value(tf.random_uniform([3], 0, 100, tf.int32), 0, 4)),
    "random": lambda tf: tf.gather(ROWS, tf.random_uniform([3], 0, 5, tf.int32)),
    "sampled": lambda tf: tf.gather(ROWS, tf.nn.log_uniform_candidate_sampler([[1]], 1, 3, True, 5)[0]),
    "counter": lambda tf: tf.while_loop(
        lambda i, s: i < 5, lambda i, s: (i + 1, s + tf.gather(ROWS, i)), [0, tf.zeros([2])]
    )[1],
    "subscript by counter": lambda tf: tf.while_loop(
        lambda i, s: i < 5, lambda i, s: (i + 1, s + tf.constant(ROWS)[i]), [0, tf.zeros([2])]
    )[1],
    "fed, not looked up": lambda tf: tf.placeholder_with_default([7], [1], name="x") + 1,
}


def variable_again(tf: Any) -> Any:
    with tf.variable_scope("", reuse=True):
        return tf.get_variable("v")


@pytest.mark.parametrize("name", PROVEN)
def test_what_the_graph_proves_is_not_checked(name: str) -> None:
    assert not _checked(PROVEN[name])


def test_what_is_fed_in_place_of_a_proof_is_checked() -> None:
    def build(tf: Any) -> Any:
        return tf.gather(ROWS, tf.argmax(tf.zeros([3, 5]), 1, name="best"))

    assert not _checked(build)
    with pytest.raises(scopedjax.errors.InvalidArgumentError, match="= 9 is not in"):
        _checked(build, {"best:0": [0, 9, 1]})


def test_optimizers_do_not_check_again() -> None:
    tf = scopedjax
    for optimizer in (
        tf.train.GradientDescentOptimizer(0.1),
        tf.train.AdamOptimizer(),
        tf.train.MomentumOptimizer(0.1, 0.9),
    ):
        with tf.Graph().as_default(), tf.Session() as sess:
            ids = tf.placeholder(tf.int32, [3])
            loss = tf.reduce_sum(tf.nn.embedding_lookup(variable(tf), ids))
            train = optimizer.minimize(loss)
            sess.run(tf.global_variables_initializer())
            sess.run([loss, train], {ids: [1, 1, 4]})
            stages: list[Any] = [s for e in sess._plans.values() if ids in e.plan.feeds for s in e._stages]
            sites = [s for stage in stages for p in stage.programs.values() for s in p.checks.sites]
            assert [s.op.name for s in sites] == ["embedding_lookup"]
            with pytest.raises(tf.errors.InvalidArgumentError, match="node embedding_lookup"):
                sess.run([loss, train], {ids: [1, 9, 4]})


def test_setting_turns_the_checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPEDJAX_CHECK_INDICES", "0")
    found = both(run_with_feeds, lambda tf, fed: tf.gather(ROWS, fed([1, 7])))[1]
    assert found.tolist() == [[2, 3], [0, 0]]


def test_pure_function_stays_pure() -> None:
    import jax

    tf = scopedjax
    with tf.Graph().as_default(), tf.Session() as sess:
        ids = tf.placeholder(tf.int32, [2])
        rows = tf.gather(variable(tf), ids)
        sess.run(tf.global_variables_initializer())
        fn, params = tf.pure_function(rows, [ids], sess)
        assert np.asarray(jax.jit(fn)(params, [1, 7])).tolist() == [[2, 3], [0, 0]]


def test_no_variable_can_have_the_name_of_the_note() -> None:
    with scopedjax.Graph().as_default(), pytest.raises(ValueError, match="not a valid root scope name"):
        scopedjax.Variable(1.0, name=NOTE)
