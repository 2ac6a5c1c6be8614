"""tf.compat.v2.train: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.train import BytesList as BytesList
from scopedjax.train import ClusterDef as ClusterDef
from scopedjax.train import ClusterSpec as ClusterSpec
from scopedjax.train import Coordinator as Coordinator
from scopedjax.train import Example as Example
from scopedjax.train import ExponentialMovingAverage as ExponentialMovingAverage
from scopedjax.train import Feature as Feature
from scopedjax.train import FeatureList as FeatureList
from scopedjax.train import FeatureLists as FeatureLists
from scopedjax.train import Features as Features
from scopedjax.train import FloatList as FloatList
from scopedjax.train import Int64List as Int64List
from scopedjax.train import JobDef as JobDef
from scopedjax.train import SequenceExample as SequenceExample
from scopedjax.train import checkpoints_iterator as checkpoints_iterator
from scopedjax.train import get_checkpoint_state as get_checkpoint_state
from scopedjax.train import latest_checkpoint as latest_checkpoint
from scopedjax.train import list_variables as list_variables
from scopedjax.train import load_checkpoint as load_checkpoint
from scopedjax.train import load_variable as load_variable

__getattr__ = _absent("compat.v2.train")
