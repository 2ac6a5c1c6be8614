"""Names below a scope, as `export_scope` and `import_scope` treat them.

    strip("s/w:0", "s") == "w:0"      strip("^s/init", "s") == "^init"      strip("loc:@s/w", "s") == "loc:@w"
    prepend("w:0", "s") == "s/w:0"    prepend("^init", "s") == "^s/init"    prepend("loc:@w", "s") == "loc:@s/w"

`export_scope` is a plain prefix in TF1: "s" also takes in the nodes of "st/", whose names are then kept whole.
"""

from __future__ import annotations

import re
from typing import Any


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """Returns a name without the scope `export_scope` in front of it."""
    if not export_scope:
        return name
    scope = re.escape(export_scope.rstrip("/"))
    return re.sub(rf"^(\^|loc:@|){scope}/+", r"\1", name)


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """Returns a name with the scope `import_scope` in front of it."""
    if not import_scope:
        return name
    scope = import_scope.rstrip("/")
    return re.sub(r"^(\^|loc:@|)", lambda m: f"{m[1]}{scope}/", name, count=1)


def lies_in(item: Any, export_scope: str | None) -> bool:
    """Whether an item of a collection, or a node's name, belongs to what is exported; an item without a name does."""
    if not export_scope:
        return True
    name = item if isinstance(item, str) else getattr(item, "name", None)
    return not isinstance(name, str) or name.startswith(export_scope)
