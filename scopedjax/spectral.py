"""`tf.spectral`: the older name of a part of `tf.signal`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.signal.cosines import dct as dct
from scopedjax._src.ops.signal.cosines import idct as idct
from scopedjax._src.ops.signal.transforms import fft as fft
from scopedjax._src.ops.signal.transforms import fft2d as fft2d
from scopedjax._src.ops.signal.transforms import fft3d as fft3d
from scopedjax._src.ops.signal.transforms import ifft as ifft
from scopedjax._src.ops.signal.transforms import ifft2d as ifft2d
from scopedjax._src.ops.signal.transforms import ifft3d as ifft3d
from scopedjax._src.ops.signal.transforms import irfft as irfft
from scopedjax._src.ops.signal.transforms import irfft2d as irfft2d
from scopedjax._src.ops.signal.transforms import irfft3d as irfft3d
from scopedjax._src.ops.signal.transforms import rfft as rfft
from scopedjax._src.ops.signal.transforms import rfft2d as rfft2d
from scopedjax._src.ops.signal.transforms import rfft3d as rfft3d

__getattr__ = _absent("spectral")
