"""What people log of work they do elsewhere, and what steps log: written, found and read again."""
