STORE_SRCS := stepupd/store/activity.cc stepupd/store/credentials.cc stepupd/store/failures.cc \
  stepupd/store/fido2_keys.cc stepupd/store/own_file.cc \
  stepupd/store/recovery_codes.cc stepupd/store/schema.cc stepupd/store/seal.cc \
  stepupd/store/sql.cc stepupd/store/store.cc stepupd/store/tickets_and_notices.cc
