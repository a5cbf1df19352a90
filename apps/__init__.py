"""Apps: bundles of definitions on disk, installed into a workspace and exported from it again. An app has no code."""
