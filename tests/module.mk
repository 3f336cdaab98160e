UNIT_TEST_SRCS := tests/unit/main.cc $(sort $(wildcard tests/unit/*_test.cc))
PAM_MODULE_TEST_SRCS := tests/integration/pam_module_test.cc
CTL_DIALOGUE_TEST_SRCS := tests/unit/main.cc tests/integration/ctl_dialogue_test.cc
