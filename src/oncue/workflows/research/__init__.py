"""Research a question in a folder of documents, with or without a language model.

Reading order: ``documents`` (the records) → ``gathering`` → ``abstracts`` → ``goals`` → ``synthesis`` → ``evidence`` →
``deepening`` → ``reporting`` → ``citations``; ``choosing`` asks people; ``flow`` puts them together. All the others
are pure functions from records to records: the same input gives the same bytes.
"""
