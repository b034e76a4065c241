"""Feature steps of the user's own: examined once, then carried out in a confined process apart."""
