// SPDX-License-Identifier: ISC
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/otpauth_uri.h"
#include "stepupd/factor/random.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

TEST_GROUP(FactorOtpauthUri){};

TEST(FactorOtpauthUri, EncodesTheVectorsOfRfc4648WithoutPadding) {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  const Case cases[] = {
      {"",       ""          },
      {"f",      "MY"        },
      {"fo",     "MZXQ"      },
      {"foo",    "MZXW6"     },
      {"foob",   "MZXW6YQ"   },
      {"fooba",  "MZXW6YTB"  },
      {"foobar", "MZXW6YTBOI"},
  };
  for (const Case& c : cases) CHECK(base32(bytes_of(c.bytes)).text() == c.text);
}

TEST(FactorOtpauthUri, NamesHostUserKeyAndParameters) {
  const SecretBytes key(std::string_view("12345678901234567890"));
  const auto uri = otpauth_uri({HashAlgorithm::Sha256, 8, std::chrono::seconds(60)}, key,
                               "web1.example.org", "alice");
  CHECK(uri.text() ==
        "otpauth://totp/web1.example.org:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=web1.example.org&algorithm=SHA256&digits=8&period=60");
}

TEST(FactorOtpauthUri, NamesEachAlgorithm) {
  const SecretBytes key(std::string_view("k"));
  CHECK(otpauth_uri({HashAlgorithm::Sha1}, key, "h", "u").text().contains("&algorithm=SHA1&"));
  CHECK(otpauth_uri({HashAlgorithm::Sha512}, key, "h", "u").text().contains("&algorithm=SHA512&"));
  const auto unknown = otpauth_uri({static_cast<HashAlgorithm>(9)}, key, "h", "u");
  CHECK(unknown.text().contains("&algorithm=&"));
}

TEST(FactorOtpauthUri, LetsNoNameAddAParameter) {
  const SecretBytes key(std::string_view("k"));
  const auto uri = otpauth_uri({}, key, "h&digits=1#", "a?secret=AAAA:%\n\xc3\xa9");
  CHECK(uri.text().starts_with(
      "otpauth://totp/h%26digits%3D1%23:a%3Fsecret%3DAAAA%3A%25%0A%C3%A9?secret=NM&"));
}

TEST_GROUP(FactorDigest){};

TEST(FactorDigest, IsTheOneOfFips180) {
  STRCMP_EQUAL("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
               sha256_hex("").value_or("").c_str());
  STRCMP_EQUAL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
               sha256_hex("abc").value_or("").c_str());
}

TEST(FactorDigest, HmacIsTheOneOfRfc4231) {
  const auto mac = hmac_sha256(bytes_of("Jefe"), "what do ya want for nothing?");
  CHECK_TRUE(mac.has_value());
  const std::array<std::uint8_t, 4> begin = {0x5b, 0xdc, 0xc1, 0x46};
  CHECK(std::ranges::equal(std::span(*mac).first(4), begin));
}

TEST(FactorDigest, ComparesWholeByteStrings) {
  CHECK_TRUE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc")));
  CHECK_TRUE(equal_in_constant_time(bytes_of(""), bytes_of("")));
  CHECK_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abd")));
  CHECK_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("ab")));
}

TEST(FactorDigest, RandomBytesAreNoConstant) {
  const auto one = random_bytes(32);
  const auto two = random_bytes(32);
  CHECK_TRUE(one.has_value() && two.has_value());
  CHECK(one->text() != two->text());
  CHECK(one->text() != std::string(32, '\0'));
  CHECK_TRUE(random_bytes(0).has_value());
}

TEST(FactorDigest, V68WithoutRandomBytesThereAreNoneRatherThanAConstant) {
  sock_filter failing[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(failing), failing};
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      _exit(1);
    }
    const auto bytes = random_bytes(32);
    _exit(!bytes && bytes.error().sys_errno == ENOSYS ? 0 : 2);
  }
  int status = -1;
  CHECK_EQUAL(child, waitpid(child, &status, 0));
  CHECK_EQUAL(0, status);
}
