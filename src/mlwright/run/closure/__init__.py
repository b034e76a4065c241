"""What in the user's code can decide a result: walked, written down, digested."""
