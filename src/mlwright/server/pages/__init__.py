"""The pages, one a module: each turns a request into what its template and its twin show."""
