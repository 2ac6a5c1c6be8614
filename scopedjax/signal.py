"""`tf.signal`: Fourier and cosine transforms, windows, frames, the mel scale."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.signal.cosines import dct as dct
from scopedjax._src.ops.signal.cosines import idct as idct
from scopedjax._src.ops.signal.cosines import linear_to_mel_weight_matrix as linear_to_mel_weight_matrix
from scopedjax._src.ops.signal.cosines import mfccs_from_log_mel_spectrograms as mfccs_from_log_mel_spectrograms
from scopedjax._src.ops.signal.frames import frame as frame
from scopedjax._src.ops.signal.frames import inverse_stft as inverse_stft
from scopedjax._src.ops.signal.frames import overlap_and_add as overlap_and_add
from scopedjax._src.ops.signal.frames import stft as stft
from scopedjax._src.ops.signal.transforms import fft as fft
from scopedjax._src.ops.signal.transforms import fft2d as fft2d
from scopedjax._src.ops.signal.transforms import fft3d as fft3d
from scopedjax._src.ops.signal.transforms import fftshift as fftshift
from scopedjax._src.ops.signal.transforms import ifft as ifft
from scopedjax._src.ops.signal.transforms import ifft2d as ifft2d
from scopedjax._src.ops.signal.transforms import ifft3d as ifft3d
from scopedjax._src.ops.signal.transforms import ifftshift as ifftshift
from scopedjax._src.ops.signal.transforms import irfft as irfft
from scopedjax._src.ops.signal.transforms import irfft2d as irfft2d
from scopedjax._src.ops.signal.transforms import irfft3d as irfft3d
from scopedjax._src.ops.signal.transforms import rfft as rfft
from scopedjax._src.ops.signal.transforms import rfft2d as rfft2d
from scopedjax._src.ops.signal.transforms import rfft3d as rfft3d
from scopedjax._src.ops.signal.windows import hamming_window as hamming_window
from scopedjax._src.ops.signal.windows import hann_window as hann_window
from scopedjax._src.ops.signal.windows import inverse_stft_window_fn as inverse_stft_window_fn

__getattr__ = _absent("signal")
