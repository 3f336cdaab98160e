// SPDX-License-Identifier: ISC
#include <cstddef>
#include <string>
#include <vector>

#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::rules;

namespace {

const std::vector<SourceFile> kFiles = {
    {"/etc/stepup/stepupd.conf", "mode = \"enforce\"\n", ""},
    {"/etc/stepup/stepupd.conf.d/10.conf", "", "/usr/lib/stepup/stepupd.conf.d/10.conf"},
    {"/etc/stepup/stepupd.conf.d/20.conf", std::string("\0\xff\n", 3), ""},
};
constexpr std::size_t kHeader = 12 + 4 + 4 + 4;  // magic, version, size, count

}  // namespace

TEST_GROUP(RulesBundle){};

TEST(RulesBundle, RestoresTheFilesExactly) {
  CHECK_TRUE(unbundle(bundle(kFiles)) == kFiles);
  CHECK_TRUE(unbundle(bundle({})) == std::vector<SourceFile>{});
}

TEST(RulesBundle, IsRefusedWithAnyByteOfItsHeaderChanged) {
  const std::string good = bundle(kFiles);
  for (std::size_t i = 0; i < kHeader; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      CHECK_FALSE(unbundle(bad).has_value());
    }
  }
}

TEST(RulesBundle, IsRefusedWhenCutOrLengthened) {
  const std::string good = bundle(kFiles);
  for (std::size_t i = 0; i < good.size(); ++i)
    CHECK_FALSE(unbundle(good.substr(0, i)).has_value());
  CHECK_FALSE(unbundle(good + '\0').has_value());
}

// The body has no checksum of its own, but whatever is accepted says exactly what it says.
TEST(RulesBundle, HasOneFormForEachSetOfFiles) {
  const std::string good = bundle(kFiles);
  for (std::size_t i = kHeader; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    if (const auto files = unbundle(bad)) CHECK_TRUE(bundle(*files) == bad && *files != kFiles);
  }
}

TEST(RulesBundle, IsRefusedWithMoreThanMayBeRead) {
  CHECK_TRUE(unbundle(bundle({
                          {"a", std::string(kMaxFileSize, 'x')}
  }))
                 .has_value());
  CHECK_FALSE(unbundle(bundle({
                           {"a", std::string(kMaxFileSize + 1, 'x')}
  }))
                  .has_value());
  CHECK_FALSE(unbundle(bundle({
                           {std::string(4097, 'a'), "x"}
  }))
                  .has_value());
  CHECK_TRUE(unbundle(bundle(std::vector<SourceFile>(kMaxFiles))).has_value());
  const auto refused = unbundle(bundle(std::vector<SourceFile>(kMaxFiles + 1)));
  STRCMP_EQUAL("a set of rules of too many files", to_string(refused.error()).c_str());
}
