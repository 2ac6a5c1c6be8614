"""Functions about graphs, shapes and conversions that have no family of their own, against real TensorFlow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

SPECS = [
    "", "/gpu:0", "/device:GPU:1", "/job:worker/task:3/cpu:0", "/job:ps/replica:1/task:0/device:CPU:*", "/job:a",
]  # fmt: skip


@pytest.mark.parametrize("text", SPECS)
def test_device_spec(text: str) -> None:
    def body(tf: Any) -> Any:
        spec = tf.DeviceSpec.from_string(text)
        other = tf.DeviceSpec(job="ps", device_type="GPU", device_index=2)
        merged = tf.DeviceSpec.from_string(text)
        merged.merge_from(other)
        kind = other.make_merged_spec(tf.DeviceSpec.from_string("/cpu:*"))
        fields = ("job", "replica", "task", "device_type", "device_index")
        with tf.device(spec):
            node = tf.constant(1)
        return (
            spec.to_string(),
            [getattr(spec, f) for f in fields],
            merged.to_string(),
            other.to_string(),
            kind.to_string(),
            node.device,
        )

    check_both(body)


@pytest.mark.parametrize("text", ["/job", "/task:x", "/nothing:0", "cpu:0:1", "/cpu:0/gpu:0", "/device:CPU"])
def test_no_device_spec(text: str) -> None:
    check_both_raise(lambda tf: tf.DeviceSpec.from_string(text))


BODIES: dict[str, Callable[[Any], Any]] = {
    "add_to_collections": lambda tf: (
        tf.add_to_collections(["a", "b", "a"], 7),
        tf.add_to_collections("c", 8),
        [tf.get_collection(key) for key in "abc"],
    ),
    "is_numeric_tensor": lambda tf: [
        tf.is_numeric_tensor(x)
        for x in (tf.constant(1), tf.constant("a"), tf.constant(True), 3, tf.Variable(1.0), tf.constant(1j))
    ],
    "assert_proper_iterable": lambda tf: [tf.assert_proper_iterable(x) for x in ([], (1,), {1: 2})],
    "broadcast_static_shape": lambda tf: [
        tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b))
        for a, b in (([2, 1], [3]), ([None, 3], [1]), (None, [2]), ([], [2, 2]))
    ],
    "get_static_value": lambda tf: [
        tf.get_static_value(x)
        for x in (tf.constant([1, 2]), tf.placeholder(tf.float32), tf.shape(tf.zeros([2, 3])), tf.constant("s"))
    ],
    "switches": lambda tf: (
        tf.executing_eagerly(), tf.control_flow_v2_enabled(),
        tf.disable_eager_execution(), tf.disable_v2_tensorshape(), tf.resource_variables_enabled(),
    ),
    "resize_method": lambda tf: {
        name: value for name, value in vars(tf.image.ResizeMethod).items() if not name.startswith("_")
    },
    "built_with": lambda tf: tf.test.is_built_with_rocm(),
    "compression": lambda tf: [
        getattr(tf.io.TFRecordCompressionType, name) for name in ("NONE", "ZLIB", "GZIP")
    ] + [tf.python_io.TFRecordCompressionType is tf.io.TFRecordCompressionType],
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_function(name: str) -> None:
    check_both(BODIES[name])


@pytest.mark.parametrize("value", [1, "abc", b"x", None, np.zeros(2)])
def test_no_proper_iterable(value: Any) -> None:
    check_both_raise(lambda tf: tf.assert_proper_iterable(value))


def test_shapes_that_do_not_broadcast() -> None:
    check_both_raise(lambda tf: tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3])))


def test_containers() -> None:
    def body(tf: Any) -> Any:
        with tf.container("a"):
            first = tf.FIFOQueue(2, tf.int32, name="q")
            with tf.container("b"):
                second = tf.Variable(1.0, name="v")
        third = tf.FIFOQueue(2, tf.int32, name="r")
        return [o.op.get_attr("container") for o in (first.queue_ref, second, third.queue_ref)]

    check_both(body)


def test_op_scope() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(1.0, name="x")
        with tf.op_scope([x], None, "default") as scope:
            y = tf.identity(x, name="y")
        with tf.op_scope([x], "given") as given:
            tf.identity(x, name=given)
        return scope, given, y.name, graph_nodes(tf.get_default_graph())

    check_both(body)


def test_variable_scope_object() -> None:
    def body(tf: Any) -> Any:
        scope = tf.VariableScope(reuse=tf.AUTO_REUSE, name="by_hand", initializer=tf.ones_initializer())
        with tf.variable_scope(scope):
            v = tf.get_variable("v", [2])
            again = tf.get_variable("v", [2])
        scope.reuse_variables()
        scope.set_dtype(tf.float64)
        return (
            v.name,
            v is again,
            scope.name,
            scope.reuse,
            scope.dtype.name,
            scope.use_resource,
            scope.original_name_scope,
        )

    check_both(body)


class Celsius:
    """A type of the user's own."""

    def __init__(self, degrees: list[float]) -> None:
        self.degrees = degrees


def test_conversion_of_ones_own_type() -> None:
    def body(tf: Any) -> Any:
        class Mine(Celsius):
            pass

        asked = []

        def convert(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
            asked.append((None if dtype is None else dtype.name, name, as_ref))
            if dtype is not None and dtype != tf.float32:
                return NotImplemented
            return tf.constant(np.float32(value.degrees) + 273.15, name=name)

        tf.register_tensor_conversion_function(Mine, convert, priority=10)
        y = tf.add(Mine([1.0, 2.0]), 1.0)
        z = tf.convert_to_tensor(Mine([0.0]), name="kelvin")
        nodes = graph_nodes(tf.get_default_graph())
        try:
            tf.convert_to_tensor(Mine([0.0]), tf.int32)
            refused = None
        except (TypeError, RuntimeError, ValueError) as error:
            refused = type(error).__name__
        with tf.Session() as sess:
            return asked[:2], nodes, refused, sess.run([y, z])

    check_both(body)


def test_no_gradient_by_registration() -> None:
    def body(tf: Any) -> Any:
        return tf.NoGradient is tf.NotDifferentiable

    check_both(body)
    check_both_raise(lambda tf: tf.NoGradient(3), match="op_type must be a string")


def test_readers_share_a_base() -> None:
    readers = ("TextLineReader", "WholeFileReader", "TFRecordReader", "IdentityReader", "FixedLengthRecordReader")
    check_both(lambda tf: [issubclass(getattr(tf, name), tf.ReaderBase) for name in readers])


@pytest.mark.parametrize("channels", [0, 3])
def test_bitmaps_and_gifs(channels: int) -> None:
    from PIL import Image

    pixels = np.random.RandomState(0).randint(0, 255, (5, 4, 3)).astype(np.uint8)
    files = {}
    for kind in ("BMP", "GIF"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind)
        files[kind] = buffer.getvalue()

    def body(tf: Any) -> Any:
        bitmap = tf.image.decode_bmp(files["BMP"], channels=channels, name="b")
        film = tf.image.decode_gif(files["GIF"], name="g")
        nodes = graph_nodes(tf.get_default_graph())
        with tf.Session() as sess:
            return nodes, bitmap.shape, film.shape, sess.run([bitmap, film])

    check_both(body)
