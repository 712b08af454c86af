"""Reports: results as data first, then as text for people or JSON for programs."""
