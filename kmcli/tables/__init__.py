"""Tables in files: their columns as numbers, block by block, and their rows with labels added."""
