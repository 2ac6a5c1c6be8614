"""tf.compat.v2.nn: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.newer_signatures import avg_pool as avg_pool
from scopedjax._src.lib.newer_signatures import conv2d as conv2d
from scopedjax._src.lib.newer_signatures import depthwise_conv2d as depthwise_conv2d
from scopedjax._src.lib.newer_signatures import dropout as dropout
from scopedjax._src.lib.newer_signatures import log_softmax as log_softmax
from scopedjax._src.lib.newer_signatures import max_pool as max_pool
from scopedjax._src.lib.newer_signatures import sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits
from scopedjax._src.lib.newer_signatures import softmax as softmax
from scopedjax._src.lib.newer_signatures import softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits
from scopedjax._src.lib.newer_signatures import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from scopedjax.nn import all_candidate_sampler as all_candidate_sampler
from scopedjax.nn import atrous_conv2d as atrous_conv2d
from scopedjax.nn import atrous_conv2d_transpose as atrous_conv2d_transpose
from scopedjax.nn import avg_pool1d as avg_pool1d
from scopedjax.nn import avg_pool3d as avg_pool3d
from scopedjax.nn import batch_normalization as batch_normalization
from scopedjax.nn import bias_add as bias_add
from scopedjax.nn import collapse_repeated as collapse_repeated
from scopedjax.nn import compute_accidental_hits as compute_accidental_hits
from scopedjax.nn import compute_average_loss as compute_average_loss
from scopedjax.nn import conv1d_transpose as conv1d_transpose
from scopedjax.nn import conv_transpose as conv_transpose
from scopedjax.nn import ctc_greedy_decoder as ctc_greedy_decoder
from scopedjax.nn import ctc_unique_labels as ctc_unique_labels
from scopedjax.nn import depthwise_conv2d_backprop_filter as depthwise_conv2d_backprop_filter
from scopedjax.nn import depthwise_conv2d_backprop_input as depthwise_conv2d_backprop_input
from scopedjax.nn import elu as elu
from scopedjax.nn import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from scopedjax.nn import l2_loss as l2_loss
from scopedjax.nn import l2_normalize as l2_normalize
from scopedjax.nn import leaky_relu as leaky_relu
from scopedjax.nn import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from scopedjax.nn import local_response_normalization as local_response_normalization
from scopedjax.nn import log_poisson_loss as log_poisson_loss
from scopedjax.nn import lrn as lrn
from scopedjax.nn import max_pool1d as max_pool1d
from scopedjax.nn import max_pool2d as max_pool2d
from scopedjax.nn import max_pool3d as max_pool3d
from scopedjax.nn import normalize_moments as normalize_moments
from scopedjax.nn import relu as relu
from scopedjax.nn import relu6 as relu6
from scopedjax.nn import scale_regularization_loss as scale_regularization_loss
from scopedjax.nn import selu as selu
from scopedjax.nn import sigmoid as sigmoid
from scopedjax.nn import softplus as softplus
from scopedjax.nn import softsign as softsign
from scopedjax.nn import tanh as tanh
from scopedjax.nn import top_k as top_k
from scopedjax.nn import zero_fraction as zero_fraction

__getattr__ = _absent("compat.v2.nn")
