"""K-means for tables of any length: a sample is searched, then every row gets its cluster."""
