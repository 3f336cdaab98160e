UNIT_TEST_SRCS := tests/unit/main.cc $(sort $(wildcard tests/unit/*_test.cc))
