"""`tf.nest`: lists, tuples and dicts of values, flattened and put together again."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.nest import assert_same_structure as assert_same_structure
from scopedjax._src.base.nest import flatten as flatten
from scopedjax._src.base.nest import is_nested as is_nested
from scopedjax._src.base.nest import map_structure as map_structure
from scopedjax._src.base.nest import pack_sequence_as as pack_sequence_as

__getattr__ = _absent("nest")
