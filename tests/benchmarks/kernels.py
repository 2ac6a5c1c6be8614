"""Kernels against real TensorFlow, by hand: `python -m tests.benchmarks.kernels [case ...]` prints times and ratios.

Each side runs in a process of its own, so that their thread pools do not meet. The two take turns, case by case, and
the best of many runs counts, so that a busy machine disturbs both alike; the processor's time (all threads) is given
beside the elapsed one for the same reason. Nothing is asserted.

    case              what is timed (float32, batch first)
    mnist             training step: 5x5 conv 32, 2x2 pool, 5x5 conv 64, 2x2 pool, dense 1024, dense 10; batch 128
    dcgan             critic's step: 5x5 stride 2 convolutions 64, 128, 256, 512 on 64x64x3, with the gradient of the
                      images; batch 64
    generator         the same the other way: transposed convolutions 256, 128, 64, 3 from 4x4x512; batch 64
    depthwise, pool, norm    one layer and its gradients
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CASES = ("mnist", "dcgan", "generator", "depthwise", "pool", "norm")
SECONDS = 4.0  # for each case and turn
TURNS = 3


def _arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    random = np.random.RandomState(0)
    return [(random.standard_normal(shape) * 0.05).astype(np.float32) for shape in shapes]


INPUTS = {
    "mnist": _arrays((128, 28, 28, 1), (5, 5, 1, 32), (5, 5, 32, 64), (3136, 1024), (1024, 10)),
    "dcgan": _arrays((64, 64, 64, 3), (5, 5, 3, 64), (5, 5, 64, 128), (5, 5, 128, 256), (5, 5, 256, 512)),
    "generator": _arrays((64, 4, 4, 512), (5, 5, 256, 512), (5, 5, 128, 256), (5, 5, 64, 128), (5, 5, 3, 64)),
    "depthwise": _arrays((32, 56, 56, 64), (3, 3, 64, 1)),
    "pool": _arrays((32, 56, 56, 64)),
    "norm": _arrays((64, 32, 32, 64), (64,), (64,)),
}
LABELS = (np.arange(128) % 10).astype(np.int32)


# ------------------------------------------------------------------------------------------------------- the two sides


class _TensorFlow:
    """Losses in terms of compat.v1; a step evaluates the gradients of all inputs."""

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow.compat.v1 as tf

        tf.disable_v2_behavior()
        self.tf = tf

    def conv(self, x: Any, w: Any, stride: int = 1) -> Any:
        return self.tf.nn.conv2d(x, w, stride, "SAME")

    def conv_transpose(self, x: Any, w: Any) -> Any:
        n, h, _, _ = x.shape.as_list()
        return self.tf.nn.conv2d_transpose(x, w, [n, 2 * h, 2 * h, w.shape[2].value], [1, 2, 2, 1], "SAME")

    def depthwise(self, x: Any, w: Any) -> Any:
        return self.tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME")

    def pool(self, x: Any, size: int) -> Any:
        return self.tf.nn.max_pool(x, size, 2, "SAME")

    def norm(self, x: Any, scale: Any, offset: Any) -> Any:
        return self.tf.nn.fused_batch_norm(x, scale, offset)[0]

    def relu(self, x: Any) -> Any:
        return self.tf.nn.relu(x)

    def dense(self, x: Any, w: Any) -> Any:
        return self.tf.matmul(self.tf.reshape(x, [-1, w.shape[0].value]), w)

    def entropy(self, logits: Any) -> Any:
        loss = self.tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=logits)
        return self.tf.reduce_mean(loss)

    def square(self, x: Any) -> Any:
        return self.tf.reduce_sum(x * x)

    def step(self, loss: Callable[..., Any], inputs: list[np.ndarray], wanted: list[int]) -> Callable[[], Any]:
        tf = self.tf
        with tf.Graph().as_default():
            variables = [tf.get_variable(f"v{i}", initializer=array) for i, array in enumerate(inputs)]
            reads = [tf.identity(variable) for variable in variables]
            gradients = tf.gradients(loss(*reads), [reads[i] for i in wanted])
            # Storing them keeps the results where they are: nothing is copied out.
            stores = [tf.get_variable(f"g{i}", initializer=inputs[i]).assign(g) for i, g in zip(wanted, gradients)]
            step, begin = tf.group(*stores), tf.global_variables_initializer()
            session = tf.Session()
        session.run(begin)
        return lambda: session.run(step)


class _Kernels:
    """The same in terms of the kernels, `lax` doing what is no kernel; `plain` takes lax for the kernels too."""

    def __init__(self, platform: str) -> None:
        import jax

        from scopedjax._src.ops.kernels import convolution, depthwise, fused_batch_norm, pooling, softmax_xent

        self.jax, self.jnp, self.platform = jax, jax.numpy, platform
        self._convolution, self._depthwise, self._pooling = convolution, depthwise, pooling
        self._norm, self._xent = fused_batch_norm, softmax_xent

    def conv(self, x: Any, w: Any, stride: int = 1) -> Any:
        return self._convolution.conv2d(x, w, [1, stride, stride, 1], "SAME", platform=self.platform)

    def conv_transpose(self, x: Any, w: Any) -> Any:
        shape = [x.shape[0], 2 * x.shape[1], 2 * x.shape[1], w.shape[2]]
        return self._convolution.conv2d_backprop_input(shape, w, x, [1, 2, 2, 1], "SAME", platform=self.platform)

    def depthwise(self, x: Any, w: Any) -> Any:
        return self._depthwise.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", platform=self.platform)

    def pool(self, x: Any, size: int) -> Any:
        if self.platform == "cpu":
            return self._pooling.max_pool(x, [1, size, size, 1], [1, 2, 2, 1], "SAME")
        lax = self.jax.lax
        return lax.reduce_window(x, -np.inf, lax.max, (1, size, size, 1), (1, 2, 2, 1), "SAME")

    def norm(self, x: Any, scale: Any, offset: Any) -> Any:
        return self._norm.fused_batch_norm(x, scale, offset, scale, scale, 0.001).y

    def relu(self, x: Any) -> Any:
        return self.jax.nn.relu(x)

    def dense(self, x: Any, w: Any) -> Any:
        return x.reshape(-1, w.shape[0]) @ w

    def entropy(self, logits: Any) -> Any:
        return self._xent.sparse_softmax_cross_entropy_with_logits(logits, self.jnp.asarray(LABELS))[0].mean()

    def square(self, x: Any) -> Any:
        return (x * x).sum()

    def step(self, loss: Callable[..., Any], inputs: list[np.ndarray], wanted: list[int]) -> Callable[[], Any]:
        arguments = [self.jnp.asarray(array) for array in inputs]
        run = self.jax.jit(self.jax.grad(loss, tuple(wanted)))
        return lambda: self.jax.block_until_ready(run(*arguments))


# ------------------------------------------------------------------------------------------------------------ the cases


def _loss(side: Any, case: str) -> Callable[..., Any]:
    def mnist(x: Any, w1: Any, w2: Any, w3: Any, w4: Any) -> Any:
        hidden = side.pool(side.relu(side.conv(x, w1)), 2)
        hidden = side.pool(side.relu(side.conv(hidden, w2)), 2)
        return side.entropy(side.dense(side.relu(side.dense(hidden, w3)), w4))

    def dcgan(x: Any, *filters: Any) -> Any:
        for w in filters:
            x = side.relu(side.conv(x, w, 2))
        return side.square(x)

    def generator(x: Any, *filters: Any) -> Any:
        for w in filters:
            x = side.relu(side.conv_transpose(x, w))
        return side.square(x)

    return {
        "mnist": mnist,
        "dcgan": dcgan,
        "generator": generator,
        "depthwise": lambda x, w: side.square(side.depthwise(x, w)),
        "pool": lambda x: side.square(side.pool(x, 3)),
        "norm": lambda x, scale, offset: side.square(side.norm(x, scale, offset)),
    }[case]


def _serve(name: str) -> None:
    """One side: reads the names of cases, answers each with the best times in milliseconds."""
    side = _TensorFlow() if name == "tensorflow" else _Kernels("cpu" if name == "kernels" else "plain")
    steps: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        case = line.strip()
        if case not in steps:
            inputs = INPUTS[case]
            wanted = list(range(0 if case != "mnist" else 1, len(inputs)))
            steps[case] = side.step(_loss(side, case), inputs, wanted)
            steps[case]()
        best, end = [float("inf")] * 2, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            start = time.perf_counter(), time.process_time()
            steps[case]()
            spent = time.perf_counter() - start[0], time.process_time() - start[1]
            best = [min(a, b) for a, b in zip(best, spent)]
        print(json.dumps([seconds * 1e3 for seconds in best]), flush=True)


def main(cases: list[str]) -> None:
    """Prints two lines a case: milliseconds of TensorFlow, of the kernels, of plain lax, and the ratios."""
    sides = {}
    for name in ("tensorflow", "kernels", "plain"):
        command = [sys.executable, "-m", "tests.benchmarks.kernels", "--serve", name]
        sides[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(f"{'case':19}{'TensorFlow':>12}{'kernels':>12}{'plain lax':>12}{'kernels/TF':>12}{'plain/TF':>12}")
    for case in cases:
        best = {name: [float("inf")] * 2 for name in sides}
        for _ in range(TURNS):
            for name, process in sides.items():
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(case + "\n")
                process.stdin.flush()
                best[name] = [min(a, b) for a, b in zip(best[name], json.loads(process.stdout.readline()))]
        for i, clock in enumerate(("elapsed", "cpu")):
            times = [best[name][i] for name in sides]
            ratios = [ms / times[0] for ms in times[1:]]
            print(
                f"{case:11}{clock:8}" + "".join(f"{ms:10.2f}ms" for ms in times) + "".join(f"{r:12.2f}" for r in ratios)
            )
    for process in sides.values():
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        _serve(sys.argv[2])
    else:
        main(sys.argv[1:] or list(CASES))
