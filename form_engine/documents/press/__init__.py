"""Processes that make a file of what somebody wrote: each limits itself first, and is ended when it takes too long."""
