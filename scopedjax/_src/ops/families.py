"""Every family of op types, imported so that it registers itself.

A graph from a file may hold any type, not only those that a contents page shows, so all families are registered when
the package is imported.
"""

from scopedjax._src.ops import gradient_node as gradient_node
from scopedjax._src.ops.array import arranging as arranging
from scopedjax._src.ops.array import filling as filling
from scopedjax._src.ops.array import gathering as gathering
from scopedjax._src.ops.array import identity as identity
from scopedjax._src.ops.array import joining as joining
from scopedjax._src.ops.array import packing as packing
from scopedjax._src.ops.array import selection as selection
from scopedjax._src.ops.array import shapes as shapes
from scopedjax._src.ops.array import slicing as slicing
from scopedjax._src.ops.control_flow import assertion as assertion
from scopedjax._src.ops.control_flow import checks as checks
from scopedjax._src.ops.control_flow import cond as cond
from scopedjax._src.ops.control_flow import grouping as grouping
from scopedjax._src.ops.control_flow import scan as scan
from scopedjax._src.ops.files import checkpoints as checkpoints
from scopedjax._src.ops.files import shard_names as shard_names
from scopedjax._src.ops.files import whole_files as whole_files
from scopedjax._src.ops.host import printing as printing
from scopedjax._src.ops.host import python_functions as python_functions
from scopedjax._src.ops.host import text_format as text_format
from scopedjax._src.ops.image import coding as coding
from scopedjax._src.ops.image import colors as colors
from scopedjax._src.ops.image import resizing as resizing
from scopedjax._src.ops.math import accumulation as accumulation
from scopedjax._src.ops.math import casting as casting
from scopedjax._src.ops.math import clipping as clipping
from scopedjax._src.ops.math import comparison as comparison
from scopedjax._src.ops.math import decompositions as decompositions
from scopedjax._src.ops.math import diagonals as diagonals
from scopedjax._src.ops.math import elementwise as elementwise
from scopedjax._src.ops.math import linear_algebra as linear_algebra
from scopedjax._src.ops.math import operators as operators
from scopedjax._src.ops.math import reductions as reductions
from scopedjax._src.ops.math import segments as segments
from scopedjax._src.ops.math import sorting as sorting
from scopedjax._src.ops.math import special as special
from scopedjax._src.ops.nn import activations as activations
from scopedjax._src.ops.nn import bias as bias
from scopedjax._src.ops.nn import candidates as candidates
from scopedjax._src.ops.nn import convolutions as convolutions
from scopedjax._src.ops.nn import cross_entropy as cross_entropy
from scopedjax._src.ops.nn import ctc as ctc
from scopedjax._src.ops.nn import depthwise as depthwise
from scopedjax._src.ops.nn import normalization as normalization
from scopedjax._src.ops.nn import pooling as pooling
from scopedjax._src.ops.nn import ranking as ranking
from scopedjax._src.ops.nn import softmax as softmax
from scopedjax._src.ops.queues import nodes as nodes
from scopedjax._src.ops.random import sampling as sampling
from scopedjax._src.ops.sparse import arranging as sparse_arranging
from scopedjax._src.ops.sparse import densify as sparse_densify
from scopedjax._src.ops.sparse import elementwise as sparse_elementwise
from scopedjax._src.ops.sparse import joining as sparse_joining
from scopedjax._src.ops.sparse import products as sparse_products
from scopedjax._src.ops.sparse import reductions as sparse_reductions
from scopedjax._src.ops.sparse import serialization as sparse_serialization
from scopedjax._src.ops.state import scatter as scatter
from scopedjax._src.ops.state import storage as storage
from scopedjax._src.ops.summary import nodes as nodes
from scopedjax._src.ops.training import apply as apply
