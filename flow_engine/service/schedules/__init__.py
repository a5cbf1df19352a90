"""Between what a series step says and `flow_engine.series`: terms are read from records, periods become what is set."""
