"""`tf.config`: the devices of the machine, and settings of the process."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.config import experimental as experimental
from scopedjax.config import optimizer as optimizer
from scopedjax.config import threading as threading
from scopedjax._src.runtime.device_settings import LogicalDevice as LogicalDevice
from scopedjax._src.runtime.device_settings import LogicalDeviceConfiguration as LogicalDeviceConfiguration
from scopedjax._src.runtime.device_settings import PhysicalDevice as PhysicalDevice
from scopedjax._src.runtime.device_settings import get_soft_device_placement as get_soft_device_placement
from scopedjax._src.runtime.device_settings import get_visible_devices as get_visible_devices
from scopedjax._src.runtime.device_settings import list_logical_devices as list_logical_devices
from scopedjax._src.runtime.device_settings import list_physical_devices as list_physical_devices
from scopedjax._src.runtime.device_settings import set_soft_device_placement as set_soft_device_placement
from scopedjax._src.runtime.device_settings import set_visible_devices as set_visible_devices
from scopedjax._src.runtime.device_settings import get_virtual_device_configuration as get_logical_device_configuration
from scopedjax._src.runtime.device_settings import set_virtual_device_configuration as set_logical_device_configuration

__getattr__ = _absent("config")
