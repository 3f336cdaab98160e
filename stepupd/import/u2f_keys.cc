// SPDX-License-Identifier: ISC
// The mapping files of pam_u2f, as pamu2fcfg(1) writes them: /etc/u2f_mappings,
// ~/.config/Yubico/u2f_keys.
#include <set>
#include <span>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/hex.h"
#include "stepupd/import/formats.h"
#include "stepupd/import/line_reader.h"

namespace stepup::import {
namespace {

using factor::CoseAlgorithm;

constexpr std::size_t kMaxCredentialId = 1023;  // CTAP 2.1 section 6.1
constexpr std::uint8_t kUncompressed = 0x04;    // SEC 1: before both coordinates of a point

// The fields of one key.
class KeyReader {
 public:
  KeyReader(LineReader& reader, std::string_view text)
      : reader_(reader), text_(text), fields_(split(text, ",")) {}

  // Nothing when there was a problem, which is noted.
  std::optional<Record> read() {
    // pam_u2f itself takes a key with two fields for one of the old form.
    if (fields_.size() < 2 || fields_.size() > 4) {
      return refused(text_, "a key has a handle and a public key, and perhaps type and attributes");
    }
    Record record;
    record.at = reader_.place_of(text_);
    record.factor = FactorKind::Fido2;
    SecurityKey& key = record.security_key.emplace();
    if (fields_[0] == "*") {
      return refused(fields_[0],
                     "a discoverable credential, whose id only the key knows: enrol it anew with "
                     "\"stepupctl enroll fido2\", and take it out of the file");
    }
    auto id = factor::read_base64(fields_[0]);
    if (!id || id->size() > kMaxCredentialId) {
      return refused(fields_[0], "the key handle is not base64 of 1 to 1023 bytes");
    }
    key.credential.id = std::move(*id);
    const bool is_old = fields_.size() == 2;
    if (!(is_old ? read_old_point(key) : read_public_key(key) && read_attributes(record, key))) {
      return {};
    }
    return record;
  }

 private:
  std::optional<Record> refused(std::string_view part, const char* what) {
    reader_.problem(part, what);
    return {};
  }

  bool read_old_point(SecurityKey& key) {
    const auto point = factor::read_hex(fields_[1], 65);
    if (!point || point->view().front() != kUncompressed) {
      reader_.problem(fields_[1],
                      "the public key of the old form is a point of 130 hexadecimal digits");
      return false;
    }
    const auto numbers = point->view().subspan(1);
    return take(key, CoseAlgorithm::Es256, numbers);
  }

  bool read_public_key(SecurityKey& key) {
    const std::string_view type = fields_[2];
    CoseAlgorithm algorithm = CoseAlgorithm::Es256;
    if (type == "eddsa") {
      algorithm = CoseAlgorithm::EdDsa;
    } else if (type == "rs256") {
      algorithm = CoseAlgorithm::Rs256;
    } else if (type != "es256") {
      reader_.problem(type, "the type is none of es256, eddsa and rs256");
      return false;
    }
    const auto bytes = factor::read_base64(fields_[1]);
    if (!bytes) {
      reader_.problem(fields_[1], "the public key is not base64");
      return false;
    }
    const std::span<const std::uint8_t> numbers = *bytes;
    const bool has_prefix = algorithm == CoseAlgorithm::Es256 && numbers.size() == 65 &&
                            numbers.front() == kUncompressed;
    return take(key, algorithm, has_prefix ? numbers.subspan(1) : numbers);
  }

  bool take(SecurityKey& key, CoseAlgorithm algorithm, std::span<const std::uint8_t> numbers) {
    key.credential.public_key = {
        algorithm, {numbers.begin(), numbers.end()}
    };
    if (factor::require_usable(key.credential.public_key)) return true;
    reader_.problem(fields_[1], "no public key of its type");
    return false;
  }

  // "+presence+verification+pin", in any order, or nothing.
  bool read_attributes(Record& record, SecurityKey& key) {
    const std::string_view attributes = fields_.size() == 4 ? fields_[3] : std::string_view();
    std::set<std::string_view> names;
    for (const std::string_view name : split(attributes, "+")) {
      const bool known = name == "presence" || name == "verification" || name == "pin";
      if (!known || !attributes.starts_with('+') || !names.insert(name).second) {
        reader_.problem(name, "the attributes are +presence, +verification and +pin, each once");
        return false;
      }
    }
    key.uv_required = names.contains("verification") || names.contains("pin");
    if (!names.contains("presence")) {
      record.remarks.push_back("pam_u2f asked for no touch; stepup always does");
    }
    return true;
  }

  LineReader& reader_;
  std::string_view text_;
  std::vector<std::string_view> fields_;
};

}  // namespace

Records parse_u2f_keys(std::string_view text) {
  LineReader reader(text, LineReader::Comments::Skipped);
  std::set<std::string_view> users;
  while (reader.next()) {
    const std::string_view line = reader.line();
    const std::size_t colon = line.find(':');
    const std::string_view user = line.substr(0, colon);
    if (user.empty()) {
      reader.problem(line,
                     "no user before the colon, as \"pamu2fcfg -n\" writes it: put the name "
                     "there");
      continue;
    }
    if (colon == std::string_view::npos || user.size() > kMaxUserName) {
      reader.problem(line, "not of the form USER:KEY_HANDLE,PUBLIC_KEY,TYPE,ATTRIBUTES");
      continue;
    }
    if (!users.insert(user).second) {
      reader.problem(user,
                     "this user has an earlier line, which pam_u2f did not read any more: "
                     "take one of them out");
      continue;
    }
    const auto keys = split(line.substr(colon + 1), ":");
    if (keys.empty()) reader.problem(line.substr(colon), "no key follows the user");
    for (const std::string_view one : keys) {
      auto record = KeyReader(reader, one).read();
      if (!record) continue;
      record->user = user;
      reader.add(std::move(*record));
    }
  }
  return reader.finish();
}

}  // namespace stepup::import
