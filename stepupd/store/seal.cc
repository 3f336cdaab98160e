// SPDX-License-Identifier: ISC
#include "stepupd/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/random.h"
#include "stepupd/store/own_file.h"

namespace stepup::store {
namespace {

using CipherContext = CHandle<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free>;

constexpr std::size_t kKeyFileMin = 32;
constexpr std::size_t kKeyFileMax = 4096;
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kHeaderSize = 1 + kNonceSize;
constexpr const char* kKeyFile = "seal.key";
constexpr const char* kNewKeyFile = "seal.key.new";
constexpr const char* kCredential = "stepup.seal-key";
constexpr const char* kMissing =
    "the sealing key is missing (credential stepup.seal-key, or seal.key in the state directory)";

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::vector<std::uint8_t> encode(const SealContext& context) {
  std::vector<std::uint8_t> bytes;
  put(bytes, kSealSchema, 4);
  put(bytes, static_cast<std::uint64_t>(context.credential_id), 8);
  put(bytes, context.uid, 4);
  put(bytes, static_cast<std::uint8_t>(context.factor), 1);
  put(bytes, context.rp_id.size(), 2);
  bytes.insert(bytes.end(), context.rp_id.begin(), context.rp_id.end());
  return bytes;
}

// Reads a key file in one piece, so that no copy of it stays behind.
Result<SecretBytes> read_key(int fd) {
  SecretBytes bytes(kKeyFileMax + 1);
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t n = read(fd, bytes.bytes().data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(Errc::Untrusted, "the sealing key cannot be read", errno);
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  if (used > kKeyFileMax)
    return failure(Errc::Untrusted, "the sealing key is longer than 4096 bytes");
  bytes.shrink(used);
  return bytes;
}

// NotFound only when there is no such file: an unreadable key must not be taken for an absent one,
// or it would be replaced by another.
Result<UniqueFd> open_key(int directory, const char* name) {
  UniqueFd fd(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return failure(Errc::NotFound, kMissing, errno);
  if (!fd) return failure(Errc::Untrusted, "the sealing key cannot be opened", errno);
  return fd;
}

Result<SealingKey> derive_from(const UniqueFd& fd) {
  const auto bytes = read_key(fd.get());
  if (!bytes) return std::unexpected(bytes.error());
  return SealingKey::derive(*bytes);
}

Status write_durably(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failure(Errc::Storage, "the sealing key cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  if (fsync(fd) != 0) return failure(Errc::Storage, "the sealing key cannot be written", errno);
  return {};
}

}  // namespace

Result<SealingKey> SealingKey::derive(const SecretBytes& file) {
  if (file.size() < kKeyFileMin) {
    return failure(Errc::Untrusted, "the sealing key is shorter than 32 bytes");
  }
  auto key = factor::hmac_sha256(file.view(), "stepup sealing key");
  const auto name = factor::hmac_sha256(file.view(), "stepup sealing key id");
  if (!key || !name) return failure(Errc::Internal, "HMAC-SHA-256");
  SealingKey derived;
  derived.key_ = SecretBytes(std::span<const std::uint8_t>(*key));
  explicit_bzero(key->data(), key->size());
  std::copy_n(name->begin(), derived.id_.size(), derived.id_.begin());
  return derived;
}

Result<std::vector<std::uint8_t>> SealingKey::seal(const SecretBytes& secret,
                                                   const SealContext& context) const {
  std::vector<std::uint8_t> sealed(kHeaderSize + secret.size() + kTagSize);
  sealed[0] = kFormat;
  const std::span nonce = std::span(sealed).subspan(1, kNonceSize);
  if (const auto filled = factor::fill_random(nonce); !filled) {
    return std::unexpected(filled.error());
  }
  const auto associated = encode(context);
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  std::uint8_t* out = sealed.data() + kHeaderSize;
  if (cipher == nullptr ||
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.view().data(),
                         nonce.data()) != 1 ||
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, associated.data(),
                        static_cast<int>(associated.size())) != 1 ||
      EVP_EncryptUpdate(cipher.get(), out, &size, secret.view().data(),
                        static_cast<int>(secret.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), out + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, out + secret.size()) != 1) {
    return failure(Errc::Internal, "AES-256-GCM");
  }
  return sealed;
}

Result<SecretBytes> SealingKey::open(std::span<const std::uint8_t> sealed,
                                     const SealContext& context) const {
  constexpr auto kRefused = "a sealed secret does not open: it was changed, or belongs elsewhere";
  if (sealed.size() < kHeaderSize + kTagSize || sealed.size() > kKeyFileMax ||
      sealed[0] != kFormat) {
    return failure(Errc::Untrusted, kRefused);
  }
  SecretBytes secret(sealed.size() - kHeaderSize - kTagSize);
  // SAFETY: OpenSSL reads the tag through a pointer that is not const.
  std::array<std::uint8_t, kTagSize> tag{};
  std::ranges::copy(sealed.last(kTagSize), tag.begin());
  const auto associated = encode(context);
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  if (cipher == nullptr ||
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.view().data(),
                         sealed.data() + 1) != 1 ||
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, associated.data(),
                        static_cast<int>(associated.size())) != 1 ||
      EVP_DecryptUpdate(cipher.get(), secret.bytes().data(), &size, sealed.data() + kHeaderSize,
                        static_cast<int>(secret.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) != 1) {
    return failure(Errc::Internal, "AES-256-GCM");
  }
  if (EVP_DecryptFinal_ex(cipher.get(), secret.bytes().data() + size, &size) != 1) {
    return failure(Errc::Untrusted, kRefused);
  }
  return secret;
}

Result<SealingKey> load_sealing_key(const std::string& directory,
                                    const std::string& credentials_directory) {
  if (!credentials_directory.empty()) {
    // systemd made this directory for us, and says who owns the files in it (systemd.exec(5)).
    const auto fd = open_key(AT_FDCWD, (credentials_directory + "/" + kCredential).c_str());
    if (fd) return derive_from(*fd);
    if (fd.error().code != Errc::NotFound) return std::unexpected(fd.error());
  }
  const auto fd = open_key(AT_FDCWD, (directory + "/" + kKeyFile).c_str());
  if (!fd) return std::unexpected(fd.error());
  if (const auto own = require_own_file(fd->get()); !own) return std::unexpected(own.error());
  return derive_from(*fd);
}

Result<SealingKey> make_sealing_key(const std::string& directory) {
  const auto home = open_own_directory(directory);
  if (!home) return std::unexpected(home.error());
  const auto bytes = factor::random_bytes(kKeyFileMin);
  if (!bytes) return std::unexpected(bytes.error());
  // By rename, so that a crash leaves no short key behind.
  (void)unlinkat(home->get(), kNewKeyFile, 0);
  const auto file = make_own_file(home->get(), kNewKeyFile);
  if (!file) return std::unexpected(file.error());
  if (const auto written = write_durably(file->get(), bytes->view()); !written) {
    return std::unexpected(written.error());
  }
  if (renameat(home->get(), kNewKeyFile, home->get(), kKeyFile) != 0 || fsync(home->get()) != 0) {
    return failure(Errc::Storage, "the sealing key cannot be written", errno);
  }
  return SealingKey::derive(*bytes);
}

}  // namespace stepup::store
