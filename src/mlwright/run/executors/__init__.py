"""Where steps are carried out: in this process, in processes of their own, in a sandbox."""
