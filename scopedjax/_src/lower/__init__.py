"""Floor 3: from the recorded graph to compiled programs: prune, plan, trace, gradients."""
