"""tf.compat.v2.config.experimental: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.config.experimental import VirtualDeviceConfiguration as VirtualDeviceConfiguration
from scopedjax.config.experimental import get_device_policy as get_device_policy
from scopedjax.config.experimental import get_memory_growth as get_memory_growth
from scopedjax.config.experimental import get_synchronous_execution as get_synchronous_execution
from scopedjax.config.experimental import get_virtual_device_configuration as get_virtual_device_configuration
from scopedjax.config.experimental import get_visible_devices as get_visible_devices
from scopedjax.config.experimental import list_logical_devices as list_logical_devices
from scopedjax.config.experimental import list_physical_devices as list_physical_devices
from scopedjax.config.experimental import set_device_policy as set_device_policy
from scopedjax.config.experimental import set_memory_growth as set_memory_growth
from scopedjax.config.experimental import set_synchronous_execution as set_synchronous_execution
from scopedjax.config.experimental import set_virtual_device_configuration as set_virtual_device_configuration
from scopedjax.config.experimental import set_visible_devices as set_visible_devices

__getattr__ = _absent("compat.v2.config.experimental")
