SESSION_SRCS := stepupd/session/asker.cc stepupd/session/local_key.cc stepupd/session/login_origin.cc stepupd/session/peer.cc stepupd/session/proc_text.cc \
  stepupd/session/session_key.cc stepupd/session/ssh_auth_info.cc
