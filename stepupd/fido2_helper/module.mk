FIDO2_HELPER_SRCS := $(STANDARD_DESCRIPTORS) stepupd/fido2_helper/ceremony.cc stepupd/fido2_helper/key_finder.cc \
  stepupd/fido2_helper/key_job.cc stepupd/fido2_helper/lock_holder.cc \
  stepupd/fido2_helper/main.cc stepupd/fido2_helper/operation.cc stepupd/fido2_helper/port.cc \
  stepupd/fido2_helper/sandbox.cc
