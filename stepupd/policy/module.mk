POLICY_SRCS := stepupd/policy/command.cc stepupd/policy/decide.cc stepupd/policy/join.cc \
  stepupd/policy/match.cc stepupd/policy/network.cc stepupd/policy/option_reader.cc \
  stepupd/policy/rule_index.cc stepupd/policy/su_line.cc stepupd/policy/sudo_line.cc \
  stepupd/policy/time_zone.cc stepupd/policy/week_time.cc stepupd/policy/zone_rule.cc
