"""`tf.contrib.rnn`: cells, wrappers and recurrent networks under the names that TensorFlow 1 programs use."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.rnn.cell import LayerRNNCell as LayerRNNCell
from scopedjax._src.lib.rnn.cell import RNNCell as RNNCell
from scopedjax._src.lib.rnn.cells import BasicLSTMCell as BasicLSTMCell
from scopedjax._src.lib.rnn.cells import BasicRNNCell as BasicRNNCell
from scopedjax._src.lib.rnn.cells import GRUCell as GRUCell
from scopedjax._src.lib.rnn.cells import LSTMCell as LSTMCell
from scopedjax._src.lib.rnn.cells import LSTMStateTuple as LSTMStateTuple
from scopedjax._src.lib.rnn.contrib_cells import LayerNormBasicLSTMCell as LayerNormBasicLSTMCell
from scopedjax._src.lib.rnn.contrib_cells import NASCell as NASCell
from scopedjax._src.lib.rnn.contrib_wrappers import EmbeddingWrapper as EmbeddingWrapper
from scopedjax._src.lib.rnn.contrib_wrappers import InputProjectionWrapper as InputProjectionWrapper
from scopedjax._src.lib.rnn.contrib_wrappers import OutputProjectionWrapper as OutputProjectionWrapper
from scopedjax._src.lib.rnn.contrib_wrappers import stack_bidirectional_dynamic_rnn as stack_bidirectional_dynamic_rnn
from scopedjax._src.lib.rnn.contrib_wrappers import stack_bidirectional_rnn as stack_bidirectional_rnn
from scopedjax._src.lib.rnn.static import static_bidirectional_rnn as static_bidirectional_rnn
from scopedjax._src.lib.rnn.static import static_rnn as static_rnn
from scopedjax._src.lib.rnn.static import static_state_saving_rnn as static_state_saving_rnn
from scopedjax._src.lib.rnn.wrappers import DeviceWrapper as DeviceWrapper
from scopedjax._src.lib.rnn.wrappers import DropoutWrapper as DropoutWrapper
from scopedjax._src.lib.rnn.wrappers import MultiRNNCell as MultiRNNCell
from scopedjax._src.lib.rnn.wrappers import ResidualWrapper as ResidualWrapper

__getattr__ = _absent("contrib.rnn")
