"""tf.compat.v2.dtypes: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.dtypes import QUANTIZED_DTYPES as QUANTIZED_DTYPES
from scopedjax.dtypes import DType as DType
from scopedjax.dtypes import as_dtype as as_dtype
from scopedjax.dtypes import bfloat16 as bfloat16
from scopedjax.dtypes import bool as bool
from scopedjax.dtypes import cast as cast
from scopedjax.dtypes import complex as complex
from scopedjax.dtypes import complex64 as complex64
from scopedjax.dtypes import complex128 as complex128
from scopedjax.dtypes import double as double
from scopedjax.dtypes import float16 as float16
from scopedjax.dtypes import float32 as float32
from scopedjax.dtypes import float64 as float64
from scopedjax.dtypes import half as half
from scopedjax.dtypes import int8 as int8
from scopedjax.dtypes import int16 as int16
from scopedjax.dtypes import int32 as int32
from scopedjax.dtypes import int64 as int64
from scopedjax.dtypes import qint8 as qint8
from scopedjax.dtypes import qint16 as qint16
from scopedjax.dtypes import qint32 as qint32
from scopedjax.dtypes import quint8 as quint8
from scopedjax.dtypes import quint16 as quint16
from scopedjax.dtypes import resource as resource
from scopedjax.dtypes import saturate_cast as saturate_cast
from scopedjax.dtypes import string as string
from scopedjax.dtypes import uint8 as uint8
from scopedjax.dtypes import uint16 as uint16
from scopedjax.dtypes import uint32 as uint32
from scopedjax.dtypes import uint64 as uint64
from scopedjax.dtypes import variant as variant

__getattr__ = _absent("compat.v2.dtypes")
