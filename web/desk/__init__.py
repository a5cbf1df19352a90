"""What lies on a person's desk: each module asks the engines' services and builds what one page shows.

No SQL here and no HTML: services in, frozen page objects (or JSON for the API) out.
"""
