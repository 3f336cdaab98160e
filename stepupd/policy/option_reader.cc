// SPDX-License-Identifier: ISC
#include "stepupd/policy/option_reader.h"

namespace stepup::policy {

Option OptionReader::next() {
  if (!cluster_.empty()) return next_letter();
  if (ended_ || word_ == words_.size()) return {};
  const std::string_view word = words_[word_];
  if (!word.starts_with('-')) return {};
  if (word == "-") return {kDash, {}, false};
  ++word_;
  if (word == "--") {
    ended_ = true;
    return {};
  }
  if (word.starts_with("--")) return next_long(word.substr(2));
  cluster_ = word.substr(1);
  return next_letter();
}

Option OptionReader::next_letter() {
  Option option{cluster_.front(), {}, false};
  cluster_.remove_prefix(1);
  const auto known = letters_.find(option.letter);
  if (option.letter == ':' || known == letters_.npos) return {kUncertain, {}, false};
  const std::string_view colons = letters_.substr(known + 1);
  if (!colons.starts_with(':')) return option;
  option.value = cluster_;
  cluster_ = {};
  if (!option.value.empty() || colons.starts_with("::")) return option;
  if (word_ == words_.size()) return {kUncertain, {}, false};
  option.value = words_[word_++];
  return option;
}

Option OptionReader::next_long(std::string_view word) {
  using Value = LongOption::Value;
  const auto equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const LongOption* const meant = long_option(name);
  if (meant == nullptr) return {kUncertain, {}, false};
  Option option{meant->letter, {}, meant->name != name};
  if (equals != word.npos) {
    if (meant->value == Value::None) return {kUncertain, {}, false};
    option.value = word.substr(equals + 1);
  } else if (meant->value == Value::Needed) {
    if (word_ == words_.size()) return {kUncertain, {}, false};
    option.value = words_[word_++];
  }
  return option;
}

const LongOption* OptionReader::long_option(std::string_view name) const {
  const LongOption* meant = nullptr;
  int candidates = 0;
  for (const LongOption& option : longs_) {
    if (option.name == name) return &option;
    if (!option.name.starts_with(name)) continue;
    meant = &option;
    ++candidates;
  }
  return candidates == 1 ? meant : nullptr;
}

}  // namespace stepup::policy
