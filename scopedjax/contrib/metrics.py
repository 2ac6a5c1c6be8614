"""`tf.contrib.metrics`: metrics under their former names, and the F1 score."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.metrics.contrib import accuracy as accuracy
from scopedjax._src.lib.metrics.contrib import f1_score as f1_score
from scopedjax._src.lib.metrics.contrib import streaming_accuracy as streaming_accuracy
from scopedjax._src.lib.metrics.contrib import streaming_auc as streaming_auc
from scopedjax._src.lib.metrics.contrib import streaming_false_negatives as streaming_false_negatives
from scopedjax._src.lib.metrics.contrib import streaming_false_positives as streaming_false_positives
from scopedjax._src.lib.metrics.contrib import streaming_mean as streaming_mean
from scopedjax._src.lib.metrics.contrib import streaming_mean_absolute_error as streaming_mean_absolute_error
from scopedjax._src.lib.metrics.contrib import streaming_mean_squared_error as streaming_mean_squared_error
from scopedjax._src.lib.metrics.contrib import streaming_precision as streaming_precision
from scopedjax._src.lib.metrics.contrib import streaming_recall as streaming_recall
from scopedjax._src.lib.metrics.contrib import streaming_root_mean_squared_error as streaming_root_mean_squared_error
from scopedjax._src.lib.metrics.contrib import streaming_true_negatives as streaming_true_negatives
from scopedjax._src.lib.metrics.contrib import streaming_true_positives as streaming_true_positives
from scopedjax._src.ops.math.confusion import confusion_matrix as confusion_matrix
from scopedjax._src.ops.sparse.sets import set_difference as set_difference
from scopedjax._src.ops.sparse.sets import set_intersection as set_intersection
from scopedjax._src.ops.sparse.sets import set_size as set_size
from scopedjax._src.ops.sparse.sets import set_union as set_union

__getattr__ = _absent("contrib.metrics")
