"""Floor 4: sessions: fetches, feeds, the state of variables, the compilation cache."""
