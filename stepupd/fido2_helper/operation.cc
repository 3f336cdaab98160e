// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/operation.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace stepup::fido2_helper {
namespace {

void free_assertion(fido_assert_t* assertion) noexcept { fido_assert_free(&assertion); }
void free_credential(fido_cred_t* credential) noexcept { fido_cred_free(&credential); }
void free_info(fido_cbor_info_t* info) noexcept { fido_cbor_info_free(&info); }
using AssertionHandle = CHandle<fido_assert_t, &free_assertion>;
using CredentialHandle = CHandle<fido_cred_t, &free_credential>;
using InfoHandle = CHandle<fido_cbor_info_t, &free_info>;

wire::Bytes bytes_at(const unsigned char* data, std::size_t size) {
  if (data == nullptr) return {};
  return {data, data + size};
}

// The first error of several steps.
class Steps {
 public:
  Steps& operator()(int code) {
    if (code_ == FIDO_OK) code_ = code;
    return *this;
  }
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_ = FIDO_OK;
};

// libfido2 gives the authenticator data of an assertion as a CBOR byte string (RFC 8949, major type
// 2), of which only the head is taken off here.
wire::Bytes unwrapped(std::span<const unsigned char> cbor) {
  if (cbor.empty() || cbor[0] >> 5 != 2) return {};
  const unsigned length = cbor[0] & 0x1f;
  const std::size_t head = length < 24 ? 1 : length == 24 ? 2 : length == 25 ? 3 : 0;
  if (head == 0 || cbor.size() < head) return {};
  const auto body = cbor.subspan(head);
  return {body.begin(), body.end()};
}

class AssertOperation final : public Operation {
 public:
  explicit AssertOperation(wire::AssertRequest request) : request_(std::move(request)) {}

  [[nodiscard]] const wire::Ceremony& ceremony() const noexcept override {
    return request_.ceremony;
  }
  [[nodiscard]] bool needs_one_key() const noexcept override { return false; }

  [[nodiscard]] int look(fido_dev_t* key) const override {
    const auto assertion = prepared(FIDO_OPT_FALSE, FIDO_OPT_OMIT);
    if (!assertion) return FIDO_ERR_INTERNAL;
    const int code = fido_dev_get_assert(key, assertion.get(), nullptr);
    // A U2F key can only be asked to confirm, and then wants a touch.
    return code == FIDO_ERR_USER_PRESENCE_REQUIRED || code == FIDO_ERR_UP_REQUIRED ? FIDO_OK : code;
  }

  [[nodiscard]] Attempt attempt(fido_dev_t* key, const char* pin, bool uv) const override {
    const auto assertion = prepared(FIDO_OPT_OMIT, uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
    if (!assertion) return {};
    Attempt attempt{fido_dev_get_assert(key, assertion.get(), pin), {}};
    if (attempt.code != FIDO_OK) return attempt;
    const fido_assert_t* got = assertion.get();
    wire::Assertion evidence{
        bytes_at(fido_assert_id_ptr(got, 0), fido_assert_id_len(got, 0)),
        unwrapped({fido_assert_authdata_ptr(got, 0), fido_assert_authdata_len(got, 0)}),
        bytes_at(fido_assert_sig_ptr(got, 0), fido_assert_sig_len(got, 0))};
    // A key that was asked for one credential need not say which it used.
    if (evidence.credential_id.empty() && request_.credentials.size() == 1) {
      evidence.credential_id = request_.credentials.front();
    }
    attempt.evidence = std::move(evidence);
    return attempt;
  }

 private:
  [[nodiscard]] AssertionHandle prepared(fido_opt_t up, fido_opt_t uv) const {
    AssertionHandle assertion(fido_assert_new());
    if (!assertion) return nullptr;
    fido_assert_t* const a = assertion.get();
    const wire::Ceremony& c = request_.ceremony;
    Steps steps;
    steps(fido_assert_set_rp(a, c.rp_id.c_str()));
    steps(fido_assert_set_clientdata_hash(a, c.client_data_hash.data(), c.client_data_hash.size()));
    for (const wire::Bytes& id : request_.credentials) {
      steps(fido_assert_allow_cred(a, id.data(), id.size()));
    }
    steps(fido_assert_set_up(a, up))(fido_assert_set_uv(a, uv));
    if (steps.code() != FIDO_OK) return nullptr;
    return assertion;
  }

  wire::AssertRequest request_;
};

constexpr std::array kAlgorithms = {
    std::pair{COSE_ES256, wire::KeyAlgorithm::Es256},
    std::pair{COSE_EDDSA, wire::KeyAlgorithm::EdDsa},
    std::pair{COSE_RS256, wire::KeyAlgorithm::Rs256},
};

// The first of ours that the key says it has.  One that says nothing has ES256.
std::pair<int, wire::KeyAlgorithm> algorithm_of(fido_dev_t* key) {
  const InfoHandle info(fido_cbor_info_new());
  if (!fido_dev_is_fido2(key) || !info || fido_dev_get_cbor_info(key, info.get()) != FIDO_OK) {
    return kAlgorithms.front();
  }
  const std::size_t count = fido_cbor_info_algorithm_count(info.get());
  for (const auto& known : kAlgorithms) {
    for (std::size_t i = 0; i < count; ++i) {
      if (fido_cbor_info_algorithm_cose(info.get(), i) == known.first) return known;
    }
  }
  return kAlgorithms.front();
}

class MakeOperation final : public Operation {
 public:
  explicit MakeOperation(wire::MakeCredentialRequest request) : request_(std::move(request)) {}

  [[nodiscard]] const wire::Ceremony& ceremony() const noexcept override {
    return request_.ceremony;
  }
  [[nodiscard]] bool needs_one_key() const noexcept override { return true; }
  [[nodiscard]] int look(fido_dev_t*) const override { return FIDO_OK; }

  [[nodiscard]] Attempt attempt(fido_dev_t* key, const char* pin, bool uv) const override {
    const auto [type, algorithm] = algorithm_of(key);
    const auto credential = prepared(type, uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
    if (!credential) return {};
    Attempt attempt{fido_dev_make_cred(key, credential.get(), pin), {}};
    if (attempt.code != FIDO_OK) return attempt;
    const fido_cred_t* got = credential.get();
    wire::NewCredential evidence;
    evidence.algorithm = algorithm;
    evidence.auth_data = bytes_at(fido_cred_authdata_raw_ptr(got), fido_cred_authdata_raw_len(got));
    if (const char* format = fido_cred_fmt(got)) evidence.format = format;
    evidence.attestation = bytes_at(fido_cred_attstmt_ptr(got), fido_cred_attstmt_len(got));
    attempt.evidence = std::move(evidence);
    return attempt;
  }

 private:
  [[nodiscard]] CredentialHandle prepared(int type, fido_opt_t uv) const {
    CredentialHandle credential(fido_cred_new());
    if (!credential) return nullptr;
    fido_cred_t* const c = credential.get();
    const wire::Ceremony& ceremony = request_.ceremony;
    const char* const name = request_.user_name.c_str();
    Steps steps;
    steps(fido_cred_set_type(c, type));
    steps(fido_cred_set_rp(c, ceremony.rp_id.c_str(), "stepup"));
    steps(fido_cred_set_user(c, request_.user_id.data(), request_.user_id.size(), name, name,
                             nullptr));
    steps(fido_cred_set_clientdata_hash(c, ceremony.client_data_hash.data(),
                                        ceremony.client_data_hash.size()));
    for (const wire::Bytes& id : request_.excluded) {
      steps(fido_cred_exclude(c, id.data(), id.size()));
    }
    if (request_.discoverable) steps(fido_cred_set_rk(c, FIDO_OPT_TRUE));
    steps(fido_cred_set_uv(c, uv));
    if (steps.code() != FIDO_OK) return nullptr;
    return credential;
  }

  wire::MakeCredentialRequest request_;
};

}  // namespace

std::unique_ptr<const Operation> operation_of(wire::AssertRequest request) {
  return std::make_unique<AssertOperation>(std::move(request));
}

std::unique_ptr<const Operation> operation_of(wire::MakeCredentialRequest request) {
  return std::make_unique<MakeOperation>(std::move(request));
}

}  // namespace stepup::fido2_helper
