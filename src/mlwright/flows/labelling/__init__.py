"""People's labels: queues of rows, blind answers, agreement, and the data versions they make."""
