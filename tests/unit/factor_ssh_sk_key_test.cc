// SPDX-License-Identifier: ISC
#include <cstdint>
#include <string>
#include <string_view>

#include "stepupd/factor/ssh_sk.h"
#include "tests/unit/ssh_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr CoseAlgorithm kAlgorithms[] = {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa};

std::string line_of(std::string_view type, const Bytes& blob) {
  return std::string(type) + " " + base64_of(blob);
}
bool is_fault(std::string_view line, SshKeyFault fault) {
  const auto read = read_ssh_sk_line(line);
  return !read && read.error() == fault;
}
bool is_no_key(std::string_view line) { return is_fault(line, SshKeyFault::NotAKey); }

Bytes ed25519_blob(const Bytes& point, std::string_view application) {
  return joined({ssh_string(kSkEd25519), ssh_string(point), ssh_string(application)});
}
Bytes ecdsa_blob(std::string_view curve, const Bytes& point) {
  return joined({ssh_string(kSkEcdsa), ssh_string(curve), ssh_string(point), ssh_string("ssh:")});
}

}  // namespace

TEST_GROUP(SshSkKey){};

TEST(SshSkKey, IsReadFromALineOfEachTypeWithAndWithoutComment) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const SshSkKey key = SshCeremony(algorithm).key();
    const std::string line =
        line_of(algorithm == CoseAlgorithm::Es256 ? kSkEcdsa : kSkEd25519, key.blob);
    for (const char* end : {"", "\n", "\r\n", " alice@desk", " a comment of words\n", "\tx", " "}) {
      CHECK_TRUE(read_ssh_sk_line(line + end) == key);
    }
    std::string tab = line;
    tab[tab.find(' ')] = '\t';
    CHECK_TRUE(read_ssh_sk_line(tab) == key);
    CHECK_TRUE(read_ssh_sk_blob(key.blob) == key);
  }
}

TEST(SshSkKey, KeysInFilesAndCertificatesAreNamedAsSuch) {
  for (const char* type : {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256",
                           "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519"}) {
    CHECK_TRUE(is_fault(std::string(type) + " AAAA", SshKeyFault::NotASecurityKey));
  }
}

TEST(SshSkKey, OtherLinesAreNoKeys) {
  const SshSkKey key = SshCeremony(CoseAlgorithm::EdDsa).key();
  const std::string line = line_of(kSkEd25519, key.blob);
  for (const std::string& other :
       {std::string(), std::string("\n"), std::string(kSkEd25519), std::string(kSkEd25519) + " ",
        std::string("-----BEGIN OPENSSH PRIVATE KEY-----"), "restrict " + line, " " + line,
        line + "\n" + line, line + "\n\n", line + "\r\r", line + "\r c", line + "*", "# " + line}) {
    CHECK_TRUE_TEXT(is_no_key(other), other.c_str());
  }
  std::string split = line;
  split.insert(line.size() - 8, "\r");
  CHECK_TRUE(is_no_key(split));
  // The type in front must be that of the key.
  CHECK_TRUE(is_no_key(line_of(kSkEcdsa, key.blob)));
}

TEST(SshSkKey, ALineHasItsBound) {
  const SshSkKey key = SshCeremony(CoseAlgorithm::EdDsa).key();
  std::string line = line_of(kSkEd25519, key.blob) + " ";
  line.resize(kMaxSshKeyLine, 'c');
  CHECK_TRUE(read_ssh_sk_line(line).has_value());
  CHECK_TRUE(is_no_key(line + "c"));
}

TEST(SshSkKey, IsOfItsBytesAndNoOthers) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const Bytes blob = SshCeremony(algorithm).key().blob;
    for (std::size_t size = 0; size < blob.size(); ++size) {
      const Bytes front(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK_FALSE(read_ssh_sk_blob(front).has_value());
    }
    CHECK_FALSE(read_ssh_sk_blob(joined({blob, Bytes{0}})).has_value());
  }
}

TEST(SshSkKey, PointIsOfItsCurveAndSize) {
  const Bytes point = Fido2Signer(CoseAlgorithm::EdDsa).public_key().key;
  CHECK_TRUE(read_ssh_sk_blob(ed25519_blob(point, "ssh:")).has_value());
  CHECK_FALSE(read_ssh_sk_blob(ed25519_blob(joined({point, Bytes{0}}), "ssh:")).has_value());
  CHECK_FALSE(read_ssh_sk_blob(ed25519_blob({}, "ssh:")).has_value());
  Bytes ec = joined({Bytes{4}, Fido2Signer().public_key().key});
  CHECK_TRUE(read_ssh_sk_blob(ecdsa_blob("nistp256", ec)).has_value());
  CHECK_FALSE(read_ssh_sk_blob(ecdsa_blob("nistp384", ec)).has_value());
  CHECK_FALSE(read_ssh_sk_blob(ecdsa_blob("nistp256", {})).has_value());
  ec[0] = 2;  // would be a compressed point, of another size
  CHECK_FALSE(read_ssh_sk_blob(ecdsa_blob("nistp256", ec)).has_value());
  ec[0] = 4;
  ec.back() ^= 1;  // not on the curve
  CHECK_FALSE(read_ssh_sk_blob(ecdsa_blob("nistp256", ec)).has_value());
}

TEST(SshSkKey, ApplicationIsTextOfABoundedLength) {
  const Bytes point = Fido2Signer(CoseAlgorithm::EdDsa).public_key().key;
  const auto takes = [&](const std::string& application) {
    const auto read = read_ssh_sk_blob(ed25519_blob(point, application));
    return read && read->application == application;
  };
  for (const char* application :
       {"ssh:", "ssh:work laptop", "example.org", "ssh:b\xc3\xbcro", "~"}) {
    CHECK_TRUE_TEXT(takes(application), application);
  }
  CHECK_TRUE(takes(std::string(255, 'a')));
  CHECK_FALSE(takes(std::string(256, 'a')));
  CHECK_FALSE(takes(""));
  CHECK_FALSE(takes(std::string("ssh:\0work", 9)));
  CHECK_FALSE(takes("ssh:\x1f"));
  CHECK_FALSE(takes("ssh:\x7f"));
}
