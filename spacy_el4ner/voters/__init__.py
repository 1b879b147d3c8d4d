"""Members of the ensemble: anything that finds and labels spans."""
