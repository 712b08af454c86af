"""Measurements of kmcli beside its peers; what they print is what docs/benchmarks.md quotes."""
