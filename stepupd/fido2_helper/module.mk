FIDO2_HELPER_SRCS := $(STANDARD_DESCRIPTORS) stepupd/fido2_helper/assert_ceremony.cc \
  stepupd/fido2_helper/cable.cc stepupd/fido2_helper/failures.cc stepupd/fido2_helper/key.cc \
  stepupd/fido2_helper/key_choice.cc stepupd/fido2_helper/key_finder.cc \
  stepupd/fido2_helper/listener.cc stepupd/fido2_helper/lock_holder.cc \
  stepupd/fido2_helper/main.cc stepupd/fido2_helper/make_ceremony.cc \
  stepupd/fido2_helper/port.cc stepupd/fido2_helper/sandbox.cc \
  stepupd/fido2_helper/verification.cc
