"""`tf.graph_util`: frozen graphs, and parts of GraphDefs."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.freezing.constants import convert_variables_to_constants as convert_variables_to_constants
from scopedjax._src.lib.freezing.sub_graphs import extract_sub_graph as extract_sub_graph
from scopedjax._src.lib.freezing.sub_graphs import must_run_on_cpu as must_run_on_cpu
from scopedjax._src.lib.freezing.sub_graphs import remove_training_nodes as remove_training_nodes
from scopedjax._src.lib.freezing.sub_graphs import tensor_shape_from_node_def_name as tensor_shape_from_node_def_name
from scopedjax._src.ops.importer import import_graph_def as import_graph_def

__getattr__ = _absent("graph_util")
