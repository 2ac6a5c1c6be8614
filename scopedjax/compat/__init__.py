"""tf.compat: the same names under another path, and strings of both kinds."""

import importlib as _importlib
from typing import Any as _Any

# base
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.values import as_bytes as as_bytes
from scopedjax._src.base.values import as_text as as_str
from scopedjax._src.base.values import as_str_any as as_str_any
from scopedjax._src.base.values import as_text as as_text
from scopedjax.compat import v1 as v1

_missing = _absent("compat")


def __getattr__(name: str) -> _Any:
    """Loads `v2` when it is first asked for, since it shows what the package has when it is complete."""
    return _importlib.import_module("scopedjax.compat.v2") if name == "v2" else _missing(name)
