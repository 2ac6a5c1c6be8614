"""tf.compat: the same names under another path, and strings of both kinds."""

# base
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.values import as_bytes as as_bytes
from scopedjax._src.base.values import as_text as as_str
from scopedjax._src.base.values import as_str_any as as_str_any
from scopedjax._src.base.values import as_text as as_text
from scopedjax.compat import v1 as v1

__getattr__ = _absent("compat")
