"""The small parts that steps are made of: who is asked, what is written, when it is due, where a rejection goes.

Frozen values, read from JSON once. They know nothing of machines, records or databases.
"""
