"""Linear algebra: `tf.linalg`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.array.filling import eye as eye
from scopedjax._src.ops.array.joining import matrix_transpose as matrix_transpose
from scopedjax._src.ops.array.joining import matrix_transpose as transpose
from scopedjax._src.ops.math.clipping import global_norm as global_norm
from scopedjax._src.ops.math.decompositions import cholesky as cholesky
from scopedjax._src.ops.math.decompositions import cholesky_solve as cholesky_solve
from scopedjax._src.ops.math.decompositions import logdet as logdet
from scopedjax._src.ops.math.decompositions import lu as lu
from scopedjax._src.ops.math.decompositions import matrix_determinant as det
from scopedjax._src.ops.math.decompositions import matrix_inverse as inv
from scopedjax._src.ops.math.decompositions import matrix_solve as solve
from scopedjax._src.ops.math.decompositions import matrix_solve_ls as lstsq
from scopedjax._src.ops.math.decompositions import matrix_triangular_solve as triangular_solve
from scopedjax._src.ops.math.decompositions import qr as qr
from scopedjax._src.ops.math.decompositions import self_adjoint_eig as eigh
from scopedjax._src.ops.math.decompositions import self_adjoint_eigvals as eigvalsh
from scopedjax._src.ops.math.decompositions import slogdet as slogdet
from scopedjax._src.ops.math.decompositions import svd as svd
from scopedjax._src.ops.math.diagonals import diag as tensor_diag
from scopedjax._src.ops.math.diagonals import diag_part as tensor_diag_part
from scopedjax._src.ops.math.diagonals import matrix_band_part as band_part
from scopedjax._src.ops.math.diagonals import matrix_diag as diag
from scopedjax._src.ops.math.diagonals import matrix_diag_part as diag_part
from scopedjax._src.ops.math.diagonals import matrix_set_diag as set_diag
from scopedjax._src.ops.math.linear_algebra import adjoint as adjoint
from scopedjax._src.ops.math.linear_algebra import cross as cross
from scopedjax._src.ops.math.linear_algebra import einsum as einsum
from scopedjax._src.ops.math.linear_algebra import matmul as matmul
from scopedjax._src.ops.math.linear_algebra import matvec as matvec
from scopedjax._src.ops.math.linear_algebra import norm as norm
from scopedjax._src.ops.math.linear_algebra import tensordot as tensordot
from scopedjax._src.ops.math.linear_algebra import trace as trace
from scopedjax._src.ops.math.matrix_functions import expm as expm
from scopedjax._src.ops.math.matrix_functions import logm as logm
from scopedjax._src.ops.math.matrix_functions import matrix_rank as matrix_rank
from scopedjax._src.ops.math.matrix_functions import normalize as normalize
from scopedjax._src.ops.math.matrix_functions import pinv as pinv
from scopedjax._src.ops.math.matrix_functions import sqrtm as sqrtm
from scopedjax._src.ops.nn.normalization import l2_normalize as l2_normalize

__getattr__ = _absent("linalg")
