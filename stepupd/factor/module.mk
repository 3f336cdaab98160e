FACTOR_SRCS := stepupd/factor/authenticator_data.cc stepupd/factor/base64.cc \
  stepupd/factor/cose_key.cc stepupd/factor/digest.cc stepupd/factor/fido2_assertion.cc \
  stepupd/factor/fido2_attestation.cc stepupd/factor/fido2_challenge.cc stepupd/factor/hex.cc \
  stepupd/factor/hotp.cc stepupd/factor/hotp_window.cc stepupd/factor/otp_format.cc \
  stepupd/factor/otpauth_uri.cc stepupd/factor/plain_cbor.cc stepupd/factor/public_key_text.cc \
  stepupd/factor/random.cc stepupd/factor/readable_code.cc stepupd/factor/recovery_code.cc \
  stepupd/factor/ssh_agent.cc stepupd/factor/ssh_sk.cc \
  stepupd/factor/totp.cc stepupd/factor/yubico_otp.cc
