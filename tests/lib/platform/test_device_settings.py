"""`tf.config`: what it tells and remembers, against TensorFlow's; and that hidden devices are not used."""

from __future__ import annotations

from typing import Any

import pytest

from scopedjax._src.runtime import device_settings
from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def _settings_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_settings, "_settings", device_settings._Settings())


def _pairs(devices: Any) -> list[tuple[str, str]]:
    return [(d.name, d.device_type) for d in devices]


def test_devices() -> None:
    def body(tf: Any) -> Any:
        config, experimental = tf.config, tf.config.experimental
        return [
            _pairs(experimental.list_physical_devices("CPU")),
            _pairs(config.list_physical_devices("XPU")),
            _pairs(config.get_visible_devices("CPU")),
            _pairs(experimental.get_visible_devices("XPU")),
            repr(config.PhysicalDevice("a", "B")),
            repr(config.LogicalDevice("a", "B")),
            tuple(experimental.VirtualDeviceConfiguration(memory_limit=3)),
            tuple(config.LogicalDeviceConfiguration()),
            experimental.set_visible_devices([], "XPU"),
            config.set_visible_devices(config.list_physical_devices("CPU")[0], "CPU"),
            _pairs(config.get_visible_devices("CPU")),
        ]

    check_both(body)


def test_logical_devices() -> None:
    def body(tf: Any) -> Any:
        cpu = tf.config.list_physical_devices("CPU")[0]
        return [
            _pairs(tf.config.experimental.list_logical_devices("CPU")),
            _pairs(tf.config.list_logical_devices("XPU")),
            tf.config.experimental.get_virtual_device_configuration(cpu),
        ]

    check_both(body)


def test_parts_of_a_device() -> None:
    """TensorFlow takes this only before its context starts, so it cannot be asked in a process of other tests."""
    import scopedjax as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    part = tf.config.experimental.VirtualDeviceConfiguration()
    tf.config.experimental.set_virtual_device_configuration(cpu, [part, part])
    assert tf.config.experimental.get_virtual_device_configuration(cpu) == [part, part]
    assert [d.name for d in tf.config.list_logical_devices("CPU")] == ["/device:CPU:0", "/device:CPU:1"]
    with pytest.raises(ValueError, match="memory limit on CPU"):
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration(memory_limit=5)])


def test_switches() -> None:
    def body(tf: Any) -> Any:
        config, found = tf.config, []
        for value in (True, False):
            config.set_soft_device_placement(value)
            found.append(config.get_soft_device_placement())
        for policy in ("warn", "explicit", "silent_for_int32", None):
            config.experimental.set_device_policy(policy)
            found.append(config.experimental.get_device_policy())
        config.experimental.set_synchronous_execution(True)
        found.append(config.experimental.get_synchronous_execution())
        tf.debugging.set_log_device_placement(False)
        found.append(tf.debugging.get_log_device_placement())
        for jit in (True, "autoclustering", False):
            config.optimizer.set_jit(jit)
            found.append(config.optimizer.get_jit())
        config.optimizer.set_experimental_options({"constant_folding": True})
        found.append(config.optimizer.get_experimental_options())
        return found

    check_both(body)


def test_numbers_of_threads() -> None:
    def body(tf: Any) -> Any:
        threading = tf.config.threading
        return type(threading.get_inter_op_parallelism_threads()), type(threading.get_intra_op_parallelism_threads())

    check_both(body)
    import scopedjax as tf

    tf.config.threading.set_inter_op_parallelism_threads(3)
    tf.config.threading.set_intra_op_parallelism_threads(4)
    found = (
        tf.config.threading.get_inter_op_parallelism_threads(),
        tf.config.threading.get_intra_op_parallelism_threads(),
    )
    assert found == (3, 4)


@pytest.mark.parametrize(
    "body",
    [
        lambda tf: tf.config.experimental.set_visible_devices("x"),
        lambda tf: tf.config.experimental.set_memory_growth(tf.config.list_physical_devices("CPU")[0], True),
        lambda tf: tf.config.experimental.get_memory_growth(tf.config.list_physical_devices("CPU")[0]),
    ],
)
def test_errors(body: Any) -> None:
    check_both_raise(body)


def test_a_policy_that_is_none() -> None:
    check_both_raise(
        lambda tf: tf.config.experimental.set_device_policy("nonsense"), match="Invalid argument `device_policy`"
    )


def test_hidden_devices_are_not_used() -> None:
    import jax

    import scopedjax as tf

    tf.config.experimental.set_visible_devices([], "GPU")
    assert device_settings.visible_device().platform == "cpu"
    with tf.Graph().as_default(), tf.Session() as session:
        assert session.run(tf.constant(2) * 3) == 6
    assert jax.local_devices(backend="cpu")[0] == device_settings.visible_device()
