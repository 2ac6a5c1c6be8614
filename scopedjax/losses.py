"""`tf.losses`: losses with weights, and the collection that gathers them."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.losses.functions import absolute_difference as absolute_difference
from scopedjax._src.lib.losses.functions import cosine_distance as cosine_distance
from scopedjax._src.lib.losses.functions import hinge_loss as hinge_loss
from scopedjax._src.lib.losses.functions import huber_loss as huber_loss
from scopedjax._src.lib.losses.functions import log_loss as log_loss
from scopedjax._src.lib.losses.functions import mean_pairwise_squared_error as mean_pairwise_squared_error
from scopedjax._src.lib.losses.functions import mean_squared_error as mean_squared_error
from scopedjax._src.lib.losses.functions import sigmoid_cross_entropy as sigmoid_cross_entropy
from scopedjax._src.lib.losses.functions import softmax_cross_entropy as softmax_cross_entropy
from scopedjax._src.lib.losses.functions import sparse_softmax_cross_entropy as sparse_softmax_cross_entropy
from scopedjax._src.lib.losses.weighted import Reduction as Reduction
from scopedjax._src.lib.losses.weighted import add_loss as add_loss
from scopedjax._src.lib.losses.weighted import compute_weighted_loss as compute_weighted_loss
from scopedjax._src.lib.losses.weighted import get_losses as get_losses
from scopedjax._src.lib.losses.weighted import get_regularization_loss as get_regularization_loss
from scopedjax._src.lib.losses.weighted import get_regularization_losses as get_regularization_losses
from scopedjax._src.lib.losses.weighted import get_total_loss as get_total_loss

__getattr__ = _absent("losses")
