"""`tf.nn`: what neural networks are made of."""

# ops: mathematics and arrays
# lib: recurrent networks
from scopedjax._src.base.absence import absent as _absent
from scopedjax.nn import rnn_cell as rnn_cell
from scopedjax._src.lib.rnn.dynamic import bidirectional_dynamic_rnn as bidirectional_dynamic_rnn
from scopedjax._src.lib.rnn.dynamic import dynamic_rnn as dynamic_rnn
from scopedjax._src.lib.rnn.static import static_bidirectional_rnn as static_bidirectional_rnn
from scopedjax._src.lib.rnn.static import static_rnn as static_rnn
from scopedjax._src.lib.rnn.static import static_state_saving_rnn as static_state_saving_rnn
from scopedjax._src.lib.rnn.raw import raw_rnn as raw_rnn
from scopedjax._src.ops.array.arranging import depth_to_space as depth_to_space
from scopedjax._src.ops.array.arranging import space_to_batch as space_to_batch
from scopedjax._src.ops.array.arranging import space_to_depth as space_to_depth
from scopedjax._src.ops.math.elementwise import sigmoid as sigmoid
from scopedjax._src.ops.math.elementwise import tanh as tanh

# ops: neural networks
from scopedjax._src.ops.nn.activations import crelu as crelu
from scopedjax._src.ops.nn.activations import elu as elu
from scopedjax._src.ops.nn.activations import leaky_relu as leaky_relu
from scopedjax._src.ops.nn.activations import relu as relu
from scopedjax._src.ops.nn.activations import relu6 as relu6
from scopedjax._src.ops.nn.activations import selu as selu
from scopedjax._src.ops.nn.activations import silu as silu
from scopedjax._src.ops.nn.activations import softplus as softplus
from scopedjax._src.ops.nn.activations import softsign as softsign
from scopedjax._src.ops.nn.activations import swish as swish
from scopedjax._src.ops.nn.bias import bias_add as bias_add
from scopedjax._src.ops.nn.bias import relu_layer as relu_layer
from scopedjax._src.ops.nn.bias import xw_plus_b as xw_plus_b
from scopedjax._src.ops.nn.candidates import all_candidate_sampler as all_candidate_sampler
from scopedjax._src.ops.nn.candidates import compute_accidental_hits as compute_accidental_hits
from scopedjax._src.ops.nn.candidates import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from scopedjax._src.ops.nn.candidates import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from scopedjax._src.ops.nn.candidates import log_uniform_candidate_sampler as log_uniform_candidate_sampler
from scopedjax._src.ops.nn.candidates import uniform_candidate_sampler as uniform_candidate_sampler
from scopedjax._src.ops.nn.convolutions import conv2d as conv2d
from scopedjax._src.ops.nn.convolutions import conv2d_backprop_filter as conv2d_backprop_filter
from scopedjax._src.ops.nn.convolutions import conv2d_backprop_input as conv2d_backprop_input
from scopedjax._src.ops.nn.convolutions import conv2d_transpose as conv2d_transpose
from scopedjax._src.ops.nn.convolutions import conv3d as conv3d
from scopedjax._src.ops.nn.convolutions import conv3d_backprop_filter as conv3d_backprop_filter
from scopedjax._src.ops.nn.convolutions import conv3d_backprop_filter_v2 as conv3d_backprop_filter_v2
from scopedjax._src.ops.nn.convolutions import conv3d_transpose as conv3d_transpose
from scopedjax._src.ops.nn.cross_entropy import l2_loss as l2_loss
from scopedjax._src.ops.nn.cross_entropy import log_poisson_loss as log_poisson_loss
from scopedjax._src.ops.nn.cross_entropy import sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits
from scopedjax._src.ops.nn.cross_entropy import softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits
from scopedjax._src.ops.nn.cross_entropy import (
    softmax_cross_entropy_with_logits_v2 as softmax_cross_entropy_with_logits_v2,
)
from scopedjax._src.ops.nn.cross_entropy import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from scopedjax._src.ops.nn.cross_entropy import weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits
from scopedjax._src.ops.nn.ctc import ctc_beam_search_decoder as ctc_beam_search_decoder
from scopedjax._src.ops.nn.ctc import ctc_beam_search_decoder_v2 as ctc_beam_search_decoder_v2
from scopedjax._src.ops.nn.ctc import ctc_greedy_decoder as ctc_greedy_decoder
from scopedjax._src.ops.nn.ctc import ctc_loss as ctc_loss
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d as depthwise_conv2d
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d_backprop_filter as depthwise_conv2d_backprop_filter
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d_backprop_input as depthwise_conv2d_backprop_input
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d_native as depthwise_conv2d_native
from scopedjax._src.ops.nn.depthwise import (
    depthwise_conv2d_native_backprop_filter as depthwise_conv2d_native_backprop_filter,
)
from scopedjax._src.ops.nn.depthwise import (
    depthwise_conv2d_native_backprop_input as depthwise_conv2d_native_backprop_input,
)
from scopedjax._src.ops.nn.depthwise import separable_conv2d as separable_conv2d
from scopedjax._src.ops.nn.dilated import atrous_conv2d as atrous_conv2d
from scopedjax._src.ops.nn.dilated import atrous_conv2d_transpose as atrous_conv2d_transpose
from scopedjax._src.ops.nn.dilated import conv1d as conv1d
from scopedjax._src.ops.nn.dilated import conv1d_transpose as conv1d_transpose
from scopedjax._src.ops.nn.dilated import convolution as convolution
from scopedjax._src.ops.nn.dropout import dropout as dropout
from scopedjax._src.ops.nn.embedding import embedding_lookup as embedding_lookup
from scopedjax._src.ops.nn.embedding_sparse import embedding_lookup_sparse as embedding_lookup_sparse
from scopedjax._src.ops.nn.moments import moments as moments
from scopedjax._src.ops.nn.moments import normalize_moments as normalize_moments
from scopedjax._src.ops.nn.moments import sufficient_statistics as sufficient_statistics
from scopedjax._src.ops.nn.moments import weighted_moments as weighted_moments
from scopedjax._src.ops.nn.normalization import (
    batch_norm_with_global_normalization as batch_norm_with_global_normalization,
)
from scopedjax._src.ops.nn.normalization import batch_normalization as batch_normalization
from scopedjax._src.ops.nn.normalization import fused_batch_norm as fused_batch_norm
from scopedjax._src.ops.nn.normalization import l2_normalize as l2_normalize
from scopedjax._src.ops.nn.normalization import local_response_normalization as local_response_normalization
from scopedjax._src.ops.nn.normalization import lrn as lrn
from scopedjax._src.ops.nn.normalization import zero_fraction as zero_fraction
from scopedjax._src.ops.nn.pooling import avg_pool as avg_pool
from scopedjax._src.ops.nn.pooling import avg_pool1d as avg_pool1d
from scopedjax._src.ops.nn.pooling import avg_pool2d as avg_pool2d
from scopedjax._src.ops.nn.pooling import avg_pool3d as avg_pool3d
from scopedjax._src.ops.nn.pooling import avg_pool_v2 as avg_pool_v2
from scopedjax._src.ops.nn.pooling import max_pool as max_pool
from scopedjax._src.ops.nn.pooling import max_pool1d as max_pool1d
from scopedjax._src.ops.nn.pooling import max_pool2d as max_pool2d
from scopedjax._src.ops.nn.pooling import max_pool3d as max_pool3d
from scopedjax._src.ops.nn.pooling import max_pool_v2 as max_pool_v2
from scopedjax._src.ops.nn.pooling import max_pool_with_argmax as max_pool_with_argmax
from scopedjax._src.ops.nn.pooling import pool as pool
from scopedjax._src.ops.nn.ranking import in_top_k as in_top_k
from scopedjax._src.ops.nn.ranking import top_k as top_k
from scopedjax._src.ops.nn.sampled_losses import nce_loss as nce_loss
from scopedjax._src.ops.nn.sampled_losses import sampled_softmax_loss as sampled_softmax_loss
from scopedjax._src.ops.nn.softmax import log_softmax as log_softmax
from scopedjax._src.ops.nn.softmax import softmax as softmax
from scopedjax._src.ops.nn.morphology import dilation2d as dilation2d
from scopedjax._src.ops.nn.morphology import erosion2d as erosion2d
from scopedjax._src.ops.nn.dilated import conv_transpose as conv_transpose
from scopedjax._src.ops.nn.embedding_sparse import safe_embedding_lookup_sparse as safe_embedding_lookup_sparse

# names of TensorFlow before 1.0
from scopedjax._src.ops.nn.convolutions import conv2d_transpose as deconv2d
from scopedjax._src.lib.losses.scaling import compute_average_loss as compute_average_loss
from scopedjax._src.lib.losses.scaling import scale_regularization_loss as scale_regularization_loss
from scopedjax._src.lib.losses.label_sequences import collapse_repeated as collapse_repeated
from scopedjax._src.lib.losses.label_sequences import ctc_unique_labels as ctc_unique_labels
from scopedjax._src.ops.nn.fractional import fractional_avg_pool as fractional_avg_pool
from scopedjax._src.ops.nn.fractional import fractional_max_pool as fractional_max_pool
from scopedjax._src.lib.losses.label_losses import ctc_loss_v2 as ctc_loss_v2

__getattr__ = _absent("nn")
