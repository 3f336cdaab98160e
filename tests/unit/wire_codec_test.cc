// SPDX-License-Identifier: ISC
// What the codec reads and refuses field by field, and how much fits into one packet.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/wire/codec.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/packet.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::wire;

namespace {

constexpr RequestId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

}  // namespace

TEST_GROUP(WireCodec){};

TEST(WireCodec, RefusesFieldsThatBreakTheirFormat) {
  using Bytes = std::vector<std::uint8_t>;
  struct Case {
    const char* name;
    Bytes bytes;
    bool (*read)(Decoder&);
    bool want;
  };
  const auto flag = [](Decoder& in) {
    bool v = false;
    return in.flag(v);
  };
  const auto phase = [](Decoder& in) {
    Phase v{};
    return in.choice(v);
  };
  const auto level = [](Decoder& in) {
    Level v{};
    return in.choice(v);
  };
  const auto text = [](Decoder& in) {
    std::string v;
    return in.text(v, 3);
  };
  const auto secret = [](Decoder& in) {
    SecretBytes v;
    return in.secret(v, 3);
  };
  const auto list = [](Decoder& in) {
    std::vector<std::uint8_t> v;
    return in.list(v, 3, [](auto& byte, auto& from) { from.number(byte); });
  };
  const auto maybe = [](Decoder& in) {
    std::optional<std::uint8_t> v;
    return in.maybe(v, [](auto& byte, auto& from) { from.number(byte); });
  };
  const Case cases[] = {
      {"flag 0",                    {0},                         flag,   true },
      {"flag 1",                    {1},                         flag,   true },
      {"flag 2",                    {2},                         flag,   false},
      {"flag 255",                  {255},                       flag,   false},
      {"lowest phase",              {1},                         phase,  true },
      {"highest phase",             {5},                         phase,  true },
      {"phase 0",                   {0},                         phase,  false},
      {"phase past the highest",    {6},                         phase,  false},
      {"level 0",                   {0},                         level,  true },
      {"level past the highest",    {4},                         level,  false},
      {"text of its limit",         {0, 0, 0, 3, 'a', 'b', 'c'}, text,   true },
      {"text past its limit",       {0, 0, 0, 4, 1, 1, 1, 1},    text,   false},
      {"text longer than the rest", {0, 0, 0, 3, 'a', 'b'},      text,   false},
      {"text of 2^32-1",            {255, 255, 255, 255, 'a'},   text,   false},
      {"text with a NUL",           {0, 0, 0, 3, 'a', 0, 'b'},   text,   false},
      {"text without a length",     {0, 0, 0},                   text,   false},
      {"secret with a NUL",         {0, 0, 0, 3, 'a', 0, 'b'},   secret, true },
      {"secret past its limit",     {0, 0, 0, 4, 1, 1, 1, 1},    secret, false},
      {"secret of 2^32-1",          {255, 255, 255, 255, 'a'},   secret, false},
      {"list of its limit",         {0, 0, 0, 3, 1, 2, 3},       list,   true },
      {"list past its limit",       {0, 0, 0, 4, 1, 2, 3, 4},    list,   false},
      {"list longer than the rest", {0, 0, 0, 3, 1, 2},          list,   false},
      {"list of 2^32-1",            {255, 255, 255, 255, 1},     list,   false},
      {"absent",                    {0},                         maybe,  true },
      {"present",                   {1, 9},                      maybe,  true },
      {"present without its value", {1},                         maybe,  false},
      {"present 2",                 {2, 9},                      maybe,  false},
  };
  for (const Case& c : cases) {
    Decoder in(c.bytes);
    (void)c.read(in);
    CHECK_EQUAL_TEXT(c.want, in.finished(), c.name);
  }
}

TEST(WireCodec, StaysRefusedAfterTheFirstBadField) {
  const std::uint8_t bytes[] = {2, 1};
  Decoder in(bytes);
  bool flag = true;
  CHECK_FALSE(in.flag(flag));
  CHECK_FALSE(flag);
  std::uint8_t number = 7;
  CHECK_FALSE(in.number(number));
  CHECK_EQUAL(0, number);
  CHECK_FALSE(in.finished());
}

TEST(WireCodec, WritesNumbersBigEndian) {
  Encoder out;
  out.number(std::uint8_t{1});
  out.number(std::uint16_t{0x0203});
  out.number(std::uint32_t{0x04050607});
  out.number(std::uint64_t{0x08090a0b0c0d0e0f});
  out.number(std::int64_t{-1});
  const std::vector<std::uint8_t> want{1,  2,  3,  4,   5,   6,   7,   8,   9,   10,  11, 12,
                                       13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255};
  CHECK_TRUE(std::ranges::equal(out.take().view(), want));
}

TEST(WireCodec, RefusesToEncodeWhatNoDecoderTakes) {
  const std::string kLimit(kMaxName, 'a');
  CHECK_TRUE(encode(kId, ListRequest{.user = kLimit}).has_value());
  CHECK_TRUE(encode(kId, ListRequest{.user = kLimit + "a"}).error().code == Errc::TooLarge);
  CHECK_TRUE(encode(kId, ListRequest{.user = std::string("a\0b", 3)}).error().code ==
             Errc::TooLarge);
  CHECK_TRUE(encode(kId, Answer{SecretBytes(kMaxAnswer)}).has_value());
  CHECK_FALSE(encode(kId, Answer{SecretBytes(kMaxAnswer + 1)}).has_value());
  CheckRequest request;
  request.groups.emplace(kMaxGroups);
  CHECK_TRUE(encode(kId, request).has_value());
  request.groups->push_back(0);
  CHECK_FALSE(encode(kId, request).has_value());
}

TEST(WireCodec, KeepsEveryPacketWithinItsBound) {
  // The longest command line of the module fits; a message whose fields are within their limits
  // but whose sum is not is refused.
  CheckRequest longest;
  longest.groups.emplace(kMaxGroups);
  longest.argv.assign(kMaxArgvWords, std::string(kMaxArgvBytes / kMaxArgvWords - 1, 'a'));
  const auto packet = split(std::move(*encode(kId, longest)));
  CHECK_TRUE(packet.has_value());
  CHECK_TRUE(decode<CheckRequest>(*packet) == longest);
  CheckRequest too_long;
  too_long.argv.assign(3, std::string(kMaxArgvBytes, 'a'));
  CHECK_TRUE(encode(kId, too_long).error().code == Errc::TooLarge);
  Encoder out;
  for (std::size_t i = 0; i < kMaxPacket; ++i) CHECK_TRUE(out.number(std::uint8_t{0}));
  CHECK_FALSE(out.number(std::uint8_t{0}));
  CHECK_FALSE(out.ok());
}

// A request of the module must not pass for one of the plugin, nor the other way round.
TEST(WireCodec, RefusesAnExactCommandInAnotherPhaseThanApprovalAndItsAbsenceThere) {
  const auto is_read = [](Phase phase, std::optional<ExactCommand> exact) {
    CheckRequest request;
    request.phase = phase;
    request.exact = std::move(exact);
    auto bytes = encode(kId, request);
    CHECK_TRUE(bytes.has_value());
    const auto packet = split(std::move(*bytes));
    return decode<CheckRequest>(*packet).has_value();
  };
  CHECK_TRUE(is_read(Phase::Approval, ExactCommand{}));
  CHECK_FALSE(is_read(Phase::Approval, std::nullopt));
  CHECK_FALSE(is_read(Phase::Account, ExactCommand{}));
  CHECK_TRUE(is_read(Phase::Account, std::nullopt));
}

TEST(WireCodec, FitsTheLongestCommandLineAndExactCommandIntoOnePacket) {
  CheckRequest request;
  request.phase = Phase::Approval;
  for (std::string* text : {&request.service, &request.pam_user, &request.caller,
                            &request.rhost_hint, &request.tty_hint}) {
    *text = std::string(kMaxName, 'x');
  }
  request.groups = std::vector<std::uint32_t>(64, 1);
  request.argv.assign(kMaxArgvWords, std::string(kMaxArgvBytes / kMaxArgvWords, 'x'));
  request.exact =
      ExactCommand{.path = std::string(kMaxExactPath, 'x'),
                   .argv = std::vector<std::string>(
                       kMaxExactWords, std::string(kMaxExactBytes / kMaxExactWords, 'x')),
                   .truncated = true,
                   .cwd = std::string(kMaxExactPath, 'x')};
  CHECK_TRUE(encode(kId, request).has_value());
}
