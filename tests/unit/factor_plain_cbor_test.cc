// SPDX-License-Identifier: ISC
// F-29b: no CBOR reaches libcbor that could cost more memory or stack than its own size.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "stepupd/factor/plain_cbor.h"
#include "tests/unit/fido2_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::factor;

namespace {

// Whether `bytes` are one plain item and no more.
bool plain(const Bytes& bytes) { return plain_cbor_size(bytes) == bytes.size(); }

// Whether they begin with none.
bool refused(const Bytes& bytes) { return !plain_cbor_size(bytes).has_value(); }

// `inner` in so many arrays of one item.
Bytes nested(std::size_t levels, const Bytes& inner) {
  return joined({Bytes(levels, 0x81), inner});
}

}  // namespace

TEST_GROUP(PlainCbor){};

TEST(PlainCbor, TakesWhatAuthenticatorsSend) {
  CHECK_TRUE(plain(Fido2Signer(CoseAlgorithm::Es256).cose_key()));
  CHECK_TRUE(plain(Fido2Signer(CoseAlgorithm::EdDsa).cose_key()));
  const Bytes statement = cbor_map({
      {cbor_text("alg"), cbor_number(-7)                        },
      {cbor_text("sig"), cbor_bytes(Bytes(71))                  },
      {cbor_text("x5c"), cbor_array({cbor_bytes(Bytes(70'000))})}
  });
  CHECK_TRUE(plain(statement));
  CHECK_TRUE(plain({0xf4}) && plain({0xf5}) && plain({0xf6}));  // false, true, null
}

TEST(PlainCbor, GivesTheSizeOfTheFirstItem) {
  const Bytes number = cbor_number(1000);
  CHECK(plain_cbor_size(joined({
            number, Bytes{0xff, 0xff}
  })) == number.size());
  CHECK_FALSE(plain_cbor_size({}).has_value());
}

TEST(PlainCbor, F29bTakesEachNumberInItsShortestFormAlone) {
  for (const std::uint64_t least : {0ULL, 24ULL, 0x100ULL, 0x1'0000ULL, 0x1'0000'0000ULL}) {
    CHECK_TRUE(plain(cbor_head(0, least)));
    CHECK_TRUE(plain(cbor_head(1, least)));
    if (least > 0) CHECK_TRUE(plain(cbor_head(0, least - 1)));
  }
  CHECK_TRUE(refused({0x18, 23}));
  CHECK_TRUE(refused({0x19, 0, 0xff}));
  CHECK_TRUE(refused({0x1a, 0, 0, 0xff, 0xff}));
  CHECK_TRUE(refused({0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}));
  for (const std::uint8_t reserved : {std::uint8_t{0x1c}, std::uint8_t{0x1d}, std::uint8_t{0x1e}}) {
    CHECK_TRUE(refused(joined({Bytes{reserved}, Bytes(200, 0xff)})));
  }
  CHECK_TRUE(refused({0x19, 1}));
}

TEST(PlainCbor, F29bRefusesLengthsThatTheBytesDoNotKeep) {
  for (const unsigned major : {2U, 3U, 4U, 5U}) {
    for (const std::uint64_t size : {1ULL, 1ULL << 16, 1ULL << 32, ~0ULL}) {
      CHECK_TRUE(refused(cbor_head(major, size)));
      CHECK_TRUE(refused(joined({cbor_head(major, size), Bytes(size == 1 ? 0 : 5)})));
    }
  }
  CHECK_TRUE(plain(joined({cbor_head(2, 2), Bytes(2)})));
  CHECK_TRUE(refused(joined({cbor_head(2, 3), Bytes(2)})));
}

TEST(PlainCbor, F29bRefusesIndefiniteLengths) {
  CHECK_TRUE(refused({0x5f, 0x41, 0x00, 0xff}));
  CHECK_TRUE(refused({0x7f, 0x61, 0x61, 0xff}));
  CHECK_TRUE(refused({0x9f, 0xff}));
  CHECK_TRUE(refused({0xbf, 0xff}));
  CHECK_TRUE(refused({0xff}));
  CHECK_TRUE(refused(joined({Bytes{0x5f}, Bytes(200, 0x41)})));
}

TEST(PlainCbor, F29bRefusesWhatIsNestedDeeperThanFourLevels) {
  CHECK_TRUE(plain(nested(4, {0x00})));
  CHECK_TRUE(refused(nested(5, {0x00})));
  CHECK_TRUE(refused(nested(10'000, {0x00})));
  Bytes maps = {0x00};
  for (int i = 0; i < 4; ++i)
    maps = cbor_map({
        {cbor_number(1), maps}
    });
  CHECK_TRUE(plain(maps));
  CHECK_TRUE(refused(cbor_map({
      {cbor_number(1), maps}
  })));
  CHECK_TRUE(refused(cbor_map({
      {maps, cbor_number(1)}
  })));  // or as a key
}

TEST(PlainCbor, F29bRefusesAKeyThatStandsTwice) {
  const Bytes one = cbor_number(1);
  const Bytes two = cbor_number(2);
  CHECK_TRUE(plain(cbor_map({
      {one, one},
      {two, one}
  })));
  CHECK_TRUE(plain(cbor_map({
      {two, one},
      {one, one}
  })));  // in whatever order
  CHECK_TRUE(refused(cbor_map({
      {one, one},
      {one, two}
  })));
  CHECK_TRUE(refused(cbor_map({
      {two, one},
      {one, one},
      {two, one}
  })));
}

TEST(PlainCbor, F29bRefusesMapsOfMoreThanSixteenPairs) {
  const auto map_of = [](std::uint8_t pairs) {
    Bytes map = cbor_head(5, pairs);
    for (std::uint8_t i = 0; i < pairs; ++i)
      map = joined({
          map, Bytes{i, 0}
      });
    return map;
  };
  CHECK_TRUE(plain(map_of(16)));
  CHECK_TRUE(refused(map_of(17)));
}

TEST(PlainCbor, F29bRefusesTagsFractionsAndOtherSimpleValues) {
  CHECK_TRUE(refused({0xc0, 0x00}));
  CHECK_TRUE(refused({0xa1, 0xc0, 0x00}));  // in the place of a key, whose value is the number
  CHECK_TRUE(refused({0xa1, 0x00, 0xc0}));
  CHECK_TRUE(refused({0x81, 0xc0}));
  CHECK_TRUE(refused({0xd8, 0x20, 0x00}));
  CHECK_TRUE(refused({0xf9, 0x7e, 0x00}));  // NaN
  CHECK_TRUE(refused({0xfa, 0, 0, 0, 0}));
  CHECK_TRUE(refused({0xfb, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK_TRUE(refused({0xf3}));
  CHECK_TRUE(refused({0xf7}));
  CHECK_TRUE(refused({0xf8, 0x20}));
}

TEST(PlainCbor, IsAMapOnlyWhenItIsOneMapAndNothingElse) {
  CHECK_TRUE(is_plain_cbor_map(Bytes{0xa0}));
  CHECK_FALSE(is_plain_cbor_map(Bytes{0xa0, 0x00}));
  CHECK_FALSE(is_plain_cbor_map(Bytes{0x80}));
  CHECK_FALSE(is_plain_cbor_map(Bytes{0xa1, 0x01}));
  CHECK_FALSE(is_plain_cbor_map({}));
}
