"""TensorFlow 1 programs on JAX: `import scopedjax as tf`.

A script records a graph, opens a session and trains, as it did under TensorFlow 1; every `Session.run` is one function
compiled by XLA. This file is a page of contents: what is public, and where it lives.
"""

from scopedjax import random as random
from scopedjax import summary as summary

# base
from scopedjax._src.base.dtypes import DType as DType
from scopedjax._src.base.dtypes import QUANTIZED_DTYPES as QUANTIZED_DTYPES
from scopedjax._src.base.dtypes import as_dtype as as_dtype
from scopedjax._src.base.dtypes import bfloat16 as bfloat16
from scopedjax._src.base.dtypes import bool as bool
from scopedjax._src.base.dtypes import complex128 as complex128
from scopedjax._src.base.dtypes import complex64 as complex64
from scopedjax._src.base.dtypes import double as double
from scopedjax._src.base.dtypes import float16 as float16
from scopedjax._src.base.dtypes import float32 as float32
from scopedjax._src.base.dtypes import float64 as float64
from scopedjax._src.base.dtypes import half as half
from scopedjax._src.base.dtypes import int16 as int16
from scopedjax._src.base.dtypes import int32 as int32
from scopedjax._src.base.dtypes import int64 as int64
from scopedjax._src.base.dtypes import int8 as int8
from scopedjax._src.base.dtypes import qint16 as qint16
from scopedjax._src.base.dtypes import qint32 as qint32
from scopedjax._src.base.dtypes import qint8 as qint8
from scopedjax._src.base.dtypes import quint16 as quint16
from scopedjax._src.base.dtypes import quint8 as quint8
from scopedjax._src.base.dtypes import resource as resource
from scopedjax._src.base.dtypes import string as string
from scopedjax._src.base.dtypes import uint16 as uint16
from scopedjax._src.base.dtypes import uint32 as uint32
from scopedjax._src.base.dtypes import uint64 as uint64
from scopedjax._src.base.dtypes import uint8 as uint8
from scopedjax._src.base.dtypes import variant as variant
from scopedjax._src.base.errors import OpError as OpError
from scopedjax._src.base.graphkeys import GraphKeys as GraphKeys
from scopedjax._src.base.shapes import Dimension as Dimension
from scopedjax._src.base.shapes import TensorShape as TensorShape
from scopedjax._src.base.shapes import dimension_at_index as dimension_at_index
from scopedjax._src.base.shapes import dimension_value as dimension_value
from scopedjax._src.base.version import COMPILER_VERSION as COMPILER_VERSION
from scopedjax._src.base.version import CXX11_ABI_FLAG as CXX11_ABI_FLAG
from scopedjax._src.base.version import GIT_VERSION as GIT_VERSION
from scopedjax._src.base.version import GRAPH_DEF_VERSION as GRAPH_DEF_VERSION
from scopedjax._src.base.version import GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER
from scopedjax._src.base.version import GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER
from scopedjax._src.base.version import MONOLITHIC_BUILD as MONOLITHIC_BUILD
from scopedjax._src.base.version import VERSION as VERSION

# graph
from scopedjax._src.graph.devices import DeviceSpec as DeviceSpec
from scopedjax._src.graph.graph import Graph as Graph
from scopedjax._src.graph.operation import Operation as Operation
from scopedjax._src.graph.protos import AttrValue as AttrValue
from scopedjax._src.graph.protos import NameAttrList as NameAttrList
from scopedjax._src.graph.protos import ConfigProto as ConfigProto
from scopedjax._src.graph.protos import GPUOptions as GPUOptions
from scopedjax._src.graph.protos import GraphOptions as GraphOptions
from scopedjax._src.graph.protos import OptimizerOptions as OptimizerOptions
from scopedjax._src.graph.protos import RunOptions as RunOptions
from scopedjax._src.graph.protos import GraphDef as GraphDef
from scopedjax._src.graph.protos import MetaGraphDef as MetaGraphDef
from scopedjax._src.graph.protos import TensorInfo as TensorInfo
from scopedjax._src.graph.protos import NodeDef as NodeDef
from scopedjax._src.graph.recording import add_to_collection as add_to_collection
from scopedjax._src.graph.recording import add_to_collections as add_to_collections
from scopedjax._src.graph.recording import colocate_with as colocate_with
from scopedjax._src.graph.recording import container as container
from scopedjax._src.graph.recording import control_dependencies as control_dependencies
from scopedjax._src.graph.recording import device as device
from scopedjax._src.graph.recording import get_collection as get_collection
from scopedjax._src.graph.recording import get_collection_ref as get_collection_ref
from scopedjax._src.graph.recording import name_scope as name_scope
from scopedjax._src.graph.recording import op_scope as op_scope
from scopedjax._src.graph.stacks import get_default_graph as get_default_graph
from scopedjax._src.graph.stacks import get_default_session as get_default_session
from scopedjax._src.graph.stacks import reset_default_graph as reset_default_graph
from scopedjax._src.graph.tensor_spec import TensorSpec as TensorSpec
from scopedjax._src.graph.tensor import Tensor as Tensor
from scopedjax._src.graph.tensor_proto import make_ndarray as make_ndarray
from scopedjax._src.graph.tensor_proto import make_tensor_proto as make_tensor_proto

# ops
from scopedjax._src.ops import families as _families
from scopedjax._src.ops.array.arranging import batch_to_space as batch_to_space
from scopedjax._src.ops.array.arranging import batch_to_space_nd as batch_to_space_nd
from scopedjax._src.ops.array.arranging import depth_to_space as depth_to_space
from scopedjax._src.ops.array.arranging import required_space_to_batch_paddings as required_space_to_batch_paddings
from scopedjax._src.ops.array.arranging import reverse as reverse
from scopedjax._src.ops.array.arranging import reverse_sequence as reverse_sequence
from scopedjax._src.ops.array.arranging import reverse_v2 as reverse_v2
from scopedjax._src.ops.array.arranging import roll as roll
from scopedjax._src.ops.array.arranging import space_to_batch as space_to_batch
from scopedjax._src.ops.array.arranging import space_to_batch_nd as space_to_batch_nd
from scopedjax._src.ops.array.arranging import space_to_depth as space_to_depth
from scopedjax._src.ops.array.filling import eye as eye
from scopedjax._src.ops.array.filling import fill as fill
from scopedjax._src.ops.array.filling import lin_space as lin_space
from scopedjax._src.ops.array.filling import linspace as linspace
from scopedjax._src.ops.array.filling import meshgrid as meshgrid
from scopedjax._src.ops.array.filling import one_hot as one_hot
from scopedjax._src.ops.array.filling import ones as ones
from scopedjax._src.ops.array.filling import ones_like as ones_like
from scopedjax._src.ops.array.filling import range as range
from scopedjax._src.ops.array.filling import zeros as zeros
from scopedjax._src.ops.array.filling import zeros_like as zeros_like
from scopedjax._src.ops.array.gathering import batch_gather as batch_gather
from scopedjax._src.ops.array.gathering import gather as gather
from scopedjax._src.ops.array.gathering import gather_nd as gather_nd
from scopedjax._src.ops.array.gathering import scatter_nd as scatter_nd
from scopedjax._src.ops.array.gathering import tensor_scatter_add as tensor_scatter_add
from scopedjax._src.ops.array.gathering import tensor_scatter_sub as tensor_scatter_sub
from scopedjax._src.ops.array.gathering import tensor_scatter_update as tensor_scatter_update
from scopedjax._src.ops.array.identity import check_numerics as check_numerics
from scopedjax._src.ops.array.identity import guarantee_const as guarantee_const
from scopedjax._src.ops.array.identity import identity as identity
from scopedjax._src.ops.array.identity import identity_n as identity_n
from scopedjax._src.ops.array.identity import placeholder as placeholder
from scopedjax._src.ops.array.identity import placeholder_with_default as placeholder_with_default
from scopedjax._src.ops.array.identity import stop_gradient as stop_gradient
from scopedjax._src.ops.array.joining import concat as concat
from scopedjax._src.ops.array.joining import invert_permutation as invert_permutation
from scopedjax._src.ops.array.joining import matrix_transpose as matrix_transpose
from scopedjax._src.ops.array.joining import pad as pad
from scopedjax._src.ops.array.joining import split as split
from scopedjax._src.ops.array.joining import tile as tile
from scopedjax._src.ops.array.joining import transpose as transpose
from scopedjax._src.ops.array.packing import parallel_stack as parallel_stack
from scopedjax._src.ops.array.packing import stack as stack
from scopedjax._src.ops.array.packing import unstack as unstack
from scopedjax._src.ops.array.selection import boolean_mask as boolean_mask
from scopedjax._src.ops.array.selection import dynamic_partition as dynamic_partition
from scopedjax._src.ops.array.selection import dynamic_stitch as dynamic_stitch
from scopedjax._src.ops.array.selection import sequence_mask as sequence_mask
from scopedjax._src.ops.array.selection import setdiff1d as setdiff1d
from scopedjax._src.ops.array.selection import unique as unique
from scopedjax._src.ops.array.selection import unique_with_counts as unique_with_counts
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape as broadcast_dynamic_shape
from scopedjax._src.ops.array.shapes import broadcast_static_shape as broadcast_static_shape
from scopedjax._src.ops.array.shapes import broadcast_to as broadcast_to
from scopedjax._src.ops.array.shapes import ensure_shape as ensure_shape
from scopedjax._src.ops.array.shapes import expand_dims as expand_dims
from scopedjax._src.ops.array.shapes import rank as rank
from scopedjax._src.ops.array.shapes import reshape as reshape
from scopedjax._src.ops.array.shapes import shape as shape
from scopedjax._src.ops.array.shapes import shape_n as shape_n
from scopedjax._src.ops.array.shapes import size as size
from scopedjax._src.ops.array.shapes import squeeze as squeeze
from scopedjax._src.ops.array.slicing import strided_slice as strided_slice
from scopedjax._src.ops.constant import constant as constant
from scopedjax._src.ops.control_flow.cond import cond as cond
from scopedjax._src.ops.control_flow.grouping import group as group
from scopedjax._src.ops.control_flow.grouping import no_op as no_op
from scopedjax._src.ops.control_flow.grouping import tuple as tuple
from scopedjax._src.ops.convert import convert_to_tensor as convert_to_tensor
from scopedjax._src.ops.convert import register_tensor_conversion_function as register_tensor_conversion_function
from scopedjax._src.ops.importer import import_graph_def as import_graph_def
from scopedjax._src.ops.indexed_slices import IndexedSlices as IndexedSlices
from scopedjax._src.ops.math.accumulation import accumulate_n as accumulate_n
from scopedjax._src.ops.math.accumulation import add_n as add_n
from scopedjax._src.ops.math.casting import angle as angle
from scopedjax._src.ops.math.casting import bitcast as bitcast
from scopedjax._src.ops.math.casting import cast as cast
from scopedjax._src.ops.math.casting import complex as complex
from scopedjax._src.ops.math.casting import conj as conj
from scopedjax._src.ops.math.casting import imag as imag
from scopedjax._src.ops.math.casting import real as real
from scopedjax._src.ops.math.casting import saturate_cast as saturate_cast
from scopedjax._src.ops.math.casting import to_bfloat16 as to_bfloat16
from scopedjax._src.ops.math.casting import to_complex128 as to_complex128
from scopedjax._src.ops.math.casting import to_complex64 as to_complex64
from scopedjax._src.ops.math.casting import to_double as to_double
from scopedjax._src.ops.math.casting import to_float as to_float
from scopedjax._src.ops.math.casting import to_int32 as to_int32
from scopedjax._src.ops.math.casting import to_int64 as to_int64
from scopedjax._src.ops.math.clipping import clip_by_average_norm as clip_by_average_norm
from scopedjax._src.ops.math.clipping import clip_by_global_norm as clip_by_global_norm
from scopedjax._src.ops.math.clipping import clip_by_norm as clip_by_norm
from scopedjax._src.ops.math.clipping import clip_by_value as clip_by_value
from scopedjax._src.ops.math.clipping import global_norm as global_norm
from scopedjax._src.ops.math.comparison import equal as equal
from scopedjax._src.ops.math.comparison import greater as greater
from scopedjax._src.ops.math.comparison import greater_equal as greater_equal
from scopedjax._src.ops.math.comparison import less as less
from scopedjax._src.ops.math.comparison import less_equal as less_equal
from scopedjax._src.ops.math.comparison import logical_and as logical_and
from scopedjax._src.ops.math.comparison import logical_not as logical_not
from scopedjax._src.ops.math.comparison import logical_or as logical_or
from scopedjax._src.ops.math.comparison import logical_xor as logical_xor
from scopedjax._src.ops.math.comparison import not_equal as not_equal
from scopedjax._src.ops.math.comparison import where as where
from scopedjax._src.ops.math.comparison import where_v2 as where_v2
from scopedjax._src.ops.math.diagonals import diag as diag
from scopedjax._src.ops.math.diagonals import diag_part as diag_part
from scopedjax._src.ops.math.diagonals import matrix_band_part as matrix_band_part
from scopedjax._src.ops.math.diagonals import matrix_diag as matrix_diag
from scopedjax._src.ops.math.diagonals import matrix_diag_part as matrix_diag_part
from scopedjax._src.ops.math.diagonals import matrix_set_diag as matrix_set_diag
from scopedjax._src.ops.math.elementwise import abs as abs
from scopedjax._src.ops.math.elementwise import acos as acos
from scopedjax._src.ops.math.elementwise import acosh as acosh
from scopedjax._src.ops.math.elementwise import add as add
from scopedjax._src.ops.math.elementwise import asin as asin
from scopedjax._src.ops.math.elementwise import asinh as asinh
from scopedjax._src.ops.math.elementwise import atan as atan
from scopedjax._src.ops.math.elementwise import atan2 as atan2
from scopedjax._src.ops.math.elementwise import atanh as atanh
from scopedjax._src.ops.math.elementwise import ceil as ceil
from scopedjax._src.ops.math.elementwise import cos as cos
from scopedjax._src.ops.math.elementwise import cosh as cosh
from scopedjax._src.ops.math.elementwise import div as div
from scopedjax._src.ops.math.elementwise import divide as divide
from scopedjax._src.ops.math.elementwise import exp as exp
from scopedjax._src.ops.math.elementwise import expm1 as expm1
from scopedjax._src.ops.math.elementwise import floor as floor
from scopedjax._src.ops.math.elementwise import floor_div as floor_div
from scopedjax._src.ops.math.elementwise import floordiv as floordiv
from scopedjax._src.ops.math.elementwise import floormod as floormod
from scopedjax._src.ops.math.elementwise import log as log
from scopedjax._src.ops.math.elementwise import log1p as log1p
from scopedjax._src.ops.math.elementwise import log_sigmoid as log_sigmoid
from scopedjax._src.ops.math.elementwise import maximum as maximum
from scopedjax._src.ops.math.elementwise import minimum as minimum
from scopedjax._src.ops.math.elementwise import mod as mod
from scopedjax._src.ops.math.elementwise import multiply as multiply
from scopedjax._src.ops.math.elementwise import negative as negative
from scopedjax._src.ops.math.elementwise import pow as pow
from scopedjax._src.ops.math.elementwise import realdiv as realdiv
from scopedjax._src.ops.math.elementwise import reciprocal as reciprocal
from scopedjax._src.ops.math.elementwise import rint as rint
from scopedjax._src.ops.math.elementwise import round as round
from scopedjax._src.ops.math.elementwise import rsqrt as rsqrt
from scopedjax._src.ops.math.elementwise import scalar_mul as scalar_mul
from scopedjax._src.ops.math.elementwise import sigmoid as sigmoid
from scopedjax._src.ops.math.elementwise import sign as sign
from scopedjax._src.ops.math.elementwise import sin as sin
from scopedjax._src.ops.math.elementwise import sinh as sinh
from scopedjax._src.ops.math.elementwise import sqrt as sqrt
from scopedjax._src.ops.math.elementwise import square as square
from scopedjax._src.ops.math.elementwise import squared_difference as squared_difference
from scopedjax._src.ops.math.elementwise import subtract as subtract
from scopedjax._src.ops.math.elementwise import tan as tan
from scopedjax._src.ops.math.elementwise import tanh as tanh
from scopedjax._src.ops.math.elementwise import truediv as truediv
from scopedjax._src.ops.math.elementwise import truncatediv as truncatediv
from scopedjax._src.ops.math.elementwise import truncatemod as truncatemod
from scopedjax._src.ops.math.linear_algebra import cross as cross
from scopedjax._src.ops.math.linear_algebra import einsum as einsum
from scopedjax._src.ops.math.linear_algebra import matmul as matmul
from scopedjax._src.ops.math.linear_algebra import norm as norm
from scopedjax._src.ops.math.linear_algebra import tensordot as tensordot
from scopedjax._src.ops.math.linear_algebra import trace as trace
from scopedjax._src.ops.math.reductions import arg_max as arg_max
from scopedjax._src.ops.math.reductions import arg_min as arg_min
from scopedjax._src.ops.math.reductions import argmax as argmax
from scopedjax._src.ops.math.reductions import argmin as argmin
from scopedjax._src.ops.math.reductions import count_nonzero as count_nonzero
from scopedjax._src.ops.math.reductions import cumprod as cumprod
from scopedjax._src.ops.math.reductions import cumsum as cumsum
from scopedjax._src.ops.math.reductions import reduce_all as reduce_all
from scopedjax._src.ops.math.reductions import reduce_any as reduce_any
from scopedjax._src.ops.math.reductions import reduce_logsumexp as reduce_logsumexp
from scopedjax._src.ops.math.reductions import reduce_max as reduce_max
from scopedjax._src.ops.math.reductions import reduce_mean as reduce_mean
from scopedjax._src.ops.math.reductions import reduce_min as reduce_min
from scopedjax._src.ops.math.reductions import reduce_prod as reduce_prod
from scopedjax._src.ops.math.reductions import reduce_sum as reduce_sum
from scopedjax._src.ops.math.segments import segment_max as segment_max
from scopedjax._src.ops.math.segments import segment_mean as segment_mean
from scopedjax._src.ops.math.segments import segment_min as segment_min
from scopedjax._src.ops.math.segments import segment_prod as segment_prod
from scopedjax._src.ops.math.segments import segment_sum as segment_sum
from scopedjax._src.ops.math.segments import sparse_segment_mean as sparse_segment_mean
from scopedjax._src.ops.math.segments import sparse_segment_sqrt_n as sparse_segment_sqrt_n
from scopedjax._src.ops.math.segments import sparse_segment_sum as sparse_segment_sum
from scopedjax._src.ops.math.segments import unsorted_segment_max as unsorted_segment_max
from scopedjax._src.ops.math.segments import unsorted_segment_mean as unsorted_segment_mean
from scopedjax._src.ops.math.segments import unsorted_segment_min as unsorted_segment_min
from scopedjax._src.ops.math.segments import unsorted_segment_prod as unsorted_segment_prod
from scopedjax._src.ops.math.segments import unsorted_segment_sqrt_n as unsorted_segment_sqrt_n
from scopedjax._src.ops.math.segments import unsorted_segment_sum as unsorted_segment_sum
from scopedjax._src.ops.parsing.features import FixedLenFeature as FixedLenFeature
from scopedjax._src.ops.parsing.features import FixedLenSequenceFeature as FixedLenSequenceFeature
from scopedjax._src.ops.parsing.features import SparseFeature as SparseFeature
from scopedjax._src.ops.parsing.features import VarLenFeature as VarLenFeature
from scopedjax._src.ops.random.sampling import get_seed as get_seed
from scopedjax._src.ops.random.sampling import multinomial as multinomial
from scopedjax._src.ops.random.sampling import random_crop as random_crop
from scopedjax._src.ops.random.sampling import random_normal as random_normal
from scopedjax._src.ops.random.sampling import random_shuffle as random_shuffle
from scopedjax._src.ops.random.sampling import random_uniform as random_uniform
from scopedjax._src.ops.random.sampling import set_random_seed as set_random_seed
from scopedjax._src.ops.random.sampling import truncated_normal as truncated_normal

# lower
from scopedjax._src.lower.custom_gradient import custom_gradient as custom_gradient
from scopedjax._src.lower.custom_gradient import grad_pass_through as grad_pass_through
from scopedjax._src.lower.gradient_options import AggregationMethod as AggregationMethod
from scopedjax._src.lower.gradient_options import UnconnectedGradients as UnconnectedGradients
from scopedjax._src.lower.gradient_tape import GradientTape as GradientTape
from scopedjax._src.lower.gradients import NotDifferentiable as NoGradient
from scopedjax._src.lower.gradients import NotDifferentiable as NotDifferentiable
from scopedjax._src.lower.gradients import RegisterGradient as RegisterGradient
from scopedjax._src.lower.gradients import gradients as gradients
from scopedjax._src.lower.gradients import hessians as hessians

# variables
from scopedjax._src.variables.creation import variable_creator_scope as variable_creator_scope
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

# runtime
from scopedjax._src.runtime.session import InteractiveSession as InteractiveSession
from scopedjax._src.runtime.session import Session as Session

# lib
from scopedjax._src.lib.platform.logging import get_logger as get_logger
from scopedjax._src.ops.summary.protos import Event as Event
from scopedjax._src.ops.summary.protos import HistogramProto as HistogramProto
from scopedjax._src.ops.summary.protos import LogMessage as LogMessage
from scopedjax._src.ops.summary.protos import RunMetadata as RunMetadata
from scopedjax._src.ops.summary.protos import SessionLog as SessionLog
from scopedjax._src.ops.summary.protos import Summary as Summary
from scopedjax._src.ops.summary.protos import SummaryMetadata as SummaryMetadata

# graph: files
# summaries, records, platform

# arrays and mathematics: the rest
from scopedjax import bitwise as bitwise
from scopedjax import linalg as linalg
from scopedjax import math as math
from scopedjax._src.ops.array.gathering import tensor_scatter_add as tensor_scatter_nd_add
from scopedjax._src.ops.array.gathering import tensor_scatter_max as tensor_scatter_nd_max
from scopedjax._src.ops.array.gathering import tensor_scatter_min as tensor_scatter_nd_min
from scopedjax._src.ops.array.gathering import tensor_scatter_sub as tensor_scatter_nd_sub
from scopedjax._src.ops.array.gathering import tensor_scatter_update as tensor_scatter_nd_update
from scopedjax._src.ops.array.slicing import slice_ as slice
from scopedjax._src.ops.control_flow.assertion import Assert as Assert
from scopedjax._src.ops.math.decompositions import cholesky as cholesky
from scopedjax._src.ops.math.decompositions import cholesky_solve as cholesky_solve
from scopedjax._src.ops.math.decompositions import matrix_determinant as matrix_determinant
from scopedjax._src.ops.math.decompositions import matrix_inverse as matrix_inverse
from scopedjax._src.ops.math.decompositions import matrix_solve as matrix_solve
from scopedjax._src.ops.math.decompositions import matrix_solve_ls as matrix_solve_ls
from scopedjax._src.ops.math.decompositions import matrix_triangular_solve as matrix_triangular_solve
from scopedjax._src.ops.math.decompositions import qr as qr
from scopedjax._src.ops.math.decompositions import self_adjoint_eig as self_adjoint_eig
from scopedjax._src.ops.math.decompositions import self_adjoint_eigvals as self_adjoint_eigvals
from scopedjax._src.ops.math.decompositions import svd as svd
from scopedjax._src.ops.math.special import betainc as betainc
from scopedjax._src.ops.math.special import digamma as digamma
from scopedjax._src.ops.math.special import div_no_nan as div_no_nan
from scopedjax._src.ops.math.special import erf as erf
from scopedjax._src.ops.math.special import erfc as erfc
from scopedjax._src.ops.math.special import igamma as igamma
from scopedjax._src.ops.math.special import igammac as igammac
from scopedjax._src.ops.math.special import is_finite as is_finite
from scopedjax._src.ops.math.special import is_inf as is_inf
from scopedjax._src.ops.math.special import is_nan as is_nan
from scopedjax._src.ops.math.special import lgamma as lgamma
from scopedjax._src.ops.math.special import polygamma as polygamma
from scopedjax._src.ops.math.special import zeta as zeta

# records, parsing, sparse tensors
from scopedjax._src.lib.records import sparse_runs as _sparse_runs
from scopedjax._src.ops.parsing.decoding import decode_csv as decode_csv
from scopedjax._src.ops.parsing.decoding import decode_json_example as decode_json_example
from scopedjax._src.ops.parsing.decoding import decode_raw as decode_raw
from scopedjax._src.ops.parsing.decoding import parse_tensor as parse_tensor
from scopedjax._src.ops.parsing.decoding import serialize_tensor as serialize_tensor
from scopedjax._src.ops.parsing.examples import parse_example as parse_example
from scopedjax._src.ops.parsing.examples import parse_single_example as parse_single_example
from scopedjax._src.ops.parsing.sequence_examples import (
    parse_single_sequence_example as parse_single_sequence_example,
)
from scopedjax._src.ops.sparse.arranging import sparse_mask as sparse_mask
from scopedjax._src.ops.sparse.arranging import sparse_merge as sparse_merge
from scopedjax._src.ops.sparse.arranging import sparse_placeholder as sparse_placeholder
from scopedjax._src.ops.sparse.arranging import sparse_reorder as sparse_reorder
from scopedjax._src.ops.sparse.arranging import sparse_reset_shape as sparse_reset_shape
from scopedjax._src.ops.sparse.arranging import sparse_reshape as sparse_reshape
from scopedjax._src.ops.sparse.arranging import sparse_retain as sparse_retain
from scopedjax._src.ops.sparse.arranging import sparse_to_indicator as sparse_to_indicator
from scopedjax._src.ops.sparse.arranging import sparse_transpose as sparse_transpose
from scopedjax._src.ops.sparse.densify import sparse_tensor_to_dense as sparse_tensor_to_dense
from scopedjax._src.ops.sparse.densify import sparse_to_dense as sparse_to_dense
from scopedjax._src.ops.sparse.elementwise import sparse_maximum as sparse_maximum
from scopedjax._src.ops.sparse.elementwise import sparse_minimum as sparse_minimum
from scopedjax._src.ops.sparse.elementwise import sparse_softmax as sparse_softmax
from scopedjax._src.ops.sparse.joining import sparse_add as sparse_add
from scopedjax._src.ops.sparse.joining import sparse_concat as sparse_concat
from scopedjax._src.ops.sparse.joining import sparse_fill_empty_rows as sparse_fill_empty_rows
from scopedjax._src.ops.sparse.joining import sparse_slice as sparse_slice
from scopedjax._src.ops.sparse.joining import sparse_split as sparse_split
from scopedjax._src.ops.sparse.products import sparse_matmul as sparse_matmul
from scopedjax._src.ops.sparse.products import sparse_tensor_dense_matmul as sparse_tensor_dense_matmul
from scopedjax._src.ops.sparse.reductions import sparse_reduce_max as sparse_reduce_max
from scopedjax._src.ops.sparse.reductions import sparse_reduce_max_sparse as sparse_reduce_max_sparse
from scopedjax._src.ops.sparse.reductions import sparse_reduce_sum as sparse_reduce_sum
from scopedjax._src.ops.sparse.reductions import sparse_reduce_sum_sparse as sparse_reduce_sum_sparse
from scopedjax._src.ops.sparse.serialization import deserialize_many_sparse as deserialize_many_sparse
from scopedjax._src.ops.sparse.serialization import serialize_many_sparse as serialize_many_sparse
from scopedjax._src.ops.sparse.serialization import serialize_sparse as serialize_sparse
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor as SparseTensor
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensorValue as SparseTensorValue
from scopedjax._src.ops.sparse.sparse_tensor import (
    convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor,
)

# strings
from scopedjax._src.lib.lookup.initializers import initialize_all_tables as initialize_all_tables
from scopedjax._src.lib.lookup.initializers import tables_initializer as tables_initializer
from scopedjax._src.ops.state.session_tensors import delete_session_tensor as delete_session_tensor
from scopedjax._src.ops.state.session_tensors import get_session_handle as get_session_handle
from scopedjax._src.ops.state.session_tensors import get_session_tensor as get_session_tensor
from scopedjax._src.ops.strings.hashing import fingerprint as fingerprint
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket as string_to_hash_bucket
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket_fast as string_to_hash_bucket_fast
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket_strong as string_to_hash_bucket_strong
from scopedjax._src.ops.strings.numbers import as_string as as_string
from scopedjax._src.ops.strings.numbers import decode_base64 as decode_base64
from scopedjax._src.ops.strings.numbers import encode_base64 as encode_base64
from scopedjax._src.ops.strings.numbers import string_to_number as string_to_number
from scopedjax._src.ops.strings.patterns import regex_replace as regex_replace
from scopedjax._src.ops.strings.texts import reduce_join as reduce_join
from scopedjax._src.ops.strings.texts import string_join as string_join
from scopedjax._src.ops.strings.texts import string_split as string_split
from scopedjax._src.ops.strings.texts import string_strip as string_strip
from scopedjax._src.ops.strings.texts import substr as substr

# the road out, and behaviour
from scopedjax._src.runtime.pure_function import pure_function as pure_function
from scopedjax._src.lib.installation import install as install
from scopedjax._src.lib.installation import uninstall as uninstall
from scopedjax._src.base.version import VERSION as __version__
from scopedjax._src.lib.platform.behavior import executing_eagerly as executing_eagerly
from scopedjax._src.lib.platform.behavior import disable_v2_behavior as disable_v2_behavior
from scopedjax._src.lib.platform.behavior import disable_eager_execution as disable_eager_execution
from scopedjax._src.lib.platform.behavior import disable_tensor_equality as disable_tensor_equality
from scopedjax._src.lib.platform.behavior import disable_v2_tensorshape as disable_v2_tensorshape
from scopedjax._src.lib.platform.behavior import disable_control_flow_v2 as disable_control_flow_v2
from scopedjax._src.lib.platform.behavior import disable_resource_variables as disable_resource_variables
from scopedjax._src.lib.platform.behavior import enable_resource_variables as enable_resource_variables
from scopedjax._src.lib.platform.behavior import control_flow_v2_enabled as control_flow_v2_enabled
from scopedjax._src.lib.platform.behavior import resource_variables_enabled as resource_variables_enabled
from scopedjax._src.lib.platform.behavior import enable_eager_execution as enable_eager_execution
from scopedjax._src.lib.platform.behavior import enable_v2_behavior as enable_v2_behavior
from scopedjax._src.lib.platform.behavior import enable_tensor_equality as enable_tensor_equality
from scopedjax._src.lib.platform.behavior import enable_v2_tensorshape as enable_v2_tensorshape
from scopedjax._src.lib.platform.behavior import enable_control_flow_v2 as enable_control_flow_v2

# pages
from scopedjax import app as app
from scopedjax import compat as compat
from scopedjax import errors as errors
from scopedjax import examples as examples
from scopedjax import flags as flags
from scopedjax import gfile as gfile
from scopedjax import graph_util as graph_util
from scopedjax import initializers as initializers
from scopedjax import logging as logging
from scopedjax import image as image
from scopedjax import layers as layers
from scopedjax import nn as nn
from scopedjax import python_io as python_io
from scopedjax import python as python
from scopedjax import train as train
from scopedjax import test as test
from scopedjax import sparse as sparse
from scopedjax import contrib as contrib
from scopedjax import lookup as lookup
from scopedjax import strings as strings
from scopedjax import resource_loader as resource_loader
from scopedjax import saved_model as saved_model
from scopedjax import io as io

# checks, order and counts
from scopedjax._src.ops.control_flow.checks import assert_equal as assert_equal
from scopedjax._src.ops.control_flow.checks import assert_greater as assert_greater
from scopedjax._src.ops.control_flow.checks import assert_greater_equal as assert_greater_equal
from scopedjax._src.ops.control_flow.checks import assert_integer as assert_integer
from scopedjax._src.ops.control_flow.checks import assert_less as assert_less
from scopedjax._src.ops.control_flow.checks import assert_less_equal as assert_less_equal
from scopedjax._src.ops.control_flow.checks import assert_near as assert_near
from scopedjax._src.ops.control_flow.checks import assert_negative as assert_negative
from scopedjax._src.ops.control_flow.checks import assert_non_negative as assert_non_negative
from scopedjax._src.ops.control_flow.checks import assert_non_positive as assert_non_positive
from scopedjax._src.ops.control_flow.checks import assert_none_equal as assert_none_equal
from scopedjax._src.ops.control_flow.checks import assert_positive as assert_positive
from scopedjax._src.ops.control_flow.checks import assert_proper_iterable as assert_proper_iterable
from scopedjax._src.ops.control_flow.checks import assert_rank as assert_rank
from scopedjax._src.ops.control_flow.checks import assert_rank_at_least as assert_rank_at_least
from scopedjax._src.ops.control_flow.checks import assert_rank_in as assert_rank_in
from scopedjax._src.ops.control_flow.checks import assert_scalar as assert_scalar
from scopedjax._src.ops.control_flow.checks import assert_type as assert_type
from scopedjax._src.ops.control_flow.checks import get_static_value as get_static_value
from scopedjax._src.ops.control_flow.checks import is_non_decreasing as is_non_decreasing
from scopedjax._src.ops.control_flow.checks import is_numeric_tensor as is_numeric_tensor
from scopedjax._src.ops.control_flow.checks import is_strictly_increasing as is_strictly_increasing
from scopedjax._src.ops.control_flow.checks import is_tensor as is_tensor
from scopedjax._src.ops.math.sorting import argsort as argsort
from scopedjax._src.ops.math.sorting import bincount as bincount
from scopedjax._src.ops.math.sorting import histogram_fixed_width as histogram_fixed_width
from scopedjax._src.ops.math.sorting import repeat as repeat
from scopedjax._src.ops.math.sorting import searchsorted as searchsorted
from scopedjax._src.ops.math.sorting import sort as sort
from scopedjax import debugging as debugging
from scopedjax import dtypes as dtypes
from scopedjax import manip as manip
from scopedjax import nest as nest
from scopedjax import version as version

# losses, metrics, distributions
from scopedjax import losses as losses
from scopedjax import distributions as distributions
from scopedjax import metrics as metrics
from scopedjax._src.ops.random.skewed import random_gamma as random_gamma
from scopedjax._src.ops.random.skewed import random_poisson as random_poisson
from scopedjax import sets as sets
from scopedjax._src.ops.math.confusion import confusion_matrix as confusion_matrix

# nodes that run Python, print, and handle whole files
from scopedjax._src.ops.host.python_functions import py_func as py_func
from scopedjax._src.ops.host.python_functions import numpy_function as numpy_function
from scopedjax._src.ops.host.python_functions import py_function as py_function
from scopedjax._src.ops.host.printing import Print as Print
from scopedjax._src.ops.host.printing import print_v2 as print
from scopedjax._src.ops.files.whole_files import read_file as read_file
from scopedjax._src.ops.files.whole_files import write_file as write_file
from scopedjax._src.ops.files.whole_files import matching_files as matching_files

# queues
from scopedjax import queue as queue
from scopedjax._src.ops.queues.queue import QueueBase as QueueBase
from scopedjax._src.ops.queues.queue import FIFOQueue as FIFOQueue
from scopedjax._src.ops.queues.queue import PaddingFIFOQueue as PaddingFIFOQueue
from scopedjax._src.ops.queues.queue import PriorityQueue as PriorityQueue
from scopedjax._src.ops.queues.queue import RandomShuffleQueue as RandomShuffleQueue
from scopedjax._src.ops.nn.ctc import edit_distance as edit_distance

# loops, cases and arrays of tensors
from scopedjax._src.ops.control_flow.cases import case as case
from scopedjax._src.ops.control_flow.cases import switch_case as switch_case
from scopedjax._src.ops.control_flow.functional import foldl as foldl
from scopedjax._src.ops.control_flow.functional import foldr as foldr
from scopedjax._src.ops.control_flow.functional import map_fn as map_fn
from scopedjax._src.ops.control_flow.functional import scan as scan
from scopedjax._src.ops.control_flow.tensor_array import TensorArray as TensorArray
from scopedjax._src.ops.control_flow.while_loop import while_loop as while_loop

# readers
from scopedjax._src.ops.readers.reader import FixedLengthRecordReader as FixedLengthRecordReader
from scopedjax._src.ops.readers.reader import IdentityReader as IdentityReader
from scopedjax._src.ops.readers.reader import ReaderBase as ReaderBase
from scopedjax._src.ops.readers.reader import TFRecordReader as TFRecordReader
from scopedjax._src.ops.readers.reader import TextLineReader as TextLineReader
from scopedjax._src.ops.readers.reader import WholeFileReader as WholeFileReader
from scopedjax._src.ops.image.patches import extract_image_patches as extract_image_patches
from scopedjax._src.ops.image.patches import extract_volume_patches as extract_volume_patches
from scopedjax import signal as signal
from scopedjax import spectral as spectral
from scopedjax._src.ops.signal.transforms import fft as fft
from scopedjax._src.ops.signal.transforms import fft2d as fft2d
from scopedjax._src.ops.signal.transforms import fft3d as fft3d
from scopedjax._src.ops.signal.transforms import ifft as ifft
from scopedjax._src.ops.signal.transforms import ifft2d as ifft2d
from scopedjax._src.ops.signal.transforms import ifft3d as ifft3d
from scopedjax._src.ops.math.matrix_functions import sqrtm as matrix_square_root
from scopedjax._src.ops.math.compositions import lbeta as lbeta
from scopedjax._src.ops.math.compositions import histogram_fixed_width_bins as histogram_fixed_width_bins
from scopedjax._src.ops.math.compositions import unravel_index as unravel_index
from scopedjax._src.ops.math.compositions import verify_tensor_all_finite as verify_tensor_all_finite

from scopedjax import keras as keras

from scopedjax._src.base.absence import absent as _absent

# numbers of few bits, sound, and what else few programs use
from scopedjax import quantization as quantization
from scopedjax._src.ops.math.quantization import fake_quant_with_min_max_args as fake_quant_with_min_max_args
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_args_gradient as fake_quant_with_min_max_args_gradient,
)
from scopedjax._src.ops.math.quantization import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_gradient as fake_quant_with_min_max_vars_gradient,
)
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_per_channel as fake_quant_with_min_max_vars_per_channel,
)
from scopedjax._src.ops.math.quantization import (
    fake_quant_with_min_max_vars_per_channel_gradient as fake_quant_with_min_max_vars_per_channel_gradient,
)
from scopedjax._src.ops.math.quantized_steps import dequantize as dequantize
from scopedjax._src.ops.math.quantized_steps import quantize as quantize
from scopedjax._src.ops.math.quantized_steps import quantize_v2 as quantize_v2
from scopedjax import audio as audio
from scopedjax._src.ops.parsing.compression import decode_compressed as decode_compressed
from scopedjax._src.ops.host.clock import timestamp as timestamp
from scopedjax._src.ops.control_flow.type_checks import assert_same_float_dtype as assert_same_float_dtype
from scopedjax._src.ops.control_flow.type_checks import add_check_numerics_ops as add_check_numerics_ops
from scopedjax._src.lower.gradients import NotDifferentiable as no_gradient
from scopedjax import raw_ops as raw_ops
from scopedjax._src.ops.control_flow.vectorized import recompute_grad as recompute_grad
from scopedjax._src.ops.control_flow.vectorized import vectorized_map as vectorized_map
from scopedjax._src.ops.slices_or_tensor import (
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
)

from scopedjax import autograph as autograph
from scopedjax import config as config
from scopedjax import distribute as distribute
from scopedjax import profiler as profiler
from scopedjax import xla as xla
from scopedjax._src.lib.module import Module as Module
from scopedjax._src.lib.functions.polymorphic import function as function
from scopedjax._src.lib.platform.eager_leftovers import init_scope as init_scope
from scopedjax._src.ops.accumulators.accumulator import ConditionalAccumulator as ConditionalAccumulator
from scopedjax._src.ops.accumulators.accumulator import ConditionalAccumulatorBase as ConditionalAccumulatorBase
from scopedjax._src.ops.accumulators.accumulator import SparseConditionalAccumulator as SparseConditionalAccumulator
from scopedjax._src.variables.slicing import create_partitioned_variables as create_partitioned_variables

newaxis = None  # a new dimension in an index, as in NumPy

from scopedjax._former_names import *

__getattr__ = _absent("")
