"""Every family of op types, imported so that it registers itself.

A graph from a file may hold any type, not only those that a contents page shows, so all families are registered when
the package is imported.
"""

from scopedjax._src.ops import gradient_node as gradient_node
from scopedjax._src.ops.state import storage as storage
from scopedjax._src.ops.training import apply as apply
