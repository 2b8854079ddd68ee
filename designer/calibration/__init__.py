"""How this machine's profile is made: which networks are timed, how their kernels are found, how costs are fitted."""
