CTL_SRCS := stepupd/ctl/command_line.cc stepupd/ctl/config_check.cc stepupd/ctl/dialogue.cc \
  stepupd/ctl/main.cc stepupd/ctl/output.cc stepupd/ctl/qr_code.cc stepupd/ctl/report.cc \
  stepupd/ctl/signals.cc stepupd/ctl/terminal.cc stepupd/ctl/time_text.cc
