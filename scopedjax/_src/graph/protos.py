"""The protocol buffers of graphs and configurations that TF1 programs touch: those of the tensorboard package."""

from __future__ import annotations

from typing import Any

from tensorboard.compat.proto import attr_value_pb2, config_pb2, graph_pb2, meta_graph_pb2, node_def_pb2, saver_pb2

# The generated modules make their messages when they are imported, so that a checker cannot see them.
_attr_value: Any = attr_value_pb2
_config: Any = config_pb2
_graph: Any = graph_pb2
_meta_graph: Any = meta_graph_pb2
_node_def: Any = node_def_pb2
_saver: Any = saver_pb2

AttrValue = _attr_value.AttrValue
NameAttrList = _attr_value.NameAttrList
ConfigProto = _config.ConfigProto
GPUOptions = _config.GPUOptions
GraphOptions = _config.GraphOptions
OptimizerOptions = _config.OptimizerOptions
RunOptions = _config.RunOptions
GraphDef = _graph.GraphDef
MetaGraphDef = _meta_graph.MetaGraphDef
TensorInfo = _meta_graph.TensorInfo
NodeDef = _node_def.NodeDef
SaverDef = _saver.SaverDef
