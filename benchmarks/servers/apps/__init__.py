"""What runs inside the other servers' own environments, each as its documentation shows."""
