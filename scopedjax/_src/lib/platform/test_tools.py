"""The functions of `tf.test`: running tests, asking for devices, comparing graphs."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import jax

from scopedjax._src.base import errors
from scopedjax._src.graph import protos


def main(argv: list[str] | None = None) -> None:
    """Runs the tests of the script, and ends the process.

    Args:
      argv: The command line; `sys.argv` by default.
    """
    from absl.testing import absltest

    absltest.main(argv=argv)


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether JAX has a GPU.

    Args:
      cuda_only: Whether only GPUs of NVIDIA count.
      min_cuda_compute_capability: The least compute capability that counts, such as (7, 0).

    >>> tf.test.is_gpu_available() == bool(tf.test.gpu_device_name())
    True
    """
    if cuda_only and not is_built_with_cuda():
        return False
    least = tuple(min_cuda_compute_capability or ())
    for device in jax.devices():
        capability = str(getattr(device, "compute_capability", "") or "0.0")
        if device.platform == "gpu" and tuple(int(n) for n in capability.split(".")) >= least:
            return True
    return False


def gpu_device_name() -> str:
    """The name of a GPU, "/device:GPU:0", or "" if JAX has none."""
    return "/device:GPU:0" if any(device.platform == "gpu" for device in jax.devices()) else ""


def _has_plugin(kinds: tuple[str, ...]) -> bool:
    return any(importlib.util.find_spec(f"jax_{kind}_plugin") is not None for kind in kinds)


def is_built_with_cuda() -> bool:
    """Whether JAX's plugin for NVIDIA GPUs is installed."""
    return _has_plugin(("cuda12", "cuda13"))


def is_built_with_rocm() -> bool:
    """Whether JAX's plugin for AMD GPUs is installed."""
    return _has_plugin(("rocm60", "rocm7"))


def is_built_with_gpu_support() -> bool:
    """Whether a plugin of JAX for GPUs is installed."""
    return is_built_with_cuda() or is_built_with_rocm()


def is_built_with_xla() -> bool:
    """True: everything runs on XLA."""
    return True


def test_src_dir_path(relative_path: str) -> str:
    """The path of a file of the tests' sources.

    Args:
      relative_path: Relative to the folder in the environment variable TEST_SRCDIR.

    Raises:
      KeyError: the variable is not set.
    """
    return os.path.join(os.environ["TEST_SRCDIR"], relative_path)


# pytest takes its name for that of a test.
test_src_dir_path.__test__ = False  # type: ignore[attr-defined]


def create_local_cluster(
    num_workers: int,
    num_ps: int,
    protocol: str = "grpc",
    worker_config: Any = None,
    ps_config: Any = None,
) -> Any:
    """Refuses: there are no servers to make a cluster of.

    Args:
      num_workers: Number of workers.
      num_ps: Number of parameter servers.
      protocol: How they would talk.
      worker_config: `ConfigProto` of the workers.
      ps_config: `ConfigProto` of the parameter servers.

    Raises:
      UnimplementedError: always.
    """
    raise errors.UnimplementedError(
        None,
        None,
        f"tf.test.create_local_cluster({num_workers}, {num_ps}): scopedjax runs a session in one process and has no "
        "TensorFlow servers. For several processes use jax.distributed with scopedjax.pure_function.",
    )


def assert_equal_graph_def(
    actual: Any, expected: Any, checkpoint_v2: bool = False, hash_table_shared_name: bool = False
) -> None:
    """Fails unless two GraphDefs have the same nodes, in whatever order.

    Args:
      actual, expected: GraphDefs.
      checkpoint_v2: Whether attributes that differ with the format of checkpoints are left out.
      hash_table_shared_name: Whether shared names of hash tables are left out.

    Raises:
      AssertionError: a node is missing, is too many, or differs.
      TypeError: one is no GraphDef.
    """
    for value, name in ((actual, "actual"), (expected, "expected")):
        if not protos.is_message(value, "GraphDef"):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(value).__name__}")
    found, wanted = ({node.name: node for node in graph.node} for graph in (actual, expected))
    for name in wanted:
        if name not in found:
            raise AssertionError(f"Did not find expected node '{name}' ({wanted[name].op})")
    for name in found:
        if name not in wanted:
            raise AssertionError(f"Found unexpected node '{name}' ({found[name].op})")
    for name, node in found.items():
        a, b = (_plain_node(n, checkpoint_v2, hash_table_shared_name) for n in (node, wanted[name]))
        if a != b:
            raise AssertionError(f"Node '{name}' differs:\nactual:\n{node}\nexpected:\n{wanted[name]}")


def _plain_node(node: Any, checkpoint_v2: bool, hash_table_shared_name: bool) -> tuple[Any, ...]:
    left_out = {"_XlaHasReferenceVars"}
    if checkpoint_v2 and node.op == "Const":
        left_out.add("value")
    if hash_table_shared_name and node.op in ("HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2"):
        left_out.add("shared_name")
    attrs = {
        key: value.SerializeToString(deterministic=True) for key, value in node.attr.items() if key not in left_out
    }
    return node.op, list(node.input), node.device, attrs
