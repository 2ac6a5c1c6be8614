"""Data types and casts: `tf.dtypes`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.dtypes import QUANTIZED_DTYPES as QUANTIZED_DTYPES
from scopedjax._src.base.dtypes import DType as DType
from scopedjax._src.base.dtypes import as_dtype as as_dtype
from scopedjax._src.base.dtypes import bfloat16 as bfloat16
from scopedjax._src.base.dtypes import bool as bool
from scopedjax._src.base.dtypes import complex64 as complex64
from scopedjax._src.base.dtypes import complex128 as complex128
from scopedjax._src.base.dtypes import double as double
from scopedjax._src.base.dtypes import float16 as float16
from scopedjax._src.base.dtypes import float32 as float32
from scopedjax._src.base.dtypes import float64 as float64
from scopedjax._src.base.dtypes import half as half
from scopedjax._src.base.dtypes import int8 as int8
from scopedjax._src.base.dtypes import int16 as int16
from scopedjax._src.base.dtypes import int32 as int32
from scopedjax._src.base.dtypes import int64 as int64
from scopedjax._src.base.dtypes import qint8 as qint8
from scopedjax._src.base.dtypes import qint16 as qint16
from scopedjax._src.base.dtypes import qint32 as qint32
from scopedjax._src.base.dtypes import quint8 as quint8
from scopedjax._src.base.dtypes import quint16 as quint16
from scopedjax._src.base.dtypes import resource as resource
from scopedjax._src.base.dtypes import string as string
from scopedjax._src.base.dtypes import uint8 as uint8
from scopedjax._src.base.dtypes import uint16 as uint16
from scopedjax._src.base.dtypes import uint32 as uint32
from scopedjax._src.base.dtypes import uint64 as uint64
from scopedjax._src.base.dtypes import variant as variant
from scopedjax._src.ops.math.casting import cast as cast
from scopedjax._src.ops.math.casting import complex as complex
from scopedjax._src.ops.math.casting import saturate_cast as saturate_cast
from scopedjax._src.ops.strings.numbers import as_string as as_string

__getattr__ = _absent("dtypes")
