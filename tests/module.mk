UNIT_TEST_SRCS := tests/unit/main.cc $(sort $(wildcard tests/unit/*_test.cc))
PAM_MODULE_TEST_SRCS := $(addprefix tests/integration/pam_module_, main.cc test.cc agent_test.cc \
  conversation_test.cc daemon_test.cc hygiene_test.cc interruption_test.cc memory_test.cc \
  session_test.cc)
PAM_FAULT_TEST_SRCS := tests/integration/pam_fault_test.cc tests/fakes/fail_nth.cc
CTL_DIALOGUE_TEST_SRCS := tests/unit/main.cc tests/integration/ctl_dialogue_test.cc \
  tests/integration/ctl_secrets_test.cc

# -- What no unit test has the time for --
PROPERTY_SRCS := tests/property/policies.cc $(BASE_SRCS) $(POLICY_SRCS) $(RULES_SRCS)
$(B)/policies: $(call objs,$(PROPERTY_SRCS))
	$(CXX) $(LDFLAGS) -o $@ $^

.PHONY: check-properties
check-properties: $(B)/policies
	$(B)/policies 20261127 100000

# For tests/system/test_sudo_lines.py and test_su_lines.py, which compare it with sudo, su and doas.
$(B)/read_command_lines: $(call objs,tests/system/read_command_lines.cc $(BASE_SRCS) $(POLICY_SRCS))
	$(CXX) $(LDFLAGS) -o $@ $^
