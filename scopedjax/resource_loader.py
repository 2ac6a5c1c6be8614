"""`tf.resource_loader`: files that lie beside a program's modules."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.resource_loader import get_data_files_path as get_data_files_path
from scopedjax._src.lib.platform.resource_loader import get_path_to_datafile as get_path_to_datafile
from scopedjax._src.lib.platform.resource_loader import (
    get_root_dir_with_all_resources as get_root_dir_with_all_resources,
)
from scopedjax._src.lib.platform.resource_loader import load_resource as load_resource
from scopedjax._src.lib.platform.resource_loader import readahead_file_path as readahead_file_path

__getattr__ = _absent("resource_loader")
