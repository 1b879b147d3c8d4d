"""Distillation: one small pipeline that learns from the annotations of a large one, its teacher."""
