"""What the serving benchmark measures and how: the table, the servers, the load."""
