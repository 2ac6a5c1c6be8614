"""`tf.config.experimental`: devices, their parts and their memory."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.runtime.device_settings import LogicalDeviceConfiguration as VirtualDeviceConfiguration
from scopedjax._src.runtime.device_settings import get_device_policy as get_device_policy
from scopedjax._src.runtime.device_settings import get_memory_growth as get_memory_growth
from scopedjax._src.runtime.device_settings import get_synchronous_execution as get_synchronous_execution
from scopedjax._src.runtime.device_settings import get_virtual_device_configuration as get_virtual_device_configuration
from scopedjax._src.runtime.device_settings import get_visible_devices as get_visible_devices
from scopedjax._src.runtime.device_settings import list_logical_devices as list_logical_devices
from scopedjax._src.runtime.device_settings import list_physical_devices as list_physical_devices
from scopedjax._src.runtime.device_settings import set_device_policy as set_device_policy
from scopedjax._src.runtime.device_settings import set_memory_growth as set_memory_growth
from scopedjax._src.runtime.device_settings import set_synchronous_execution as set_synchronous_execution
from scopedjax._src.runtime.device_settings import set_virtual_device_configuration as set_virtual_device_configuration
from scopedjax._src.runtime.device_settings import set_visible_devices as set_visible_devices

__getattr__ = _absent("config.experimental")
