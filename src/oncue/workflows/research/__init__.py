"""Research a question in a folder of documents, with or without a language model.

Reading order: ``documents`` (the records) → ``gathering`` → ``abstracts`` → ``goals`` → ``synthesis`` → ``evidence`` →
``reporting`` → ``citations``; ``flow`` puts them together as a workflow. All but ``flow`` are pure functions from records to
records: the same input gives the same bytes.
"""
