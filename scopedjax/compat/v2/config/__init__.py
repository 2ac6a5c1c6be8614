"""tf.compat.v2.config: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.config import LogicalDevice as LogicalDevice
from scopedjax.config import LogicalDeviceConfiguration as LogicalDeviceConfiguration
from scopedjax.config import PhysicalDevice as PhysicalDevice
from scopedjax.config import get_logical_device_configuration as get_logical_device_configuration
from scopedjax.config import get_soft_device_placement as get_soft_device_placement
from scopedjax.config import get_visible_devices as get_visible_devices
from scopedjax.config import list_logical_devices as list_logical_devices
from scopedjax.config import list_physical_devices as list_physical_devices
from scopedjax.config import set_logical_device_configuration as set_logical_device_configuration
from scopedjax.config import set_soft_device_placement as set_soft_device_placement
from scopedjax.config import set_visible_devices as set_visible_devices
from scopedjax.compat.v2.config import experimental as experimental

__getattr__ = _absent("compat.v2.config")
