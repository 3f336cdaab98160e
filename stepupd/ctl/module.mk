CTL_GRAMMAR := stepupd/ctl/command_line.cc stepupd/ctl/factor_verbs.cc stepupd/ctl/host_verbs.cc \
  stepupd/ctl/policy_verbs.cc stepupd/ctl/session_verbs.cc stepupd/ctl/verb_options.cc
CTL_SRCS := stepupd/ctl/agent.cc stepupd/ctl/explain.cc $(CTL_GRAMMAR) stepupd/ctl/config_check.cc stepupd/ctl/config_schema.cc stepupd/ctl/daemon_query.cc \
  stepupd/ctl/dialogue.cc stepupd/ctl/doctor.cc stepupd/ctl/doctor_pam.cc \
  stepupd/ctl/doctor_sudoers.cc stepupd/ctl/doctor_sshd.cc stepupd/ctl/doctor_host.cc \
  stepupd/ctl/doctor_drop_ins.cc stepupd/ctl/sshd_config.cc stepupd/ctl/enable.cc stepupd/ctl/enrolled.cc \
  stepupd/ctl/gate.cc stepupd/ctl/host_files.cc stepupd/ctl/import_file.cc \
  stepupd/ctl/json_report.cc stepupd/ctl/log.cc stepupd/ctl/main.cc stepupd/ctl/monitor_mode.cc \
  stepupd/ctl/output.cc stepupd/ctl/pam_change.cc stepupd/ctl/pam_edit.cc \
  stepupd/ctl/pam_effect.cc stepupd/ctl/pam_stack.cc stepupd/ctl/qr_code.cc stepupd/ctl/rehearsal.cc \
  stepupd/ctl/rehearse_rules.cc stepupd/ctl/replay.cc \
  stepupd/ctl/report.cc stepupd/ctl/rollback.cc stepupd/ctl/run_program.cc stepupd/ctl/session_place.cc stepupd/ctl/signals.cc stepupd/ctl/ssh_key_file.cc \
  stepupd/ctl/sudo_users.cc stepupd/ctl/terminal.cc stepupd/ctl/time_text.cc \
  stepupd/ctl/unified_diff.cc stepupd/ctl/user_name.cc stepupd/ctl/way_back.cc
