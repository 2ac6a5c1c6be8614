"""`tf.nn`: what neural networks are made of."""

# ops: math
from scopedjax._src.ops.math.elementwise import sigmoid as sigmoid
from scopedjax._src.ops.math.elementwise import tanh as tanh

# ops: activations
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
from scopedjax._src.ops.nn.cross_entropy import l2_loss as l2_loss
from scopedjax._src.ops.nn.cross_entropy import log_poisson_loss as log_poisson_loss
from scopedjax._src.ops.nn.cross_entropy import sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits
from scopedjax._src.ops.nn.cross_entropy import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from scopedjax._src.ops.nn.cross_entropy import (
    softmax_cross_entropy_with_logits_v2 as softmax_cross_entropy_with_logits_v2,
)
from scopedjax._src.ops.nn.cross_entropy import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from scopedjax._src.ops.nn.cross_entropy import (
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from scopedjax._src.ops.nn.softmax import log_softmax as log_softmax
from scopedjax._src.ops.nn.softmax import softmax as softmax
