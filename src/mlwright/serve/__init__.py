"""The data plane: route, answer, record every prediction before it is answered, look one up."""
