"""Figures: results to pictures; the only part that uses matplotlib, without its pyplot."""
