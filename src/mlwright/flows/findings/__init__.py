"""What is told of a model beside its evaluation: each finding a step, one a file."""
