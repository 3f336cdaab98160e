POLICY_SRCS := stepupd/policy/command.cc stepupd/policy/decide.cc stepupd/policy/join.cc \
  stepupd/policy/match.cc stepupd/policy/network.cc stepupd/policy/week_time.cc
