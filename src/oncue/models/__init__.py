"""Language models: clients for each way a model is spoken to, and one that answers from a file."""
