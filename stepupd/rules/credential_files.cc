// SPDX-License-Identifier: ISC
#include "stepupd/rules/credential_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "stepupd/rules/document.h"
#include "stepupd/rules/keys.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/settings.h"
#include "stepupd/rules/text_form.h"

namespace stepup::rules {
namespace {

constexpr std::string_view kSuffix = ".toml";
constexpr std::size_t kMaxLabel = 64;
constexpr std::size_t kMaxUserName = 200;  // a file name has 255 bytes at the most
constexpr std::size_t kMaxKeyText = 4096;  // a credential id of 1,023 bytes has 1,364 in base 64

std::string directory_of(const Layout& layout) { return layout.etc_dir + "/credentials.d"; }

// As the labels that are enrolled: printable ASCII without a space at either end.
bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_key_text(std::string_view text) { return !text.empty() && text.size() <= kMaxKeyText; }

// Reads a string into `value`; one that does not fit is a problem.
template <typename Fits>
void read_fitting(NodeReader& reader, const Node& node, const char* wanted, Fits fits,
                  std::string& value) {
  const std::string* text = reader.read_text(node, wanted);
  if (!text) return;
  if (!fits(*text)) reader.problem(node, node.key + " takes " + wanted + ", not " + quote(*text));
  value = *text;
}

DeclaredCredential read_credential(NodeReader& reader, const Node& table) {
  DeclaredCredential credential;
  credential.place = {reader.path(), table.line, table.column, {}};
  for (const Node& node : table.items) {
    if (node.key == "label") {
      read_fitting(reader, node, "1 to 64 printable ASCII characters", is_label, credential.label);
    } else if (node.key == "rp_id") {
      read_fitting(reader, node, "printable ASCII characters without spaces", is_rp_id,
                   credential.rp_id);
    } else if (node.key == "credential_id") {
      read_fitting(reader, node, "base64", is_key_text, credential.credential_id);
    } else if (node.key == "public_key") {
      read_fitting(reader, node, "PEM or base64", is_key_text, credential.public_key);
    } else if (node.key == "uv_capable") {
      credential.uv_capable = reader.read_boolean(node).value_or(false);
    } else if (node.key == "uv_required") {
      credential.uv_required = reader.read_boolean(node).value_or(false);
    } else {
      reader.problem(node, unknown_key(node.key, kCredentialKeys));
    }
  }
  for (const auto& [key, value] : {
           std::pair<const char*, const std::string&>{"label",         credential.label        },
           {"credential_id", credential.credential_id},
           {"public_key",    credential.public_key   }
  }) {
    if (value.empty() && std::ranges::find(table.items, key, &Node::key) == table.items.end()) {
      reader.problem(table, std::string("a [[fido2]] without a ") + key);
    }
  }
  return credential;
}

void read_list(NodeReader& reader, const Node& list, std::vector<DeclaredCredential>& credentials) {
  if (list.kind != Node::Kind::Array) return reader.wrong_kind(list, "two brackets ([[fido2]])");
  if (list.items.size() > kMaxDeclared) {
    reader.problem(list, "more than " + std::to_string(kMaxDeclared) + " [[fido2]]");
  }
  for (const Node& table : list.items) {
    if (table.kind != Node::Kind::Table) {
      reader.problem(table, std::string("a credential is a table, not ") + kind_name(table.kind));
      continue;
    }
    DeclaredCredential credential = read_credential(reader, table);
    const auto same = std::ranges::find(credentials, credential.label, &DeclaredCredential::label);
    if (same != credentials.end() && !credential.label.empty()) {
      reader.problem(table, "label " + quote(credential.label) + " is already used at line " +
                                std::to_string(same->place.line));
    }
    credentials.push_back(std::move(credential));
  }
}

}  // namespace

DeclaredCredentials parse_credentials(const SourceFile& file) {
  std::vector<Problem> problems;
  const auto refuse = [&](Problem problem) {
    return std::unexpected(std::vector<Problem>{std::move(problem)});
  };
  if (auto bad = find_bad_text(file)) return refuse(std::move(*bad));
  const auto document = read_document(file);
  if (!document) return refuse(document.error());
  std::vector<DeclaredCredential> credentials;
  NodeReader reader(file.path, problems);
  for (const Node& node : document->items) {
    constexpr std::array<std::string_view, 1> kTables = {"fido2"};
    if (node.key == kTables.front()) {
      read_list(reader, node, credentials);
    } else {
      reader.problem(node, unknown_key(node.key, kTables));
    }
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return credentials;
}

DeclaredCredentials read_credentials(const Layout& layout, std::string_view user,
                                     const Trust& trust) {
  const std::string directory = directory_of(layout);
  // The name comes from the user database, which need not be the administrator's.
  if (user.empty() || user.size() > kMaxUserName || user.starts_with('.') ||
      user.find('/') != user.npos || user.find('\0') != user.npos) {
    return {};
  }
  const auto opened = open_directory(directory, trust);
  if (!opened) return std::unexpected(std::vector{opened.error()});
  if (!*opened) return {};
  const std::string name = std::string(user).append(kSuffix);
  const std::string path = directory + '/' + name;
  auto read = read_trusted_file(opened->get(), name, path, trust);
  if (!read) return std::unexpected(std::vector{std::move(read.error())});
  std::optional<std::string> text = *std::move(read);
  if (!text) return {};
  return parse_credentials({path, *std::move(text)});
}

std::vector<Problem> check_credential_files(const Layout& layout, const Trust& trust) {
  auto listed = list_directory(directory_of(layout), kSuffix, trust);
  if (!listed) return {listed.error()};
  std::ranges::sort(listed->names);
  std::vector<Problem> problems;
  for (const std::string& name : listed->names) {
    const auto user = std::string_view(name).substr(0, name.size() - kSuffix.size());
    const auto read = read_credentials(layout, user, trust);
    if (!read) problems.insert(problems.end(), read.error().begin(), read.error().end());
  }
  return problems;
}

}  // namespace stepup::rules
