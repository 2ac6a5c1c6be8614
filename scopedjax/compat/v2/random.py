"""tf.compat.v2.random: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.random import all_candidate_sampler as all_candidate_sampler
from scopedjax.random import categorical as categorical
from scopedjax.random import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from scopedjax.random import gamma as gamma
from scopedjax.random import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from scopedjax.random import log_uniform_candidate_sampler as log_uniform_candidate_sampler
from scopedjax.random import normal as normal
from scopedjax.random import shuffle as shuffle
from scopedjax.random import stateless_categorical as stateless_categorical
from scopedjax.random import stateless_normal as stateless_normal
from scopedjax.random import stateless_truncated_normal as stateless_truncated_normal
from scopedjax.random import stateless_uniform as stateless_uniform
from scopedjax.random import truncated_normal as truncated_normal
from scopedjax.random import uniform as uniform
from scopedjax.random import uniform_candidate_sampler as uniform_candidate_sampler

__getattr__ = _absent("compat.v2.random")
