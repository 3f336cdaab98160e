POLICY_SRCS := stepupd/policy/decide.cc stepupd/policy/join.cc
