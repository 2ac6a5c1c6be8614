"""Numbers of few bits: `tf.quantization`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.math.quantization import fake_quant_with_min_max_args as fake_quant_with_min_max_args
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_args_gradient as fake_quant_with_min_max_args_gradient,
)
from scopedjax._src.ops.math.quantization import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_gradient as fake_quant_with_min_max_vars_gradient,
)
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_per_channel as fake_quant_with_min_max_vars_per_channel,
)
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_per_channel_gradient as fake_quant_with_min_max_vars_per_channel_gradient,
)
from scopedjax._src.ops.math.quantized_steps import dequantize as dequantize
from scopedjax._src.ops.math.quantized_steps import quantize as quantize
from scopedjax._src.ops.math.quantized_steps import quantize_and_dequantize as quantize_and_dequantize

__getattr__ = _absent("quantization")
