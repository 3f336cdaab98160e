// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "stepupd/base/secret_bytes.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;

static_assert(!std::is_copy_constructible_v<SecretBytes> &&
              !std::is_copy_assignable_v<SecretBytes>);

TEST_GROUP(BaseSecretBytes){};

TEST(BaseSecretBytes, MovesWithoutLeavingACopy) {
  SecretBytes first(std::string_view("123456"));
  SecretBytes second(std::move(first));
  CHECK_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the claim
  CHECK_TRUE(second.text() == "123456");
  first = std::move(second);
  CHECK_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  CHECK_TRUE(first.text() == "123456");
  CHECK_TRUE(first.copy().text() == first.text());
}

TEST(BaseSecretBytes, OverwritesWhatIsCutOff) {
  SecretBytes secret(std::string_view("123456"));
  const std::uint8_t* const start = secret.view().data();
  secret.shrink(2);
  CHECK_TRUE(secret.text() == "12");
  // The buffer keeps its capacity, so the bytes behind its end may still be read.
  CHECK_TRUE(std::all_of(start + 2, start + 6, [](std::uint8_t byte) { return byte == 0; }));
  secret.shrink(0);
  CHECK_TRUE(secret.empty() && secret.text().empty());
}

TEST(BaseSecretBytes, StartsAsZeros) {
  const SecretBytes secret(4);
  CHECK_EQUAL(4U, secret.size());
  CHECK_TRUE(std::ranges::all_of(secret.view(), [](std::uint8_t byte) { return byte == 0; }));
  CHECK_TRUE(SecretBytes().text().empty());
}
