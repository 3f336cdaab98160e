IMPORT_SRCS := stepupd/import/authorized_yubikeys.cc stepupd/import/google_authenticator.cc \
  stepupd/import/line_reader.cc stepupd/import/parse_file.cc stepupd/import/u2f_keys.cc \
  stepupd/import/users_oath.cc
