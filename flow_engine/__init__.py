"""Flows as data: steps, the machine, tasks, timers."""
