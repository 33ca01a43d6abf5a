"""Research a question in a folder of documents, with or without a language model.

Reading order: ``documents`` (the records) → ``gathering`` → ``abstracts`` → ``goals`` → ``synthesis`` → ``evidence`` →
``deepening`` → ``summarizing`` → ``reporting`` → ``method`` → ``citations``. A person's comment goes through ``steering`` and
``guiding``; a language model writes in ``wording`` and ``answering``, by the laws of ``exhibits`` and ``claims``; ``choosing``
asks people; ``flow`` puts them together. All the others are pure functions from records to records: the same input gives the
same bytes.
"""
