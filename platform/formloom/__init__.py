"""The kernel: what any application needs, knowing nothing of forms or flows."""
