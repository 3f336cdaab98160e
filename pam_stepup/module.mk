# What sudo's plugin has in common with the module, and the rest of the module.
PAM_DIALOGUE_SRCS := pam_stepup/agent_handover.cc pam_stepup/caller_rights.cc \
  pam_stepup/conversation.cc pam_stepup/dialogue.cc pam_stepup/own_process.cc \
  pam_stepup/signal_watch.cc pam_stepup/socket_trust.cc
PAM_SRCS := $(PAM_DIALOGUE_SRCS) pam_stepup/entry.cc pam_stepup/outcome.cc \
  pam_stepup/request_builder.cc
