// SPDX-License-Identifier: ISC
// The properties of policy_properties.h on many random policies, and on files of rules that are
// renamed and split.
//
//   policies SEED COUNT
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>

#include "stepupd/rules/rules.h"
#include "tests/unit/policy_properties.h"

using namespace stepup;
using namespace stepup::policy;

namespace {

std::string quoted(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "\"" : ", \"") + word + '"';
  return '[' + list + ']';
}

// A [[rule]], of the keys that tell files apart.
std::string text_of(const Rule& rule) {
  std::string text = "[[rule]]\nname = \"" + rule.name + "\"\nlevel = \"" + to_string(rule.level) +
                     "\"\nmax_age = \"" + rules::format_duration(rule.max_age) + "\"\nscope = \"" +
                     to_string(rule.scope) + "\"\nenforce = " + (rule.enforce ? "true" : "false");
  if (!rule.service.empty()) text += "\nservice = " + quoted(rule.service);
  if (!rule.host_tag.empty()) text += "\nhost_tag = " + quoted(rule.host_tag);
  if (rule.remote) text += std::string("\nremote = ") + (*rule.remote ? "true" : "false");
  if (rule.deny) text += "\ndeny = \"" + *rule.deny + '"';
  return text + "\n\n";
}

std::vector<Rule> parsed(const std::vector<rules::SourceFile>& files) {
  auto set = rules::parse(files);
  if (set) return std::move(set->rules);
  (void)fprintf(stderr, "%s\n", rules::to_string(set.error().front()).c_str());
  exit(2);
}

// One file of rules against the same rules in two, of which either may be read first.
std::string find_broken_split(std::uint32_t seed, int count) {
  RandomPolicy random(seed);
  for (int i = 0; i < count; ++i) {
    const std::vector<Rule> rules = random.rules(1 + random.pick(6));
    const auto cut = random.pick(static_cast<std::uint32_t>(rules.size() + 1));
    std::string first;
    std::string second;
    for (std::size_t r = 0; r < rules.size(); ++r) (r < cut ? first : second) += text_of(rules[r]);
    const rules::SourceFile main{"stepupd.conf", "# settings\n"};
    const std::vector<Rule> whole = parsed({
        main, {"d/1.conf", first + second}
    });
    const std::vector<Rule> split = parsed({
        main, {"d/1.conf", first },
         {"d/2.conf", second}
    });
    const std::vector<Rule> renamed = parsed({
        main, {"d/1.conf", second},
         {"d/2.conf", first }
    });
    const Facts facts = random.facts();
    const Joined one = join(whole, facts);
    if (!same(one, whole, join(split, facts), split) ||
        !same(one, whole, join(renamed, facts), renamed)) {
      return "seed " + std::to_string(seed) + ", files " + std::to_string(i) + ": they matter";
    }
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fputs("Usage: policies SEED COUNT\n", stderr), 2;
  const auto seed = static_cast<std::uint32_t>(strtoul(argv[1], nullptr, 10));
  const int count = atoi(argv[2]);
  const int files = count / 50;
  std::string broken = find_broken_property(seed, count);
  if (broken.empty()) broken = find_broken_split(seed, files);
  if (!broken.empty()) return (void)fprintf(stderr, "%s\n", broken.c_str()), 1;
  (void)printf("%d random policies, %d of them in files: no property broken\n", count + files,
               files);
}
