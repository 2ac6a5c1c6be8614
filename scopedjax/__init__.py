"""TensorFlow 1 programs on JAX: `import scopedjax as tf`.

A script records a graph, opens a session and trains, as it did under TensorFlow 1; every `Session.run` is one function
compiled by XLA. This file is a page of contents: what is public, and where it lives.
"""

# base
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
from scopedjax._src.base.errors import OpError as OpError
from scopedjax._src.base.graphkeys import GraphKeys as GraphKeys
from scopedjax._src.base.shapes import Dimension as Dimension
from scopedjax._src.base.shapes import TensorShape as TensorShape
from scopedjax._src.base.shapes import dimension_at_index as dimension_at_index
from scopedjax._src.base.shapes import dimension_value as dimension_value

# graph
from scopedjax._src.graph.devices import DeviceSpec as DeviceSpec
from scopedjax._src.graph.graph import Graph as Graph
from scopedjax._src.graph.operation import Operation as Operation
from scopedjax._src.graph.recording import add_to_collection as add_to_collection
from scopedjax._src.graph.recording import add_to_collections as add_to_collections
from scopedjax._src.graph.recording import colocate_with as colocate_with
from scopedjax._src.graph.recording import container as container
from scopedjax._src.graph.recording import control_dependencies as control_dependencies
from scopedjax._src.graph.recording import device as device
from scopedjax._src.graph.recording import get_all_collection_keys as get_all_collection_keys
from scopedjax._src.graph.recording import get_collection as get_collection
from scopedjax._src.graph.recording import get_collection_ref as get_collection_ref
from scopedjax._src.graph.recording import name_scope as name_scope
from scopedjax._src.graph.recording import op_scope as op_scope
from scopedjax._src.graph.stacks import get_default_graph as get_default_graph
from scopedjax._src.graph.stacks import get_default_session as get_default_session
from scopedjax._src.graph.stacks import reset_default_graph as reset_default_graph
from scopedjax._src.graph.tensor import Tensor as Tensor

# lower
from scopedjax._src.lower.gradients import NotDifferentiable as NoGradient
from scopedjax._src.lower.gradients import NotDifferentiable as NotDifferentiable
from scopedjax._src.lower.gradients import RegisterGradient as RegisterGradient
from scopedjax._src.lower.gradients import gradients as gradients
from scopedjax._src.lower.gradients import hessians as hessians

# ops
from scopedjax._src.ops.constant import constant as constant
from scopedjax._src.ops.control_flow.cond import cond as cond
from scopedjax._src.ops.control_flow.grouping import group as group
from scopedjax._src.ops.control_flow.grouping import no_op as no_op
from scopedjax._src.ops.control_flow.grouping import tuple as tuple
from scopedjax._src.ops.convert import register_tensor_conversion_function as register_tensor_conversion_function
from scopedjax._src.ops.indexed_slices import IndexedSlices as IndexedSlices
from scopedjax._src.ops.random.sampling import get_seed as get_seed
from scopedjax._src.ops.random.sampling import multinomial as multinomial
from scopedjax._src.ops.random.sampling import random_crop as random_crop
from scopedjax._src.ops.random.sampling import random_normal as random_normal
from scopedjax._src.ops.random.sampling import random_shuffle as random_shuffle
from scopedjax._src.ops.random.sampling import random_uniform as random_uniform
from scopedjax._src.ops.random.sampling import set_random_seed as set_random_seed
from scopedjax._src.ops.random.sampling import truncated_normal as truncated_normal
from scopedjax._src.ops.random.sampling import get_seed as get_seed
from scopedjax._src.ops.random.sampling import multinomial as multinomial
from scopedjax._src.ops.random.sampling import random_normal as random_normal
from scopedjax._src.ops.random.sampling import random_shuffle as random_shuffle
from scopedjax._src.ops.random.sampling import random_uniform as random_uniform
from scopedjax._src.ops.random.sampling import set_random_seed as set_random_seed
from scopedjax._src.ops.random.sampling import truncated_normal as truncated_normal

# runtime
from scopedjax._src.runtime.session import InteractiveSession as InteractiveSession
from scopedjax._src.runtime.session import Session as Session

# variables
from scopedjax._src.variables.assignment import assign as assign
from scopedjax._src.variables.assignment import assign_add as assign_add
from scopedjax._src.variables.assignment import assign_sub as assign_sub
from scopedjax._src.variables.assignment import batch_scatter_update as batch_scatter_update
from scopedjax._src.variables.assignment import count_up_to as count_up_to
from scopedjax._src.variables.assignment import scatter_add as scatter_add
from scopedjax._src.variables.assignment import scatter_div as scatter_div
from scopedjax._src.variables.assignment import scatter_max as scatter_max
from scopedjax._src.variables.assignment import scatter_min as scatter_min
from scopedjax._src.variables.assignment import scatter_mul as scatter_mul
from scopedjax._src.variables.assignment import scatter_nd_add as scatter_nd_add
from scopedjax._src.variables.assignment import scatter_nd_sub as scatter_nd_sub
from scopedjax._src.variables.assignment import scatter_nd_update as scatter_nd_update
from scopedjax._src.variables.assignment import scatter_sub as scatter_sub
from scopedjax._src.variables.assignment import scatter_update as scatter_update
from scopedjax._src.variables.collections import all_variables as all_variables
from scopedjax._src.variables.collections import assert_variables_initialized as assert_variables_initialized
from scopedjax._src.variables.collections import global_variables as global_variables
from scopedjax._src.variables.collections import global_variables_initializer as global_variables_initializer
from scopedjax._src.variables.collections import initialize_all_variables as initialize_all_variables
from scopedjax._src.variables.collections import initialize_local_variables as initialize_local_variables
from scopedjax._src.variables.collections import initialize_variables as initialize_variables
from scopedjax._src.variables.collections import local_variables as local_variables
from scopedjax._src.variables.collections import local_variables_initializer as local_variables_initializer
from scopedjax._src.variables.collections import model_variables as model_variables
from scopedjax._src.variables.collections import moving_average_variables as moving_average_variables
from scopedjax._src.variables.collections import report_uninitialized_variables as report_uninitialized_variables
from scopedjax._src.variables.collections import trainable_variables as trainable_variables
from scopedjax._src.variables.collections import variables_initializer as variables_initializer
from scopedjax._src.variables.initializers import constant_initializer as constant_initializer
from scopedjax._src.variables.initializers import glorot_normal_initializer as glorot_normal_initializer
from scopedjax._src.variables.initializers import glorot_uniform_initializer as glorot_uniform_initializer
from scopedjax._src.variables.initializers import ones_initializer as ones_initializer
from scopedjax._src.variables.initializers import orthogonal_initializer as orthogonal_initializer
from scopedjax._src.variables.initializers import random_normal_initializer as random_normal_initializer
from scopedjax._src.variables.initializers import random_uniform_initializer as random_uniform_initializer
from scopedjax._src.variables.initializers import truncated_normal_initializer as truncated_normal_initializer
from scopedjax._src.variables.initializers import uniform_unit_scaling_initializer as uniform_unit_scaling_initializer
from scopedjax._src.variables.initializers import variance_scaling_initializer as variance_scaling_initializer
from scopedjax._src.variables.initializers import zeros_initializer as zeros_initializer
from scopedjax._src.variables.kinds import VariableAggregation as VariableAggregation
from scopedjax._src.variables.kinds import VariableSynchronization as VariableSynchronization
from scopedjax._src.variables.partitioners import fixed_size_partitioner as fixed_size_partitioner
from scopedjax._src.variables.partitioners import min_max_variable_partitioner as min_max_variable_partitioner
from scopedjax._src.variables.partitioners import variable_axis_size_partitioner as variable_axis_size_partitioner
from scopedjax._src.variables.scope import VariableScope as VariableScope
from scopedjax._src.variables.scope import get_local_variable as get_local_variable
from scopedjax._src.variables.scope import get_variable as get_variable
from scopedjax._src.variables.scope import get_variable_scope as get_variable_scope
from scopedjax._src.variables.scope import no_regularizer as no_regularizer
from scopedjax._src.variables.scope import variable_op_scope as variable_op_scope
from scopedjax._src.variables.scope import variable_scope as variable_scope
from scopedjax._src.variables.store import AUTO_REUSE as AUTO_REUSE
from scopedjax._src.variables.template import make_template as make_template
from scopedjax._src.variables.variable import Variable as Variable
from scopedjax._src.variables.variable import is_variable_initialized as is_variable_initialized
from scopedjax._src.variables.variable import variable_creator_scope as variable_creator_scope

# graph: files
from scopedjax._src.graph.tensor_proto import make_ndarray as make_ndarray
from scopedjax._src.graph.tensor_proto import make_tensor_proto as make_tensor_proto
from scopedjax._src.ops.importer import import_graph_def as import_graph_def

# summaries, records, platform
from scopedjax import summary as summary
from scopedjax._src.lib.summary.event_protos import Event as Event
from scopedjax._src.lib.summary.event_protos import HistogramProto as HistogramProto
from scopedjax._src.lib.summary.event_protos import LogMessage as LogMessage
from scopedjax._src.lib.summary.event_protos import RunMetadata as RunMetadata
from scopedjax._src.lib.summary.event_protos import SessionLog as SessionLog
from scopedjax._src.lib.summary.event_protos import Summary as Summary
from scopedjax._src.lib.summary.event_protos import SummaryMetadata as SummaryMetadata
