"""tf.compat.v2.signal: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.signal import dct as dct
from scopedjax.signal import fft as fft
from scopedjax.signal import fft2d as fft2d
from scopedjax.signal import fft3d as fft3d
from scopedjax.signal import fftshift as fftshift
from scopedjax.signal import frame as frame
from scopedjax.signal import hamming_window as hamming_window
from scopedjax.signal import hann_window as hann_window
from scopedjax.signal import idct as idct
from scopedjax.signal import ifft as ifft
from scopedjax.signal import ifft2d as ifft2d
from scopedjax.signal import ifft3d as ifft3d
from scopedjax.signal import ifftshift as ifftshift
from scopedjax.signal import inverse_stft as inverse_stft
from scopedjax.signal import inverse_stft_window_fn as inverse_stft_window_fn
from scopedjax.signal import irfft as irfft
from scopedjax.signal import irfft2d as irfft2d
from scopedjax.signal import irfft3d as irfft3d
from scopedjax.signal import linear_to_mel_weight_matrix as linear_to_mel_weight_matrix
from scopedjax.signal import mfccs_from_log_mel_spectrograms as mfccs_from_log_mel_spectrograms
from scopedjax.signal import overlap_and_add as overlap_and_add
from scopedjax.signal import rfft as rfft
from scopedjax.signal import rfft2d as rfft2d
from scopedjax.signal import rfft3d as rfft3d
from scopedjax.signal import stft as stft

__getattr__ = _absent("compat.v2.signal")
