"""Checks of values: `tf.debugging`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.array.identity import check_numerics as check_numerics
from scopedjax._src.ops.control_flow.assertion import Assert as Assert
from scopedjax._src.ops.control_flow.checks import assert_equal as assert_equal
from scopedjax._src.ops.control_flow.checks import assert_greater as assert_greater
from scopedjax._src.ops.control_flow.checks import assert_greater_equal as assert_greater_equal
from scopedjax._src.ops.control_flow.checks import assert_integer as assert_integer
from scopedjax._src.ops.control_flow.checks import assert_less as assert_less
from scopedjax._src.ops.control_flow.checks import assert_less_equal as assert_less_equal
from scopedjax._src.ops.control_flow.checks import assert_near as assert_near
from scopedjax._src.ops.control_flow.checks import assert_negative as assert_negative
from scopedjax._src.ops.control_flow.checks import assert_non_negative as assert_non_negative
from scopedjax._src.ops.control_flow.checks import assert_non_positive as assert_non_positive
from scopedjax._src.ops.control_flow.checks import assert_none_equal as assert_none_equal
from scopedjax._src.ops.control_flow.checks import assert_positive as assert_positive
from scopedjax._src.ops.control_flow.checks import assert_proper_iterable as assert_proper_iterable
from scopedjax._src.ops.control_flow.checks import assert_rank as assert_rank
from scopedjax._src.ops.control_flow.checks import assert_rank_at_least as assert_rank_at_least
from scopedjax._src.ops.control_flow.checks import assert_rank_in as assert_rank_in
from scopedjax._src.ops.control_flow.checks import assert_scalar as assert_scalar
from scopedjax._src.ops.control_flow.checks import assert_type as assert_type
from scopedjax._src.ops.control_flow.checks import is_non_decreasing as is_non_decreasing
from scopedjax._src.ops.control_flow.checks import is_numeric_tensor as is_numeric_tensor
from scopedjax._src.ops.control_flow.checks import is_strictly_increasing as is_strictly_increasing
from scopedjax._src.ops.control_flow.shape_checks import assert_shapes as assert_shapes
from scopedjax._src.ops.control_flow.type_checks import assert_same_float_dtype as assert_same_float_dtype
from scopedjax._src.ops.math.compositions import verify_tensor_all_finite as assert_all_finite
from scopedjax._src.ops.math.special import is_finite as is_finite
from scopedjax._src.ops.math.special import is_inf as is_inf
from scopedjax._src.ops.math.special import is_nan as is_nan
from scopedjax._src.runtime.device_settings import get_log_device_placement as get_log_device_placement
from scopedjax._src.runtime.device_settings import set_log_device_placement as set_log_device_placement

__getattr__ = _absent("debugging")
