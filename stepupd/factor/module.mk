FACTOR_SRCS := stepupd/factor/digest.cc stepupd/factor/hex.cc stepupd/factor/hotp.cc \
  stepupd/factor/hotp_window.cc stepupd/factor/otp_format.cc stepupd/factor/otpauth_uri.cc \
  stepupd/factor/random.cc stepupd/factor/readable_code.cc stepupd/factor/recovery_code.cc \
  stepupd/factor/totp.cc stepupd/factor/yubico_otp.cc
