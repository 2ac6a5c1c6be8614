"""Input pipelines of queues and threads: names of files, records, batches."""
