// SPDX-License-Identifier: ISC
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stepupd/wire/packet.h"
#include "stepupd/wire/request_table.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::wire;

namespace {

constexpr RequestId kId{0xfe, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr VerdictCode kCodes[] = {VerdictCode::Granted, VerdictCode::NotRequired,
                                  VerdictCode::Denied, VerdictCode::LockedOut,
                                  VerdictCode::Unavailable};

// Whether a client that waits for request kId may let the person through.
bool grants(std::span<const std::uint8_t> bytes) {
  const auto packet = split(SecretBytes(bytes));
  if (!packet || packet->header.version != kVersion || packet->header.request_id != kId ||
      packet->header.type != MessageType::Verdict) {
    return false;
  }
  const auto verdict = decode<Verdict>(*packet);
  return verdict &&
         (verdict->code == VerdictCode::Granted || verdict->code == VerdictCode::NotRequired);
}

}  // namespace

TEST_GROUP(WireVerdict){};

TEST(WireVerdict, OfOneFlippedBitNeverGrants) {
  for (const VerdictCode code : kCodes) {
    const auto packet = *encode(kId, Verdict{.code = code, .words = {}});
    const std::vector<std::uint8_t> bytes(packet.view().begin(), packet.view().end());
    CHECK_EQUAL(code == VerdictCode::Granted || code == VerdictCode::NotRequired, grants(bytes));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      CHECK_FALSE(grants(flipped));
    }
  }
}

TEST(WireVerdict, HasNoCodeNearAnother) {
  for (const VerdictCode one : kCodes) {
    CHECK_TRUE(static_cast<std::uint32_t>(one) != 0);
    for (const VerdictCode other : kCodes) {
      const auto bits = static_cast<std::uint32_t>(one) ^ static_cast<std::uint32_t>(other);
      CHECK_TRUE(one == other || std::popcount(bits) >= 2);
    }
  }
}

TEST(WireVerdict, DecodesNoOtherNumber) {
  for (std::uint32_t raw = 0; raw < 70'000; ++raw) {
    Encoder out;
    put_header(out, {kVersion, MessageType::Verdict, kId});
    out.number(raw);
    out.number(std::uint8_t{0});
    out.number(std::uint32_t{0});
    CHECK_FALSE(decode<Verdict>(*split(out.take())).has_value());
  }
}

TEST(WireVerdict, OfZeroBytesOrOnesIsRefused) {
  for (const std::uint8_t fill : {std::uint8_t{0x00}, std::uint8_t{0xff}}) {
    for (std::size_t size = 0; size < 256; ++size) {
      CHECK_FALSE(grants(std::vector<std::uint8_t>(size, fill)));
    }
  }
}

TEST(WireVerdict, ThatGrantsCarriesNoWords) {
  const Words words{
      .id = MessageId::Refused, .args = {"sudo", "host"}
  };
  const Words only_args{.id = MessageId::None, .args = {"x"}};
  for (const VerdictCode code : kCodes) {
    const bool refusal = code != VerdictCode::Granted && code != VerdictCode::NotRequired;
    for (const Words& w : {words, only_args}) {
      const auto packet = split(*encode(kId, Verdict{.code = code, .words = w}));
      CHECK_EQUAL(refusal, decode<Verdict>(*packet).has_value());
    }
  }
}

TEST(WireVerdict, CarriesUpToEightArguments) {
  for (std::size_t count = 0; count <= 9; ++count) {
    const Verdict verdict{
        .code = VerdictCode::Denied,
        .words = {.id = MessageId::Refused, .args = std::vector<std::string>(count, "argument")}
    };
    const auto packet = encode(kId, verdict);
    CHECK_EQUAL(count <= 8, packet.has_value());
    if (packet) CHECK_TRUE(decode<Verdict>(*split(packet->copy())) == verdict);
  }
}

TEST(WireVerdict, HeaderIsSplitWhateverItsVersionAndType) {
  Encoder out;
  put_header(out, {.version = 0x0102, .type = static_cast<MessageType>(0x0304), .request_id = kId});
  const auto packet = split(out.take());
  CHECK_TRUE(packet.has_value());
  CHECK_EQUAL(0x0102, packet->header.version);
  CHECK_EQUAL(0x0304, static_cast<int>(packet->header.type));
  CHECK_TRUE(packet->header.request_id == kId);
  CHECK_TRUE(packet->body().empty());
  CHECK_FALSE(split(SecretBytes(kHeaderSize - 1)).has_value());
}
