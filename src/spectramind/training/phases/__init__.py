"""What is trained: batches, loss, validation, and which weights are kept."""
