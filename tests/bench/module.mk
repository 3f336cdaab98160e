# What is measured against what (tests/bench/run.py); in a container, so that whole logins, sudo and
# polkit take part.  No part of check: a figure is no test.
BENCH_DIR      := $(B)/bench
BENCH_PROGRAMS := commands daemon_with_grants load pam_transactions round_trips start_ups
BENCH_PEERS    := probe_server pam_probe.so
BENCH_CALLER   := tests/bench/caller.cc $(BASE_SRCS) $(WIRE_SRCS)
BENCH_DAEMON   := tests/bench/seeded_daemon.cc tests/bench/caller.cc

.PHONY: bench
# BENCH_ONLY="decisions sudo" does these parts, and leaves build/bench.json alone.
bench: build/packages-bookworm $(addprefix $(BENCH_DIR)/,$(BENCH_PROGRAMS) $(BENCH_PEERS))
	/usr/bin/python3 tests/bench/run.py $(B) $(BENCH_ONLY)

# Pure, so that it needs no container: the decision for 10 rules and for 10,000.
.PHONY: bench-policy
bench-policy: $(BENCH_DIR)/policy_decisions
	$(BENCH_DIR)/policy_decisions

$(BENCH_DIR)/policy_decisions: $(call objs,tests/bench/policy_decisions.cc $(BASE_SRCS) $(POLICY_SRCS))
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) -o $@ $^

# In C, and with nothing of ours in them.
BENCH_CFLAGS := -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE
$(BENCH_DIR)/probe_server: tests/bench/probe_server.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $< -lsystemd

$(BENCH_DIR)/pam_probe.so: tests/bench/pam_probe.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -fPIC -shared -o $@ $<

$(addprefix $(BENCH_DIR)/,commands load pam_transactions round_trips): \
  $(BENCH_DIR)/%: $(call objs,tests/bench/%.cc $(BENCH_CALLER))
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) -o $@ $^ -lpam

$(addprefix $(BENCH_DIR)/,daemon_with_grants start_ups): \
  $(BENCH_DIR)/%: $(call objs,tests/bench/%.cc $(BENCH_DAEMON) $(filter-out %/main.cc,$(DAEMON_ALL)))
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)
