#include <gtest/gtest.h>

#include "crypto/sealed_object.h"
#include "repository/document.h"
#include "repository/index.h"
#include "repository/lease.h"
#include "repository/manifest.h"
#include "repository/pack.h"
#include "repository/test_samples.h"
#include "repository/trash.h"
#include "storage/test_support.h"

namespace owl::repository {
namespace {

using crypto::ObjectType;

/// What every document must stand: `parse` is its parser, brought to Result<Bytes> of the value serialised again.
struct Kind {
  const char* name;
  ObjectType type;
  Bytes document;
  std::function<Result<Bytes>(ByteView)> parse;
};

template <typename Parse>
auto round_trip(Parse parse) {
  return [parse](ByteView bytes) -> Result<Bytes> {
    auto value = parse(bytes);
    if (!value) return tl::unexpected(value.error());
    return serialize(*value);
  };
}

std::vector<Kind> kinds() {
  return {{"pack directory", ObjectType::pack_directory, serialize(test::sample_directory()),
           round_trip(parse_pack_directory)},
          {"index", ObjectType::index, serialize(test::sample_index()), round_trip(parse_index_object)},
          {"manifest", ObjectType::manifest, serialize(test::sample_manifest()), round_trip(parse_manifest_body)},
          {"void", ObjectType::void_marker, serialize(test::sample_void()), round_trip(parse_void_marker)},
          {"lease", ObjectType::lease, serialize(test::sample_lease()), round_trip(parse_lease_body)},
          {"trash", ObjectType::trash, serialize(test::sample_trash()), round_trip(parse_trash_object)}};
}

TEST(Documents, ComeBackAsTheyWere) {
  for (const auto& kind : kinds()) {
    const auto again = kind.parse(kind.document);
    ASSERT_TRUE(again) << kind.name << ": " << again.error().what();
    EXPECT_EQ(*again, kind.document) << kind.name;
  }
}

TEST(Documents, CutShortAtAnyLengthAreErrors) {
  for (const auto& kind : kinds()) {
    crypto::for_each_truncation(kind.document, [&](const Bytes& cut, const std::string& what) {
      EXPECT_FALSE(kind.parse(cut)) << kind.name << " of " << what;
    });
  }
}

/// The body, cut short before it is compressed: what a faulty writer would leave.
TEST(Documents, WithABodyCutShortAtAnyLengthAreErrors) {
  for (const auto& kind : kinds()) {
    const auto body = value_or_throw(open_document(kind.document, 1, 1 << 20, kind.name));
    crypto::for_each_truncation(body, [&](const Bytes& cut, const std::string& what) {
      EXPECT_FALSE(kind.parse(make_document(1, cut))) << kind.name << " of " << what;
    });
    auto longer = body;
    longer.push_back(0);
    EXPECT_FALSE(kind.parse(make_document(1, longer))) << kind.name << " with a byte too many";
  }
}

/// Without the seal a flipped bit may give another valid value, but never a crash, and never what was meant.
TEST(Documents, WithAFlippedBitAreNeverTakenForTheOriginal) {
  for (const auto& kind : kinds()) {
    const auto body = value_or_throw(open_document(kind.document, 1, 1 << 20, kind.name));
    crypto::for_each_flipped_bit(body, [&](const Bytes& damaged, const std::string& what) {
      const auto parsed = kind.parse(make_document(1, damaged));
      if (parsed) {
        EXPECT_NE(*parsed, kind.document) << kind.name << ", " << what;
      }
    });
    crypto::for_each_flipped_bit(kind.document,
                                 [&](const Bytes& damaged, const std::string&) { (void)kind.parse(damaged); });
  }
}

/// Sealed, as they lie in a store, every flipped bit and every cut is an error.
TEST(Documents, SealedAndDamagedAnyhowAreErrors) {
  const auto keys = crypto::test_host_keys();
  crypto::CountingRandom random;
  const auto sealed = crypto::seal_object(keys.current(), keys.repository, ObjectType::lease, "leases/x",
                                          serialize(test::sample_lease()), random);
  const auto opens = [&](const Bytes& bytes) {
    try {
      return parse_lease_body(crypto::open_object(keys, ObjectType::lease, "leases/x", bytes)).has_value();
    } catch (const Error&) {
      return false;
    }
  };
  EXPECT_TRUE(opens(sealed));
  crypto::for_each_flipped_bit(
      sealed, [&](const Bytes& damaged, const std::string& what) { EXPECT_FALSE(opens(damaged)) << what; });
  crypto::for_each_truncation(sealed,
                              [&](const Bytes& cut, const std::string& what) { EXPECT_FALSE(opens(cut)) << what; });
}

TEST(Documents, OfALaterVersionSayWhatToDo) {
  auto document = serialize(test::sample_manifest());
  document.front() = 2;
  const auto parsed = parse_manifest_body(document);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind(), ErrorKind::unsupported);
  EXPECT_STREQ(parsed.error().what(), "a manifest has version 2");
  EXPECT_EQ(parsed.error().hint(), "A newer owlbackup wrote it: use that one.");
}

TEST(Documents, ThatClaimToBeHugeTakeNoMemory) {
  Bytes bomb{1};
  BinaryWriter out(bomb);
  out.varint(std::uint64_t{1} << 60);
  out.raw(Bytes(100, 0x28));
  for (const auto& kind : kinds()) EXPECT_FALSE(kind.parse(bomb)) << kind.name;
}

TEST(PackDirectory, KeepsEveryField) {
  const auto sample = test::sample_directory();
  const auto parsed = value_or_throw(parse_pack_directory(serialize(sample)));
  ASSERT_EQ(parsed.contexts.size(), 2U);
  EXPECT_EQ(parsed.contexts[0].seal.encapsulated_key, sample.contexts[0].seal.encapsulated_key);
  EXPECT_EQ(parsed.contexts[1].seal.kind, crypto::SealContextRecord::Kind::metadata);
  EXPECT_EQ(parsed.contexts[1].writer, sample.contexts[1].writer);
  ASSERT_EQ(parsed.entries.size(), 3U);
  EXPECT_EQ(parsed.entries[0].checks, sample.entries[0].checks);
  EXPECT_EQ(parsed.entries[1].name, sample.entries[1].name);
  EXPECT_EQ(parsed.entries[2].counter, sample.entries[2].counter);
  EXPECT_EQ(parsed.offsets(), (std::vector<std::uint64_t>{16, 16 + 1016, 16 + 1016 + 2016, 16 + 1016 + 2016 + 66}));
}

TEST(PackDirectory, RefusesWhatNoWriterWrites) {
  auto unknown_context = test::sample_directory();
  unknown_context.entries[0].context = 2;
  EXPECT_FALSE(parse_pack_directory(serialize(unknown_context)));
  auto whole_wal = test::sample_directory();
  whole_wal.entries[0].kind = crypto::BlobKind::wal;
  EXPECT_FALSE(parse_pack_directory(serialize(whole_wal)));
  auto unknown_codec = test::sample_directory();
  unknown_codec.entries[0].codec = static_cast<codec::Codec>(9);
  EXPECT_FALSE(parse_pack_directory(serialize(unknown_codec)));
  auto huge = test::sample_directory();
  huge.entries[0].plain_size = largest_blob + 1;
  EXPECT_FALSE(parse_pack_directory(serialize(huge)));
}

TEST(IndexObject, IsSortedByName) {
  auto object = test::sample_index();
  std::swap(object.entries.front(), object.entries.back());
  const auto parsed = value_or_throw(parse_index_object(serialize(object)));
  EXPECT_TRUE(std::ranges::is_sorted(parsed.entries, {}, &IndexObject::Entry::name));
  object.entries[0].pack = 7;
  EXPECT_FALSE(parse_index_object(serialize(object))) << "a pack that it does not name";
}

TEST(Manifest, KeepsEveryField) {
  const auto sample = test::sample_manifest();
  const auto parsed = value_or_throw(parse_manifest_body(serialize(sample)));
  EXPECT_EQ(parsed.kind, sample.kind);
  EXPECT_EQ(parsed.label, sample.label);
  EXPECT_EQ(parsed.finished, sample.finished);
  EXPECT_EQ(parsed.forerunner, sample.forerunner);
  EXPECT_EQ(parsed.packs, sample.packs);
  ASSERT_EQ(parsed.leaves.size(), 1U);
  EXPECT_EQ(parsed.leaves[0].entry, 9U);
  ASSERT_TRUE(parsed.wal);
  EXPECT_EQ(parsed.wal->ranges[0].stop_lsn, sample.wal->ranges[0].stop_lsn);
  EXPECT_EQ(parsed.warnings, sample.warnings);
  EXPECT_EQ(parsed.details, sample.details);
}

TEST(Manifest, MayLackWalAndNamesOnlyPacksThatItLists) {
  auto manifest = test::sample_manifest();
  manifest.wal.reset();
  EXPECT_FALSE(value_or_throw(parse_manifest_body(serialize(manifest))).wal);
  manifest.leaves[0].pack = 2;
  EXPECT_FALSE(parse_manifest_body(serialize(manifest)));
}

TEST(VoidMarker, StaysSmallWhateverItsReason) {
  const VoidMarker marker{std::string(10'000, 'x'), std::string(300, 'y'), {1}};
  EXPECT_LT(crypto::sealed_size(serialize(marker).size()), 512U) << "listings tell voids from manifests by their size";
}

TEST(PackFrame, HeaderAndTrailer) {
  EXPECT_EQ(value_or_throw(parse_pack_header(pack_header(PackClass::data))), PackClass::data);
  EXPECT_EQ(value_or_throw(parse_pack_header(pack_header(PackClass::metadata))), PackClass::metadata);
  EXPECT_EQ(value_or_throw(parse_pack_trailer(pack_trailer(0x123456789))), 0x123456789U);
  EXPECT_EQ(to_hex(pack_header(PackClass::data)),
            "4f574c5041434b31"
            "0100000000000000");
  EXPECT_EQ(to_hex(pack_trailer(258)),
            "0201000000000000"
            "4f574c50454e4431");
  const auto header = pack_header(PackClass::data);
  crypto::for_each_flipped_bit(to_bytes(header), [](const Bytes& damaged, const std::string& what) {
    const auto parsed = parse_pack_header(damaged);
    EXPECT_TRUE(!parsed || *parsed != PackClass::data) << what;
  });
  EXPECT_FALSE(parse_pack_header(ByteView(header).first(15)));
  EXPECT_FALSE(parse_pack_trailer(Bytes(16)));
  EXPECT_FALSE(parse_pack_trailer(Bytes(15)));
}

}  // namespace
}  // namespace owl::repository
