"""`tf.test`: the base class of tests and what they need."""

from unittest import mock as mock

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.benchmarks import Benchmark as Benchmark
from scopedjax._src.lib.platform.benchmarks import StubOutForTesting as StubOutForTesting
from scopedjax._src.lib.platform.benchmarks import benchmark_config as benchmark_config
from scopedjax._src.lib.platform.numeric_gradients import compute_gradient as compute_gradient
from scopedjax._src.lib.platform.numeric_gradients import compute_gradient_error as compute_gradient_error
from scopedjax._src.lib.platform.temporary import get_temp_dir as get_temp_dir
from scopedjax._src.lib.platform.test_case import TestCase as TestCase
from scopedjax._src.lib.platform.test_tools import assert_equal_graph_def as assert_equal_graph_def
from scopedjax._src.lib.platform.test_tools import create_local_cluster as create_local_cluster
from scopedjax._src.lib.platform.test_tools import gpu_device_name as gpu_device_name
from scopedjax._src.lib.platform.test_tools import is_built_with_cuda as is_built_with_cuda
from scopedjax._src.lib.platform.test_tools import is_built_with_gpu_support as is_built_with_gpu_support
from scopedjax._src.lib.platform.test_tools import is_built_with_rocm as is_built_with_rocm
from scopedjax._src.lib.platform.test_tools import is_built_with_xla as is_built_with_xla
from scopedjax._src.lib.platform.test_tools import is_gpu_available as is_gpu_available
from scopedjax._src.lib.platform.test_tools import main as main
from scopedjax._src.lib.platform.test_tools import test_src_dir_path as test_src_dir_path

__getattr__ = _absent("test")
