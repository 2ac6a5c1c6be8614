"""tf.train: optimizers, savers, checkpoints, and the protocol buffers of examples."""

# ops
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.graph.protos import ClusterDef as ClusterDef
from scopedjax._src.graph.protos import JobDef as JobDef

# lib
from scopedjax._src.graph.protos import SaverDef as SaverDef
from scopedjax._src.graph.protos import ServerDef as ServerDef
from scopedjax._src.lib.summary.event_reader import summary_iterator as summary_iterator

# names of TensorFlow before 1.0
from scopedjax._src.lib.summary.file_writer import FileWriter as SummaryWriter
from scopedjax._src.lib.train import queue_runner as queue_runner
from scopedjax._src.lib.train.checkpoint_reader import NewCheckpointReader as NewCheckpointReader
from scopedjax._src.lib.train.checkpoint_reader import list_variables as list_variables
from scopedjax._src.lib.train.checkpoint_reader import load_checkpoint as load_checkpoint
from scopedjax._src.lib.train.checkpoint_reader import load_variable as load_variable
from scopedjax._src.lib.train.checkpoint_state import checkpoint_exists as checkpoint_exists
from scopedjax._src.lib.train.checkpoint_state import generate_checkpoint_state_proto as generate_checkpoint_state_proto
from scopedjax._src.lib.train.checkpoint_state import get_checkpoint_mtimes as get_checkpoint_mtimes
from scopedjax._src.lib.train.checkpoint_state import get_checkpoint_state as get_checkpoint_state
from scopedjax._src.lib.train.checkpoint_state import latest_checkpoint as latest_checkpoint
from scopedjax._src.lib.train.checkpoint_state import remove_checkpoint as remove_checkpoint
from scopedjax._src.lib.train.checkpoint_state import update_checkpoint_state as update_checkpoint_state
from scopedjax._src.lib.train.checkpoint_watch import checkpoints_iterator as checkpoints_iterator
from scopedjax._src.lib.train.cluster import ClusterSpec as ClusterSpec
from scopedjax._src.lib.train.cluster import Server as Server
from scopedjax._src.lib.train.cluster import replica_device_setter as replica_device_setter
from scopedjax._src.lib.train.coordinator import Coordinator as Coordinator
from scopedjax._src.lib.train.coordinator import LooperThread as LooperThread
from scopedjax._src.lib.train.global_step import assert_global_step as assert_global_step
from scopedjax._src.lib.train.global_step import create_global_step as create_global_step
from scopedjax._src.lib.train.global_step import get_global_step as get_global_step
from scopedjax._src.lib.train.global_step import get_or_create_global_step as get_or_create_global_step
from scopedjax._src.lib.train.global_step import global_step as global_step
from scopedjax._src.lib.train.graph_io import write_graph as write_graph
from scopedjax._src.lib.train.init_from_checkpoint import init_from_checkpoint as init_from_checkpoint
from scopedjax._src.lib.train.input.batching import batch as batch
from scopedjax._src.lib.train.input.batching import batch_join as batch_join
from scopedjax._src.lib.train.input.batching import maybe_batch as maybe_batch
from scopedjax._src.lib.train.input.batching import maybe_batch_join as maybe_batch_join
from scopedjax._src.lib.train.input.batching import maybe_shuffle_batch as maybe_shuffle_batch
from scopedjax._src.lib.train.input.batching import maybe_shuffle_batch_join as maybe_shuffle_batch_join
from scopedjax._src.lib.train.input.batching import shuffle_batch as shuffle_batch
from scopedjax._src.lib.train.input.batching import shuffle_batch_join as shuffle_batch_join

# input pipelines of queues
from scopedjax._src.lib.train.input.producers import input_producer as input_producer
from scopedjax._src.lib.train.input.producers import limit_epochs as limit_epochs
from scopedjax._src.lib.train.input.producers import match_filenames_once as match_filenames_once
from scopedjax._src.lib.train.input.producers import range_input_producer as range_input_producer
from scopedjax._src.lib.train.input.producers import slice_input_producer as slice_input_producer
from scopedjax._src.lib.train.input.producers import string_input_producer as string_input_producer
from scopedjax._src.lib.train.learning_rates import cosine_decay as cosine_decay
from scopedjax._src.lib.train.learning_rates import cosine_decay_restarts as cosine_decay_restarts
from scopedjax._src.lib.train.learning_rates import exponential_decay as exponential_decay
from scopedjax._src.lib.train.learning_rates import inverse_time_decay as inverse_time_decay
from scopedjax._src.lib.train.learning_rates import linear_cosine_decay as linear_cosine_decay
from scopedjax._src.lib.train.learning_rates import natural_exp_decay as natural_exp_decay
from scopedjax._src.lib.train.learning_rates import noisy_linear_cosine_decay as noisy_linear_cosine_decay
from scopedjax._src.lib.train.learning_rates import piecewise_constant as piecewise_constant
from scopedjax._src.lib.train.learning_rates import piecewise_constant as piecewise_constant_decay
from scopedjax._src.lib.train.learning_rates import polynomial_decay as polynomial_decay
from scopedjax._src.lib.train.meta_graph import export_meta_graph as export_meta_graph
from scopedjax._src.lib.train.meta_graph import import_meta_graph as import_meta_graph
from scopedjax._src.lib.train.moving_averages import ExponentialMovingAverage as ExponentialMovingAverage
from scopedjax._src.lib.train.optimizers.adaptive import AdadeltaOptimizer as AdadeltaOptimizer
from scopedjax._src.lib.train.optimizers.adaptive import AdagradDAOptimizer as AdagradDAOptimizer
from scopedjax._src.lib.train.optimizers.adaptive import AdagradOptimizer as AdagradOptimizer
from scopedjax._src.lib.train.optimizers.basic import AdamOptimizer as AdamOptimizer
from scopedjax._src.lib.train.optimizers.basic import GradientDescentOptimizer as GradientDescentOptimizer
from scopedjax._src.lib.train.optimizers.basic import MomentumOptimizer as MomentumOptimizer
from scopedjax._src.lib.train.optimizers.basic import RMSPropOptimizer as RMSPropOptimizer
from scopedjax._src.lib.train.optimizers.optax_optimizer import OptaxOptimizer as OptaxOptimizer
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer as Optimizer
from scopedjax._src.lib.train.optimizers.proximal import FtrlOptimizer as FtrlOptimizer
from scopedjax._src.lib.train.optimizers.proximal import ProximalAdagradOptimizer as ProximalAdagradOptimizer
from scopedjax._src.lib.train.optimizers.proximal import (
    ProximalGradientDescentOptimizer as ProximalGradientDescentOptimizer,
)
from scopedjax._src.lib.train.optimizers.sync_replicas import SyncReplicasOptimizer as SyncReplicasOptimizer
from scopedjax._src.lib.train.queue_runner import QueueRunner as QueueRunner
from scopedjax._src.lib.train.queue_runner import add_queue_runner as add_queue_runner
from scopedjax._src.lib.train.queue_runner import start_queue_runners as start_queue_runners
from scopedjax._src.lib.train.saver import Saver as Saver
from scopedjax._src.lib.train.sessions.basic_hooks import FeedFnHook as FeedFnHook
from scopedjax._src.lib.train.sessions.basic_hooks import FinalOpsHook as FinalOpsHook
from scopedjax._src.lib.train.sessions.basic_hooks import GlobalStepWaiterHook as GlobalStepWaiterHook
from scopedjax._src.lib.train.sessions.basic_hooks import LoggingTensorHook as LoggingTensorHook
from scopedjax._src.lib.train.sessions.basic_hooks import NanLossDuringTrainingError as NanLossDuringTrainingError
from scopedjax._src.lib.train.sessions.basic_hooks import NanTensorHook as NanTensorHook
from scopedjax._src.lib.train.sessions.basic_hooks import StopAtStepHook as StopAtStepHook
from scopedjax._src.lib.train.sessions.hook import SecondOrStepTimer as SecondOrStepTimer
from scopedjax._src.lib.train.sessions.hook import SessionRunArgs as SessionRunArgs
from scopedjax._src.lib.train.sessions.hook import SessionRunContext as SessionRunContext
from scopedjax._src.lib.train.sessions.hook import SessionRunHook as SessionRunHook
from scopedjax._src.lib.train.sessions.hook import SessionRunValues as SessionRunValues
from scopedjax._src.lib.train.sessions.manager import SessionManager as SessionManager
from scopedjax._src.lib.train.sessions.monitored import MonitoredSession as MonitoredSession
from scopedjax._src.lib.train.sessions.monitored import MonitoredTrainingSession as MonitoredTrainingSession
from scopedjax._src.lib.train.sessions.monitored import SingularMonitoredSession as SingularMonitoredSession
from scopedjax._src.lib.train.sessions.profiler_hook import ProfilerHook as ProfilerHook
from scopedjax._src.lib.train.sessions.saving_hooks import CheckpointSaverHook as CheckpointSaverHook
from scopedjax._src.lib.train.sessions.saving_hooks import CheckpointSaverListener as CheckpointSaverListener
from scopedjax._src.lib.train.sessions.saving_hooks import StepCounterHook as StepCounterHook
from scopedjax._src.lib.train.sessions.saving_hooks import SummarySaverHook as SummarySaverHook
from scopedjax._src.lib.train.sessions.scaffold import ChiefSessionCreator as ChiefSessionCreator
from scopedjax._src.lib.train.sessions.scaffold import Scaffold as Scaffold
from scopedjax._src.lib.train.sessions.scaffold import SessionCreator as SessionCreator
from scopedjax._src.lib.train.sessions.scaffold import WorkerSessionCreator as WorkerSessionCreator
from scopedjax._src.lib.train.sessions.supervisor import Supervisor as Supervisor

# monitored sessions and their hooks
from scopedjax._src.lib.train.sessions.supervisor import basic_train_loop as basic_train_loop
from scopedjax._src.lib.train.warm_start import VocabInfo as VocabInfo
from scopedjax._src.lib.train.warm_start import warm_start as warm_start
from scopedjax._src.ops.parsing.example_protos import BytesList as BytesList
from scopedjax._src.ops.parsing.example_protos import Example as Example
from scopedjax._src.ops.parsing.example_protos import Feature as Feature
from scopedjax._src.ops.parsing.example_protos import FeatureList as FeatureList
from scopedjax._src.ops.parsing.example_protos import FeatureLists as FeatureLists
from scopedjax._src.ops.parsing.example_protos import Features as Features
from scopedjax._src.ops.parsing.example_protos import FloatList as FloatList
from scopedjax._src.ops.parsing.example_protos import Int64List as Int64List
from scopedjax._src.ops.parsing.example_protos import SequenceExample as SequenceExample

__getattr__ = _absent("train")

# records, event files
