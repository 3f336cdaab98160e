DAEMON_SRCS := stepupd/daemon/activity_log.cc stepupd/daemon/log_dialogue.cc stepupd/daemon/agent_link.cc stepupd/daemon/agent_step.cc stepupd/daemon/audit.cc stepupd/daemon/check_dialogue.cc \
  stepupd/daemon/code_step.cc stepupd/daemon/decision_record.cc stepupd/daemon/declared_keys.cc stepupd/daemon/fido2_ceremony.cc stepupd/daemon/fido2_verification.cc \
  stepupd/daemon/kept_proofs.cc stepupd/daemon/key_enrollment.cc stepupd/daemon/standing.cc stepupd/daemon/touch_desk.cc stepupd/daemon/touch_step.cc \
  stepupd/daemon/connection.cc stepupd/daemon/credential_rows.cc stepupd/daemon/control_dialogue.cc \
  stepupd/daemon/enroll_dialogue.cc stepupd/daemon/engine.cc stepupd/daemon/enrollment.cc \
  stepupd/daemon/gate_dialogue.cc stepupd/daemon/gone_accounts.cc stepupd/daemon/grant_ledger.cc stepupd/daemon/grant_memory.cc stepupd/daemon/host_identity.cc \
  stepupd/daemon/import_dialogue.cc stepupd/daemon/imported_credentials.cc stepupd/daemon/io_source.cc \
  stepupd/daemon/login.cc stepupd/daemon/login_book.cc \
  stepupd/daemon/journal_queue.cc \
  stepupd/daemon/main.cc stepupd/daemon/otp_verification.cc stepupd/daemon/pending_credentials.cc stepupd/daemon/places.cc \
  stepupd/daemon/request_facts.cc stepupd/daemon/rules_in_force.cc stepupd/daemon/server.cc stepupd/daemon/session_watch.cc \
  stepupd/daemon/session_report.cc stepupd/daemon/sessions_dialogue.cc stepupd/daemon/source_reuse.cc stepupd/daemon/ssh_sk_verification.cc stepupd/daemon/start.cc stepupd/daemon/status_report.cc \
  stepupd/daemon/step_up.cc stepupd/daemon/surroundings.cc stepupd/daemon/throttle.cc stepupd/daemon/worker.cc \
  $(STANDARD_DESCRIPTORS)
