"""The names of TF1's standard collections (`tf.GraphKeys`).

A collection is a list that a graph keeps under a name; the standard names are how the parts of a program find each
other's work (an optimizer finds the variables under `TRAINABLE_VARIABLES`, `slim` leaves its update ops under
`UPDATE_OPS`). The names are part of the format of a MetaGraphDef, so they are TensorFlow's to the letter, the
irregular ones included: `GLOBAL_VARIABLES` is called "variables" and `TABLE_INITIALIZERS` "table_initializer".
"""

from __future__ import annotations

import logging
from typing import ClassVar


class _OldNames(type):
    """Answers for `GraphKeys.VARIABLES`, which TF renamed before 1.0 and kept."""

    @property
    def VARIABLES(cls) -> str:
        """`GLOBAL_VARIABLES` under its first name."""
        # Logged, as TF does: a program that turns warnings into errors runs on TF1 with this name.
        logging.getLogger("scopedjax").warning("GraphKeys.VARIABLES is deprecated: use tf.GraphKeys.GLOBAL_VARIABLES.")
        return GraphKeys.GLOBAL_VARIABLES


class GraphKeys(metaclass=_OldNames):
    """Standard names for graph collections.

    >>> tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.UPDATE_OPS
    ('variables', 'update_ops')
    """

    # Variables, by what they are for.
    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    CONCATENATED_VARIABLES = "concatenated_variables"
    TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables"
    WEIGHTS = "weights"
    BIASES = "biases"

    # What a training loop runs or adds up.
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    REGULARIZATION_LOSSES = "regularization_losses"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    ACTIVATIONS = "activations"
    SAVERS = "savers"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    ASSET_FILEPATHS = "asset_filepaths"

    # What a Supervisor or a MonitoredSession looks for.
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"

    # Control flow.
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"

    # Not public in TF either, but part of its files.
    _SUMMARY_COLLECTION = "_SUMMARY_V2"
    _STREAMING_MODEL_PORTS = "streaming_model_ports"

    # The collections whose items a MetaGraphDef stores as VariableDefs.
    _VARIABLE_COLLECTIONS: ClassVar[list[str]] = [
        GLOBAL_VARIABLES,
        LOCAL_VARIABLES,
        METRIC_VARIABLES,
        MODEL_VARIABLES,
        TRAINABLE_VARIABLES,
        MOVING_AVERAGE_VARIABLES,
        CONCATENATED_VARIABLES,
        TRAINABLE_RESOURCE_VARIABLES,
    ]

    @property
    def VARIABLES(self) -> str:
        """`GLOBAL_VARIABLES` under its first name."""
        return type(self).VARIABLES
