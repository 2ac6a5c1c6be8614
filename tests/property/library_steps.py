"""Steps of random programs that use the library: neural networks, matrices, segments, sorting, branches and loops.

Each adds one line whose result has a known shape and numbers of moderate size; where TensorFlow's own result would
hang on the last bit of its input (the order of nearly equal numbers), the input is rounded first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

Step = Callable[[Any, Any, str], None]


def _flat(program: Any, x: str) -> tuple[str, int]:
    """The tensor as a vector: (expression, size)."""
    size = int(np.prod(program.shapes[x]))
    return f"tf.reshape({x}, [{size}])", size


def _rows(draw: Any, program: Any, x: str) -> tuple[str, int, int]:
    """The tensor as a matrix: (expression, rows, columns)."""
    size = int(np.prod(program.shapes[x]))
    rows = draw(st.sampled_from([d for d in (1, 2, 3, 4, 6) if size % d == 0]))
    return f"tf.reshape({x}, [{rows}, {size // rows}])", rows, size // rows


def along_an_axis(draw: Any, program: Any, x: str) -> None:
    """What keeps the shape and works along one axis."""
    shape = program.shapes[x]
    if not shape:
        program.add(f"tf.nn.softmax(tf.reshape({x}, [1]))", (1,))
        return
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    name = draw(
        st.sampled_from(
            [
                "tf.nn.softmax({x}, axis={a})", "tf.nn.log_softmax({x}, axis={a})", "tf.cumsum({x}, {a})",
                "tf.cumsum({x}, {a}, exclusive=True, reverse=True)", "tf.reverse({x}, [{a}])",
                "tf.nn.l2_normalize({x} + 3.0, {a})", "tf.cumprod({x} * 0.5, {a})", "tf.roll({x}, 1, {a})",
                "tf.sort(tf.round({x} * 4.0), {a})",
            ]
        )
    )  # fmt: skip
    program.add(name.format(x=x, a=axis), shape)


def resized(draw: Any, program: Any, x: str) -> None:
    """What makes a tensor larger or smaller."""
    shape = program.shapes[x]
    if not shape:
        program.add(f"tf.fill([2], {x})", (2,))
        return
    kind = draw(st.integers(0, 4))
    times = [draw(st.integers(1, 2)) for _ in shape]
    if kind == 0:
        program.add(f"tf.tile({x}, {times})", tuple(d * t for d, t in zip(shape, times, strict=True)))
    elif kind == 1:
        pads = [[draw(st.integers(0, 1)), draw(st.integers(0, 1))] for _ in shape]
        program.add(f"tf.pad({x}, {pads})", tuple(d + a + b for d, (a, b) in zip(shape, pads, strict=True)))
    elif kind == 2:
        program.add(f"tf.unstack({x}, num={shape[0]})[-1]", shape[1:])
    elif kind == 3:
        program.add(f"tf.split({x}, {shape[0]})[0]", (1, *shape[1:]))
    else:
        program.add(f"tf.broadcast_to({x}, {[2, *shape]})", (2, *shape))


def chosen(draw: Any, program: Any, x: str) -> None:
    """Shapes that depend on values, brought back to known ones."""
    flat, size = _flat(program, x)
    program.add(
        draw(
            st.sampled_from(
                [
                    f"tf.reduce_sum(tf.boolean_mask({flat}, {flat} > 0.1))",
                    f"tf.reduce_sum(tf.square(tf.gather({flat}, tf.where({flat} < 0.3)[:, 0])))",
                    f"tf.reduce_mean(tf.to_float(tf.unique(tf.to_int32({flat}))[0]))",
                    f"tf.add_n([tf.reduce_sum(p) * (i + 1.0) for i, p in enumerate("
                    f"tf.dynamic_partition({flat}, tf.to_int32({flat} > 0.0), 2))])",
                    f"tf.to_float(tf.size(tf.where({flat} > 0.5)))",
                ]
            )
        ),
        (),
    )
    del size


def grouped(draw: Any, program: Any, x: str) -> None:
    """Segments, scatters, one-hot rows."""
    matrix, rows, columns = _rows(draw, program, x)
    ids = [draw(st.integers(0, 2)) for _ in range(rows)]
    kind = draw(st.integers(0, 5))
    if kind == 0:
        program.add(f"tf.unsorted_segment_sum({matrix}, {ids}, 3)", (3, columns))
    elif kind == 1:
        program.add(f"tf.segment_mean({matrix}, {sorted(ids)})[0]", (columns,))
    elif kind == 2:
        program.add(f"tf.scatter_nd({[[i] for i in ids]}, {matrix}, [3, {columns}])", (3, columns))
    elif kind == 3:
        program.add(f"tf.one_hot({ids}, 3) * tf.reduce_mean({matrix})", (rows, 3))
    elif kind == 4:
        lengths = [draw(st.integers(0, columns)) for _ in range(rows)]
        program.add(f"tf.sequence_mask({lengths}, {columns}, tf.float32) * {matrix}", (rows, columns))
    else:
        lengths = [draw(st.integers(1, columns)) for _ in range(rows)]
        program.add(f"tf.reverse_sequence({matrix}, {lengths}, seq_axis=1)", (rows, columns))


def matrices(draw: Any, program: Any, x: str) -> None:
    """Products and decompositions of well-conditioned matrices."""
    matrix, rows, columns = _rows(draw, program, x)
    if rows * columns > 24 or rows > 4:
        program.add(f"tf.trace(tf.matmul({matrix}, {matrix}, transpose_a=True))", ())
        return
    good = f"tf.matmul({matrix}, {matrix}, transpose_b=True) + 4.0 * tf.eye({rows})"
    program.add(
        *draw(
            st.sampled_from(
                [
                    (f"tf.cholesky({good})", (rows, rows)),
                    (f"tf.matrix_inverse({good})", (rows, rows)),
                    (f"tf.matrix_solve({good}, {matrix})", (rows, columns)),
                    (f"tf.log(tf.matrix_determinant({good}))", ()),
                    (f"tf.einsum('ij,kj->ik', {matrix}, {matrix})", (rows, rows)),
                    (f"tf.tensordot({matrix}, {matrix}, [[0], [0]])", (columns, columns)),
                    (f"tf.matrix_band_part({matrix}, 1, 0)", (rows, columns)),
                    (f"tf.diag_part({good})", (rows,)),
                ]
            )
        )
    )


def images(draw: Any, program: Any, x: str) -> None:
    """Convolutions and pools of a tensor taken as one small image."""
    matrix, rows, columns = _rows(draw, program, x)
    image = f"tf.reshape({matrix}, [1, {rows}, {columns}, 1])"
    padding = draw(st.sampled_from(["SAME", "SAME", "VALID"]))
    if padding == "VALID" and (rows < 2 or columns < 2):
        padding = "SAME"
    stride = draw(st.integers(1, 2))
    high, wide = (-(-d // stride) if padding == "SAME" else -(-(d - 1) // stride) for d in (rows, columns))
    kind = draw(st.integers(0, 3))
    strides, shape = f"[1, {stride}, {stride}, 1]", (1, high, wide, 1)
    if kind == 0:
        kernel = "tf.reshape(tf.constant([0.5, -1.0, 0.25, 1.5]), [2, 2, 1, 1])"
        program.add(f"tf.nn.conv2d({image}, {kernel}, {strides}, '{padding}')", shape)
    elif kind == 1:
        # Equal numbers in one window: TensorFlow gives the gradient to the first.
        program.add(f"tf.nn.max_pool({image}, [1, 2, 2, 1], {strides}, '{padding}')", shape)
    elif kind == 2:
        program.add(f"tf.nn.avg_pool({image}, [1, 2, 2, 1], {strides}, '{padding}')", shape)
    else:
        kernel = "tf.reshape(tf.constant([0.5, -1.0, 0.25, 1.5]), [2, 2, 1, 1])"
        program.add(f"tf.nn.depthwise_conv2d({image}, {kernel}, {strides}, '{padding}')", shape)


def branches(draw: Any, program: Any, x: str) -> None:
    """`cond` and `case`."""
    shape = program.shapes[x]
    if draw(st.booleans()):
        program.add(f"tf.cond(tf.reduce_sum({x}) > 0.2, lambda: {x} * 2.0, lambda: tf.sin({x}))", shape)
    else:
        program.add(
            f"tf.case([(tf.reduce_max({x}) > 1.0, lambda: {x} - 1.0), (tf.reduce_min({x}) < -1.0, lambda: -{x})], "
            f"default=lambda: {x} + 0.5)",
            shape,
        )


def loops(draw: Any, program: Any, x: str) -> None:
    """Loops with a known count, with one that depends on values, and along the first axis."""
    shape = program.shapes[x]
    kind = draw(st.integers(0, 4 if shape else 1))
    if kind == 0:
        count = draw(st.integers(0, 3))
        program.add(
            f"tf.while_loop(lambda i, v: i < {count}, lambda i, v: (i + 1, tf.tanh(v) + 0.1), [0, {x}])[1]", shape
        )
    elif kind == 1:
        program.add(
            "tf.while_loop(lambda i, v: (i < 4) & (tf.reduce_sum(tf.abs(v)) > 0.5), "
            f"lambda i, v: (i + 1, v * 0.5), [0, {x}])[1]",
            shape,
        )
    elif kind == 2:
        program.add(f"tf.map_fn(lambda v: tf.square(v) - 0.5, {x})", shape)
    elif kind == 3:
        program.add(f"tf.scan(lambda a, v: a * 0.5 + v, {x})", shape)
    else:
        program.add(f"tf.foldl(lambda a, v: tf.tanh(a + v), {x})", shape[1:])


LIBRARY: tuple[Step, ...] = (
    along_an_axis, along_an_axis, resized, chosen, grouped, grouped, matrices, images, branches, loops,
)  # fmt: skip
