# Whether some unit test fails when a deny branch is flipped (tests/mutate/mutate.py); an hour or
# more.  MUTATE_ONLY=stepupd/policy does a part, and an interrupted run goes on where it was.
.PHONY: mutate
mutate:
	tests/mutate/mutate.py
