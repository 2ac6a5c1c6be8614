"""`tf.metrics`: measures of a whole data set, gathered batch by batch."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.metrics.average_precision import average_precision_at_k as average_precision_at_k
from scopedjax._src.lib.metrics.average_precision import sparse_average_precision_at_k as sparse_average_precision_at_k
from scopedjax._src.lib.metrics.classes import mean_iou as mean_iou
from scopedjax._src.lib.metrics.classes import mean_per_class_accuracy as mean_per_class_accuracy
from scopedjax._src.lib.metrics.counts import false_negatives as false_negatives
from scopedjax._src.lib.metrics.counts import false_positives as false_positives
from scopedjax._src.lib.metrics.counts import precision as precision
from scopedjax._src.lib.metrics.counts import recall as recall
from scopedjax._src.lib.metrics.counts import true_negatives as true_negatives
from scopedjax._src.lib.metrics.counts import true_positives as true_positives
from scopedjax._src.lib.metrics.curves import auc as auc
from scopedjax._src.lib.metrics.curves import sensitivity_at_specificity as sensitivity_at_specificity
from scopedjax._src.lib.metrics.curves import specificity_at_sensitivity as specificity_at_sensitivity
from scopedjax._src.lib.metrics.means import accuracy as accuracy
from scopedjax._src.lib.metrics.means import mean as mean
from scopedjax._src.lib.metrics.means import mean_absolute_error as mean_absolute_error
from scopedjax._src.lib.metrics.means import mean_cosine_distance as mean_cosine_distance
from scopedjax._src.lib.metrics.means import mean_relative_error as mean_relative_error
from scopedjax._src.lib.metrics.means import mean_squared_error as mean_squared_error
from scopedjax._src.lib.metrics.means import mean_tensor as mean_tensor
from scopedjax._src.lib.metrics.means import percentage_below as percentage_below
from scopedjax._src.lib.metrics.means import root_mean_squared_error as root_mean_squared_error
from scopedjax._src.lib.metrics.thresholds import false_negatives_at_thresholds as false_negatives_at_thresholds
from scopedjax._src.lib.metrics.thresholds import false_positives_at_thresholds as false_positives_at_thresholds
from scopedjax._src.lib.metrics.thresholds import precision_at_thresholds as precision_at_thresholds
from scopedjax._src.lib.metrics.thresholds import recall_at_thresholds as recall_at_thresholds
from scopedjax._src.lib.metrics.thresholds import true_negatives_at_thresholds as true_negatives_at_thresholds
from scopedjax._src.lib.metrics.thresholds import true_positives_at_thresholds as true_positives_at_thresholds
from scopedjax._src.lib.metrics.top_k import precision_at_k as precision_at_k
from scopedjax._src.lib.metrics.top_k import precision_at_top_k as precision_at_top_k
from scopedjax._src.lib.metrics.top_k import recall_at_k as recall_at_k
from scopedjax._src.lib.metrics.top_k import recall_at_top_k as recall_at_top_k
from scopedjax._src.lib.metrics.top_k import sparse_precision_at_k as sparse_precision_at_k

__getattr__ = _absent("metrics")
