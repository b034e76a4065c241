"""Labels under control: which rows people are asked about, what they said, what follows."""
