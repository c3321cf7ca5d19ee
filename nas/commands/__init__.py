"""Groups of commands of the command line that need the house alone; `cli.py` gathers them and adds the others."""
