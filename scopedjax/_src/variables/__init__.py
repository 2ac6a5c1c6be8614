"""Floor 3: variables, variable scopes and initializers."""
