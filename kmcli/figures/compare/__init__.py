"""The comparison sheet: a picture, its quantized versions, and beneath them the baselines."""
