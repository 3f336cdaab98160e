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

struct Record {
  std::uint64_t checksum;  // over the rest; 0 = empty
  std::uint64_t session_id;
  std::uint64_t tty;
  std::uint64_t leader_start;
  std::uint64_t process_start;
  std::int64_t credential_id;
  std::int64_t auth_time_ms;
  std::int64_t used_in_session_ms;
  std::int64_t used_on_tty_ms;
  std::int32_t leader;
  std::int32_t process;
  std::uint32_t subject;
  std::uint8_t session_kind;
  std::uint8_t widest;
  std::uint8_t scope;
  std::uint8_t level;
  std::uint8_t factor;
  std::array<std::uint8_t, 7> unused;
};
static_assert(sizeof(Record) == 96 && std::has_unique_object_representations_v<Record>);

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

Record record_of(const policy::Grant& grant) {
  const Coordinates& where = grant.where;
  Record record{};
  record.session_id = where.session.id;
  record.tty = where.tty;
  record.leader_start = where.leader_start;
  record.process_start = where.process_start;
  record.credential_id = grant.credential_id;
  record.auth_time_ms = grant.auth_time.count();
  record.used_in_session_ms = grant.used_in_session.count();
  record.used_on_tty_ms = grant.used_on_tty.count();
  record.leader = where.leader;
  record.process = where.process;
  record.subject = where.subject;
  record.session_kind = static_cast<std::uint8_t>(where.session.kind);
  record.widest = static_cast<std::uint8_t>(where.widest);
  record.scope = static_cast<std::uint8_t>(grant.scope);
  record.level = static_cast<std::uint8_t>(grant.level);
  record.factor = static_cast<std::uint8_t>(grant.factor);
  return record;
}

// Whether the values are ones that record_of() writes.
bool is_sound(const Record& record) {
  constexpr auto kNarrowest = static_cast<std::uint8_t>(Scope::Process);
  return record.auth_time_ms >= 0 && record.used_in_session_ms >= 0 && record.used_on_tty_ms >= 0 &&
         record.scope <= kNarrowest && record.widest <= kNarrowest &&
         record.level <= static_cast<std::uint8_t>(Level::TouchWithUv) &&
         record.session_kind <= static_cast<std::uint8_t>(SessionKey::Kind::Manager);
}

policy::Grant grant_of(const Record& record) {
  policy::Grant grant;
  grant.where.subject = record.subject;
  grant.where.session = {static_cast<SessionKey::Kind>(record.session_kind), record.session_id};
  grant.where.widest = static_cast<Scope>(record.widest);
  grant.where.tty = record.tty;
  grant.where.leader = record.leader;
  grant.where.leader_start = record.leader_start;
  grant.where.process = record.process;
  grant.where.process_start = record.process_start;
  grant.scope = static_cast<Scope>(record.scope);
  grant.level = static_cast<Level>(record.level);
  grant.factor = static_cast<FactorKind>(record.factor);
  grant.credential_id = record.credential_id;
  grant.auth_time = BootTime(record.auth_time_ms);
  grant.used_in_session = BootTime(record.used_in_session_ms);
  grant.used_on_tty = BootTime(record.used_on_tty_ms);
  return grant;
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
    if (record.checksum != 0 && checksum_of(record) == record.checksum && is_sound(record)) {
      memory.found_.push_back({memory.next_, grant_of(record)});
    } else {
      memory.free_.push_back(memory.next_);
    }
  }
  return memory;
}

void GrantMemory::set_suspended(BootTime suspended) {
  if (suspended == suspended_) return;
  suspended_ = suspended;
  if (fd_) (void)write_at(fd_.get(), kSettledAt, std::int64_t{suspended.count()});
}

GrantMemory::Slot GrantMemory::keep(const policy::Grant& grant) {
  Slot slot = next_;
  if (free_.empty()) {
    ++next_;
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  update(slot, grant);
  return slot;
}

void GrantMemory::update(Slot slot, const policy::Grant& grant) {
  if (!fd_) return;
  Record record = record_of(grant);
  const auto checksum = checksum_of(record);
  record.checksum = checksum.value_or(0);
  if (!checksum || !write_at(fd_.get(), offset_of(slot), record)) {
    audit::trouble({Errc::Internal, errno, "grant memory"}, "a restart will forget a grant");
  }
}

void GrantMemory::clear(Slot slot) {
  free_.push_back(slot);
  if (!fd_ || write_at(fd_.get(), offset_of(slot), Record{})) return;
  // Better all are asked again after a restart than one revoked grant comes back.
  audit::trouble({Errc::Internal, errno, "grant memory"}, "a restart will forget all grants");
  (void)!ftruncate(fd_.get(), 0);
  fd_.reset();
}

}  // namespace stepup::daemon
