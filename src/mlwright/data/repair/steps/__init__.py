"""The verbs of repair, one file each: how it is read, written, fitted and carried out."""
