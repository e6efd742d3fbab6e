"""Forms only carry what was typed and show what was wrong with it: the rules live in the verbs."""
