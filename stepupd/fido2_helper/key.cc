// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/key.h"

#include <string.h>

#include <algorithm>
#include <array>
#include <span>

#include "stepupd/fido2_helper/failures.h"

namespace stepup::fido2_helper {
namespace {

using wire::Bytes;

void free_assertion(fido_assert_t* assertion) noexcept { fido_assert_free(&assertion); }
void free_credential(fido_cred_t* credential) noexcept { fido_cred_free(&credential); }
void free_info(fido_cbor_info_t* info) noexcept { fido_cbor_info_free(&info); }
using AssertionHandle = CHandle<fido_assert_t, &free_assertion>;
using CredentialHandle = CHandle<fido_cred_t, &free_credential>;
using InfoHandle = CHandle<fido_cbor_info_t, &free_info>;

// How often a U2F key, which does not wait itself, is asked whether it was touched.
constexpr std::chrono::milliseconds kTouchInterval(100);

Bytes copy(const unsigned char* bytes, std::size_t size) {
  return bytes == nullptr ? Bytes() : Bytes(bytes, bytes + size);
}

// What a CBOR byte string holds; empty when `cbor` is none.  libfido2 1.12 hands out the
// authenticator data of an assertion only in CBOR.
Bytes unwrapped(std::span<const std::uint8_t> cbor) {
  constexpr std::uint8_t kByteString = 0x40;
  constexpr std::uint8_t kOneByteLength = 24;
  constexpr std::uint8_t kTwoByteLength = 25;
  if (cbor.empty() || (cbor[0] & 0xe0) != kByteString) return {};
  const std::uint8_t kind = cbor[0] & 0x1f;
  std::size_t size = kind;
  std::size_t at = 1;
  if (kind == kOneByteLength && cbor.size() > 1) {
    size = cbor[1];
    at = 2;
  } else if (kind == kTwoByteLength && cbor.size() > 2) {
    size = static_cast<std::size_t>(cbor[1] << 8 | cbor[2]);
    at = 3;
  } else if (kind >= kOneByteLength) {
    return {};
  }
  if (cbor.size() - at != size) return {};
  return {cbor.begin() + static_cast<std::ptrdiff_t>(at), cbor.end()};
}

// The pointer that libfido2 wants: to text with NUL at its end, or none.
const char* c_text(const SecretBytes& pin, Means means) {
  return means == Means::Pin ? pin.text().data() : nullptr;
}

// The best algorithm that the key knows; 0 when it knows none of ours.
int best_of(const std::vector<int>& known) {
  if (known.empty()) return COSE_ES256;  // CTAP 2.0 does not tell, and has to know this one
  for (const int algorithm : {COSE_ES256, COSE_EDDSA, COSE_RS256}) {
    if (std::ranges::find(known, algorithm) != known.end()) return algorithm;
  }
  return 0;
}

wire::KeyAlgorithm name_of(int algorithm) {
  switch (algorithm) {
    case COSE_EDDSA: return wire::KeyAlgorithm::EdDsa;
    case COSE_RS256: return wire::KeyAlgorithm::Rs256;
    default: return wire::KeyAlgorithm::Es256;
  }
}

// Runs libfido2's setters until one fails.
int first_failure(std::initializer_list<int> results) {
  const auto* failed = std::ranges::find_if(results, [](int r) { return r != FIDO_OK; });
  return failed == results.end() ? FIDO_OK : *failed;
}

}  // namespace

int Key::open(BootTime deadline) {
  auto cable = Cable::open(where_.path, stop_, attention_);
  if (!cable) {
    open_error_ = std::unexpected(cable.error());
    return FIDO_ERR_INTERNAL;
  }
  cable_ = std::move(*cable);
  cable_->set_deadline(deadline);
  device_.reset(fido_dev_new());
  if (!device_) return FIDO_ERR_INTERNAL;
  if (const int r = cable_->connect(device_.get()); r != FIDO_OK) return r;
  return read_abilities();
}

int Key::read_abilities() {
  abilities_.fido2 = fido_dev_is_fido2(device_.get());
  if (!abilities_.fido2) return FIDO_OK;
  const InfoHandle info(fido_cbor_info_new());
  if (!info) return FIDO_ERR_INTERNAL;
  if (const int r = fido_dev_get_cbor_info(device_.get(), info.get()); r != FIDO_OK) return r;
  char** names = fido_cbor_info_options_name_ptr(info.get());
  const bool* values = fido_cbor_info_options_value_ptr(info.get());
  for (std::size_t i = 0; i < fido_cbor_info_options_len(info.get()); ++i) {
    const std::string_view name = names[i];
    if (name == "rk") abilities_.discoverable = values[i];
    if (name == "uv") abilities_.fingerprint = values[i];
    if (name == "clientPin") abilities_.pin = values[i];
    if (name == "alwaysUv") abilities_.verifies_always = values[i];
    if (name == "makeCredUvNotRqd") abilities_.makes_without_verifying = values[i];
  }
  for (std::size_t i = 0; i < fido_cbor_info_algorithm_count(info.get()); ++i) {
    abilities_.algorithms.push_back(fido_cbor_info_algorithm_cose(info.get(), i));
  }
  return FIDO_OK;
}

int Key::find(const std::string& rp_id, const std::vector<Bytes>& ids, BootTime deadline) {
  // Not the challenge: no signature over that may exist without a touch.
  constexpr std::array<unsigned char, 32> kNoChallenge{};
  held_.clear();
  cable_->set_deadline(deadline);
  // One by one: a key takes only so many at once, and this also tells which one it holds.
  for (const Bytes& id : ids) {
    const AssertionHandle assertion(fido_assert_new());
    if (!assertion) return FIDO_ERR_INTERNAL;
    if (const int r =
            first_failure({fido_assert_set_rp(assertion.get(), rp_id.c_str()),
                           fido_assert_set_clientdata_hash(assertion.get(), kNoChallenge.data(),
                                                           kNoChallenge.size()),
                           fido_assert_set_up(assertion.get(), FIDO_OPT_FALSE),
                           fido_assert_allow_cred(assertion.get(), id.data(), id.size())});
        r != FIDO_OK) {
      return r;
    }
    const int r = fido_dev_get_assert(device_.get(), assertion.get(), nullptr);
    // A U2F key cannot sign without a touch, and says so of a credential that is its own.
    if (r == FIDO_ERR_USER_PRESENCE_REQUIRED ||
        (r == FIDO_OK && fido_assert_count(assertion.get()) > 0)) {
      held_ = id;
      return FIDO_OK;
    }
    // Any other answer of the key means that this one is of no use to it.
    if (r == FIDO_ERR_RX || r == FIDO_ERR_TX) return r;
  }
  return FIDO_OK;
}

int Key::sign(const wire::Ceremony& ceremony, Means means, const SecretBytes& pin,
              BootTime deadline) {
  cable_->set_deadline(deadline);
  const AssertionHandle assertion(fido_assert_new());
  if (!assertion) return FIDO_ERR_INTERNAL;
  if (const int r = first_failure(
          {fido_assert_set_rp(assertion.get(), ceremony.rp_id.c_str()),
           fido_assert_set_clientdata_hash(assertion.get(), ceremony.client_data_hash.data(),
                                           ceremony.client_data_hash.size()),
           fido_assert_set_up(assertion.get(), FIDO_OPT_TRUE),
           fido_assert_set_uv(assertion.get(),
                              means == Means::Fingerprint ? FIDO_OPT_TRUE : FIDO_OPT_OMIT),
           fido_assert_allow_cred(assertion.get(), held_.data(), held_.size())});
      r != FIDO_OK) {
    return r;
  }
  const int r = fido_dev_get_assert(device_.get(), assertion.get(), c_text(pin, means));
  if (r != FIDO_OK) return r;
  if (fido_assert_count(assertion.get()) == 0) return FIDO_ERR_NO_CREDENTIALS;
  assertion_.credential_id =
      copy(fido_assert_id_ptr(assertion.get(), 0), fido_assert_id_len(assertion.get(), 0));
  // A key that was asked for one credential may leave out which it was.
  if (assertion_.credential_id.empty()) assertion_.credential_id = held_;
  assertion_.auth_data = unwrapped(
      {fido_assert_authdata_ptr(assertion.get(), 0), fido_assert_authdata_len(assertion.get(), 0)});
  assertion_.signature =
      copy(fido_assert_sig_ptr(assertion.get(), 0), fido_assert_sig_len(assertion.get(), 0));
  return FIDO_OK;
}

int Key::make(const wire::MakeCredentialRequest& request, Means means, const SecretBytes& pin,
              BootTime deadline) {
  cable_->set_deadline(deadline);
  const CredentialHandle credential(fido_cred_new());
  if (!credential) return FIDO_ERR_INTERNAL;
  const int algorithm = best_of(abilities_.algorithms);
  if (algorithm == 0) return FIDO_ERR_UNSUPPORTED_ALGORITHM;
  const wire::Ceremony& ceremony = request.ceremony;
  if (const int r = first_failure(
          {fido_cred_set_type(credential.get(), algorithm),
           fido_cred_set_rp(credential.get(), ceremony.rp_id.c_str(), ceremony.rp_id.c_str()),
           fido_cred_set_clientdata_hash(credential.get(), ceremony.client_data_hash.data(),
                                         ceremony.client_data_hash.size()),
           fido_cred_set_user(credential.get(), request.user_id.data(), request.user_id.size(),
                              request.user_name.c_str(), request.user_name.c_str(), nullptr),
           fido_cred_set_rk(credential.get(), request.discoverable ? FIDO_OPT_TRUE : FIDO_OPT_OMIT),
           fido_cred_set_uv(credential.get(),
                            means == Means::Fingerprint ? FIDO_OPT_TRUE : FIDO_OPT_OMIT)});
      r != FIDO_OK) {
    return r;
  }
  const int r = fido_dev_make_cred(device_.get(), credential.get(), c_text(pin, means));
  if (r != FIDO_OK) return r;
  credential_.algorithm = name_of(algorithm);
  credential_.auth_data = copy(fido_cred_authdata_raw_ptr(credential.get()),
                               fido_cred_authdata_raw_len(credential.get()));
  const char* format = fido_cred_fmt(credential.get());
  credential_.format = format == nullptr ? "" : format;
  credential_.attestation =
      copy(fido_cred_attstmt_ptr(credential.get()), fido_cred_attstmt_len(credential.get()));
  credential_.model = where_.model;
  return FIDO_OK;
}

int Key::wait_for_touch(BootTime deadline) {
  cable_->set_deadline(deadline);
  BootTime asked = boot_now();
  int r = fido_dev_get_touch_begin(device_.get());
  while (r == FIDO_OK) {
    int touched = 0;
    r = fido_dev_get_touch_status(device_.get(), &touched, -1);
    if (touched != 0) return FIDO_OK;
    if (waited_in_vain(r, asked)) {
      asked = boot_now();
      r = fido_dev_get_touch_begin(device_.get());
    } else if (r == FIDO_OK && (abilities_.fido2 || stop_.rung_within(kTouchInterval) ||
                                cable_->gone() || boot_now() >= deadline)) {
      return FIDO_ERR_RX;  // which libfido2 passes over here; a U2F key was just not touched yet
    }
  }
  return r;
}

int Key::count_pin_tries(int& left, BootTime deadline) {
  cable_->set_deadline(deadline);
  return fido_dev_get_retry_count(device_.get(), &left);
}

int Key::count_fingerprint_tries(int& left, BootTime deadline) {
  cable_->set_deadline(deadline);
  return fido_dev_get_uv_retry_count(device_.get(), &left);
}

}  // namespace stepup::fido2_helper
