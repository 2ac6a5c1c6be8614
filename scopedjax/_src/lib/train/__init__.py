"""Training: optimizers, savers and checkpoints, coordinators."""
