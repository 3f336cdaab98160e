// SPDX-License-Identifier: ISC
#include "stepupd/daemon/grant_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/random.h"

namespace stepup::daemon {
namespace {

// The file: Header, Settled, Records.  In host byte order, since it never leaves the host.
struct Header {
  std::array<char, 8> magic;
  std::uint64_t version;
  std::array<char, 48> boot_id;
  bool operator==(const Header&) const = default;
};

// Behind the header, before the records: what belongs to the boot and to no grant.
struct Settled {
  std::int64_t suspended_ms;
  factor::Sha256Digest journal_key;
};
constexpr off_t kSettledAt = sizeof(Header);

struct Place {
  std::uint64_t session_id;
  std::uint64_t tty;
  std::uint64_t leader_start;
  std::uint64_t process_start;
  std::int32_t leader;
  std::int32_t process;
  std::uint32_t subject;
  std::uint8_t session_kind;
  std::uint8_t widest;
  std::array<std::uint8_t, 2> unused;
};

struct GrantBody {
  static constexpr std::uint8_t kKind = 1;
  Place where;
  std::int64_t credential_id;
  std::int64_t auth_time_ms;
  std::int64_t used_in_session_ms;
  std::int64_t used_on_tty_ms;
  std::uint8_t scope;
  std::uint8_t level;
  std::uint8_t factor;
  std::array<std::uint8_t, 5> unused;
};

struct LoginBody {
  static constexpr std::uint8_t kKind = 2;
  Place where;
  std::int64_t at_ms;
  std::int64_t credential_id;
  std::int64_t auth_time_ms;
  factor::Sha256Digest key;
  std::array<char, kMaxLoginName + 1> service;  // ends in NUL, as do the next two
  std::array<char, kMaxLoginName + 1> tty;
  std::array<char, kMaxLoginSource + 1> source;
  std::uint16_t methods;
  std::uint8_t level;
  std::uint8_t factor;
  std::uint8_t counts;
  std::array<std::uint8_t, 3> unused;
};

struct Record {
  std::uint64_t checksum;  // over the rest; 0 = empty
  std::uint8_t kind;
  std::array<std::uint8_t, 7> unused;
  std::array<std::uint8_t, sizeof(LoginBody)> body;  // one of those above, and zeros
};
static_assert(sizeof(Record) == 256 && std::has_unique_object_representations_v<Record> &&
              std::has_unique_object_representations_v<GrantBody> &&
              std::has_unique_object_representations_v<LoginBody>);

Header header_of(const std::string& boot_id) {
  Header header{
      {'s', 't', 'e', 'p', 'u', 'p', 'g', '\n'},
      3, {}
  };
  boot_id.copy(header.boot_id.data(), header.boot_id.size() - 1);
  return header;
}

off_t offset_of(GrantMemory::Slot slot) {
  return static_cast<off_t>(sizeof(Header) + sizeof(Settled) + std::size_t{slot} * sizeof(Record));
}

// The first 64 bits of SHA-256 over all but the checksum; never 0.  nullopt when OpenSSL fails.
std::optional<std::uint64_t> checksum_of(const Record& record) {
  // SAFETY: any object may be read as char.
  const char* bytes = reinterpret_cast<const char*>(&record) + sizeof record.checksum;
  const auto digest = factor::sha256_hex({bytes, sizeof record - sizeof record.checksum});
  if (!digest) return std::nullopt;
  std::uint64_t value = 0;
  (void)std::from_chars(digest->data(), digest->data() + 16, value, 16);
  return value | 1;
}

Place place_of(const Coordinates& where) {
  Place place{};
  place.session_id = where.session.id;
  place.tty = where.tty;
  place.leader_start = where.leader_start;
  place.process_start = where.process_start;
  place.leader = where.leader;
  place.process = where.process;
  place.subject = where.subject;
  place.session_kind = static_cast<std::uint8_t>(where.session.kind);
  place.widest = static_cast<std::uint8_t>(where.widest);
  return place;
}

Coordinates coordinates_of(const Place& place) {
  Coordinates where;
  where.subject = place.subject;
  where.session = {static_cast<SessionKey::Kind>(place.session_kind), place.session_id};
  where.widest = static_cast<Scope>(place.widest);
  where.tty = place.tty;
  where.leader = place.leader;
  where.leader_start = place.leader_start;
  where.process = place.process;
  where.process_start = place.process_start;
  return where;
}

GrantBody body_of(const policy::Grant& grant) {
  GrantBody body{};
  body.where = place_of(grant.where);
  body.credential_id = grant.credential_id;
  body.auth_time_ms = grant.auth_time.count();
  body.used_in_session_ms = grant.used_in_session.count();
  body.used_on_tty_ms = grant.used_on_tty.count();
  body.scope = static_cast<std::uint8_t>(grant.scope);
  body.level = static_cast<std::uint8_t>(grant.level);
  body.factor = static_cast<std::uint8_t>(grant.factor);
  return body;
}

template <std::size_t kSize>
void put(const std::string& text, std::array<char, kSize>& to) {
  (void)text.copy(to.data(), kSize - 1);
}

LoginBody body_of(const Login& login) {
  LoginBody body{};
  body.where = place_of(login.where);
  body.at_ms = login.at.count();
  body.credential_id = login.proof.credential_id;
  body.auth_time_ms = login.proof.auth_time.count();
  body.key = login.key;
  put(login.service, body.service);
  put(login.tty, body.tty);
  put(login.source, body.source);
  body.methods = login.methods;
  body.level = static_cast<std::uint8_t>(login.proof.level);
  body.factor = static_cast<std::uint8_t>(login.proof.factor);
  body.counts = login.counts ? 1 : 0;
  return body;
}

// Whether the values are ones that body_of() writes.
constexpr auto kNarrowest = static_cast<std::uint8_t>(Scope::Process);
constexpr auto kHighest = static_cast<std::uint8_t>(Level::TouchWithUv);
bool is_sound(const Place& place) {
  return place.widest <= kNarrowest &&
         place.session_kind <= static_cast<std::uint8_t>(SessionKey::Kind::Manager);
}
bool is_sound(const GrantBody& body) {
  return is_sound(body.where) && body.auth_time_ms >= 0 && body.used_in_session_ms >= 0 &&
         body.used_on_tty_ms >= 0 && body.scope <= kNarrowest && body.level <= kHighest;
}
bool is_sound(const LoginBody& body) {
  return is_sound(body.where) && body.at_ms >= 0 && body.auth_time_ms >= 0 &&
         body.level <= kHighest && body.counts <= 1 && body.service.back() == '\0' &&
         body.tty.back() == '\0' && body.source.back() == '\0';
}

policy::Grant value_of(const GrantBody& body) {
  policy::Grant grant;
  grant.where = coordinates_of(body.where);
  grant.scope = static_cast<Scope>(body.scope);
  grant.level = static_cast<Level>(body.level);
  grant.factor = static_cast<FactorKind>(body.factor);
  grant.credential_id = body.credential_id;
  grant.auth_time = BootTime(body.auth_time_ms);
  grant.used_in_session = BootTime(body.used_in_session_ms);
  grant.used_on_tty = BootTime(body.used_on_tty_ms);
  return grant;
}

Login value_of(const LoginBody& body) {
  Login login;
  login.where = coordinates_of(body.where);
  login.at = BootTime(body.at_ms);
  login.service = body.service.data();
  login.source = body.source.data();
  login.tty = body.tty.data();
  login.methods = body.methods;
  login.key = body.key;
  login.proof = {static_cast<Level>(body.level), static_cast<FactorKind>(body.factor),
                 body.credential_id, BootTime(body.auth_time_ms)};
  login.counts = body.counts == 1;
  return login;
}

// Adds what `record` holds to `found`; false when that is not a Body.
template <typename Body, typename Value>
bool take(const Record& record, GrantMemory::Slot slot,
          std::vector<GrantMemory::Kept<Value>>& found) {
  if (record.kind != Body::kKind) return false;
  Body body{};
  memcpy(&body, record.body.data(), sizeof body);
  if (!is_sound(body)) return false;
  found.push_back({slot, value_of(body)});
  return true;
}

template <typename T>
bool read_at(int fd, off_t offset, T& value) {
  return pread(fd, &value, sizeof value, offset) == static_cast<ssize_t>(sizeof value);
}

template <typename T>
bool write_at(int fd, off_t offset, const T& value) {
  return pwrite(fd, &value, sizeof value, offset) == static_cast<ssize_t>(sizeof value);
}

}  // namespace

Result<GrantMemory> GrantMemory::open(UniqueFd stored, const std::string& boot_id,
                                      BootTime suspended) {
  GrantMemory memory;
  memory.fd_ = std::move(stored);
  if (!memory.fd_) memory.fd_.reset(memfd_create("stepup-grants", MFD_CLOEXEC));
  if (!memory.fd_) return failure(Errc::Internal, "memfd_create", errno);
  const int fd = memory.fd_.get();

  const Header ours = header_of(boot_id);
  Header theirs{};
  Settled known{};
  if (!read_at(fd, 0, theirs) || theirs != ours || !read_at(fd, kSettledAt, known)) {
    known.suspended_ms = suspended.count();
    if (const auto filled = factor::fill_random(known.journal_key); !filled) {
      return std::unexpected(filled.error());
    }
    if (ftruncate(fd, 0) != 0 || !write_at(fd, 0, ours) || !write_at(fd, kSettledAt, known)) {
      return failure(Errc::Internal, "grant memory", errno);
    }
  }
  memory.suspended_ = BootTime(known.suspended_ms);
  memory.journal_key_ = known.journal_key;
  for (Record record{}; read_at(fd, offset_of(memory.next_), record); ++memory.next_) {
    const bool whole = record.checksum != 0 && checksum_of(record) == record.checksum;
    const GrantMemory::Slot slot = memory.next_;
    if (!whole || (!take<GrantBody>(record, slot, memory.found_.grants) &&
                   !take<LoginBody>(record, slot, memory.found_.logins))) {
      memory.free_.push_back(slot);
    }
  }
  return memory;
}

void GrantMemory::set_suspended(BootTime suspended) {
  if (suspended == suspended_) return;
  suspended_ = suspended;
  if (fd_) (void)write_at(fd_.get(), kSettledAt, std::int64_t{suspended.count()});
}

template <typename Body>
GrantMemory::Slot GrantMemory::keep_body(const Body& body) {
  Slot slot = next_;
  if (free_.empty()) {
    ++next_;
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  write_body(slot, body);
  return slot;
}

template <typename Body>
void GrantMemory::write_body(Slot slot, const Body& body) {
  if (!fd_) return;
  Record record{};
  record.kind = Body::kKind;
  memcpy(record.body.data(), &body, sizeof body);
  const auto checksum = checksum_of(record);
  record.checksum = checksum.value_or(0);
  if (!checksum || !write_at(fd_.get(), offset_of(slot), record)) {
    audit::trouble({Errc::Internal, errno, "grant memory"},
                   "a restart will forget a grant or a login");
  }
}

GrantMemory::Slot GrantMemory::keep(const policy::Grant& grant) {
  return keep_body(body_of(grant));
}

void GrantMemory::update(Slot slot, const policy::Grant& grant) {
  write_body(slot, body_of(grant));
}

GrantMemory::Slot GrantMemory::keep(const Login& login) { return keep_body(body_of(login)); }

void GrantMemory::clear(Slot slot) {
  free_.push_back(slot);
  if (!fd_ || write_at(fd_.get(), offset_of(slot), Record{})) return;
  // Better all are asked again after a restart than one revoked grant comes back.
  audit::trouble({Errc::Internal, errno, "grant memory"}, "a restart will forget all grants");
  (void)!ftruncate(fd_.get(), 0);
  fd_.reset();
}

}  // namespace stepup::daemon
