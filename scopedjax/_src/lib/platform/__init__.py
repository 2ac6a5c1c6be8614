"""What TF1 gave programs besides graphs: files, logging, flags, `app.run`, and the base class of tests."""
