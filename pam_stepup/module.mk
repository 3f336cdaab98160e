PAM_SRCS := pam_stepup/conversation.cc pam_stepup/dialogue.cc pam_stepup/entry.cc \
  pam_stepup/options.cc pam_stepup/outcome.cc pam_stepup/request_builder.cc \
  pam_stepup/signal_watch.cc pam_stepup/socket_trust.cc
