// SPDX-License-Identifier: ISC
// What `make mutate` found no other test for: the kernel and OpenSSL fail, and nothing weaker than
// a refusal comes of it.
#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "stepupd/factor/digest.h"
#include "stepupd/factor/fido2_assertion.h"
#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/factor/fido2_challenge.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/random.h"
#include "stepupd/factor/readable_code.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/totp.h"
#include "tests/unit/fido2_signer.h"
#include "tests/unit/ssh_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

// What the next calls of getrandom(2) return instead of asking the kernel.
struct Faked {
  ssize_t result;
  int error;
};
std::span<const Faked> next_random;
int random_calls = 0;
bool openssl_fails = false;
int digests_until_one_fails = -1;  // negative: none does

template <typename Function>
Function* real(const char* name) {
  // SAFETY: POSIX lets dlsym return functions.
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

constexpr Faked kTwoSignals[] = {
    {-1, EINTR},
    {-1, EINTR}
};
constexpr Faked kAllWithOldErrno[] = {
    {8,  EINTR},
    {-1, EIO  }
};
constexpr Faked kNoCall[] = {
    {-1, ENOSYS}
};
constexpr Faked kNothing[] = {
    {0, EINTR}
};

}  // namespace

// These take the place of the libraries' own in this program, and pass on to them unless a test
// says otherwise.
extern "C" ssize_t getrandom(void* buffer, size_t size, unsigned flags) {
  ++random_calls;
  if (next_random.empty()) return syscall(SYS_getrandom, buffer, size, flags);
  const Faked faked = next_random.front();
  next_random = next_random.subspan(1);
  errno = faked.error;
  if (faked.result > 0) return syscall(SYS_getrandom, buffer, faked.result, flags);
  return faked.result;
}

extern "C" int EVP_Digest(const void* data, size_t count, unsigned char* md, unsigned int* size,
                          const EVP_MD* type, ENGINE* impl) {
  if (openssl_fails || digests_until_one_fails-- == 0) return 0;
  return real<decltype(EVP_Digest)>("EVP_Digest")(data, count, md, size, type, impl);
}

extern "C" unsigned char* HMAC(const EVP_MD* type, const void* key, int key_size,
                               const unsigned char* data, size_t count, unsigned char* md,
                               unsigned int* size) {
  if (openssl_fails) return nullptr;
  return real<decltype(HMAC)>("HMAC")(type, key, key_size, data, count, md, size);
}

TEST_GROUP(FactorMutants) {
  std::array<std::uint8_t, 8> bytes{};

  void teardown() override {
    next_random = {};
    openssl_fails = false;
    digests_until_one_fails = -1;
  }
};

TEST(FactorMutants, RandomBytesAreTakenAgainAfterASignal) {
  next_random = kTwoSignals;
  CHECK(fill_random(bytes).has_value());
  CHECK(bytes != (std::array<std::uint8_t, 8>{}));
}

// errno is left as it was by a call that succeeds.
TEST(FactorMutants, RandomBytesThatCameAreKeptWhateverErrnoSays) {
  next_random = kAllWithOldErrno;
  random_calls = 0;
  CHECK(fill_random(bytes).has_value());
  LONGS_EQUAL(1, random_calls);
}

TEST(FactorMutants, NoRandomBytesIsAFailureAtOnce) {
  next_random = kNoCall;
  CHECK_FALSE(fill_random(bytes).has_value());
  next_random = kNothing;
  CHECK_FALSE(fill_random(bytes).has_value());
}

TEST(FactorMutants, NothingIsRandomWhenTheKernelGivesNothing) {
  next_random = kNoCall;
  CHECK_FALSE(random_bytes(8).has_value());
  next_random = kNoCall;
  CHECK_FALSE(new_recovery_codes().has_value());
  next_random = kNoCall;
  CHECK_FALSE(hash_recovery_code(SecretBytes(std::string_view("abcdefghjkmnpq"))).has_value());
}

TEST(FactorMutants, NoDigestAndNoCodeComesOfABrokenOpenssl) {
  openssl_fails = true;
  CHECK_FALSE(sha256({}).has_value());
  CHECK_FALSE(sha256_hex("x").has_value());
  CHECK_FALSE(hmac_sha256({}, "x").has_value());
  const std::array<std::uint8_t, 20> key{};
  CHECK_FALSE(hotp(HashAlgorithm::Sha1, key, 0, 6).has_value());
  CHECK_FALSE(judge_totp({}, SecretBytes(std::span<const std::uint8_t>(key)), "123456",
                         kEarliestPlausibleTime + 60, {})
                  .has_value());
}

// Nothing of it is looked at when no hash can be made.
TEST(FactorMutants, NoSecurityKeyIsJudgedWhenOpenSslFails) {
  const Fido2Signer signer;
  const CeremonyDemand demand{.rp_id = "rp"};
  const Bytes id = {1};
  const Bytes assertion = auth_data_of("rp", kUp, 1);
  const Bytes made = auth_data_of("rp", kUp | kAt, 1, attested_of(id, signer.cose_key()));
  openssl_fails = true;
  CHECK_FALSE(judge_assertion({id, signer.public_key(), 0}, demand, {id, assertion, id}));
  CHECK_FALSE(judge_new_credential(demand, {CoseAlgorithm::Es256, made, "none", {}}));
}

TEST(FactorMutants, NoSignatureOfAnAgentIsJudgedWithoutEachOfItsHashes) {
  const SshCeremony ceremony;
  const SshSkKey key = ceremony.key();
  const Bytes signature = ceremony.signature();
  for (const int digest : {0, 1, 2}) {
    digests_until_one_fails = digest;
    CHECK_FALSE(judge_ssh_signature(key, 7, ceremony.demand, signature).has_value());
  }
  digests_until_one_fails = 3;
  CHECK_TRUE(judge_ssh_signature(key, 7, ceremony.demand, signature).has_value());
}

TEST(FactorMutants, NoChallengeIsMadeWithoutANonce) {
  next_random = kNoCall;
  CHECK_FALSE(new_client_data_hash({}).has_value());
}

TEST(FactorMutants, TheLeastWorkAndTheMostParallelWorkAreAllowed) {
  const SecretBytes code(std::string_view("abcdefghjkmnpq"));
  CHECK(hash_recovery_code(code, {1, 8, 1}).has_value());
  CHECK(hash_recovery_code(code, {1, 8, 4}).has_value());
}

TEST(FactorMutants, EveryLetterMayBeTypedInUpperCase) {
  const auto code = read_readable("AHJKZ", 5);
  CHECK(code.has_value());
  CHECK(code->text() == "ahjkz");
}
