"""The fused path through the steps, block by block as the files are decoded."""
