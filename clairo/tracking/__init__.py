"""Where runs are written and read back: MLflow, or nothing at all."""
