#include <fmt/core.h>

#include <cstdlib>

#include "codec/hash.h"
#include "crypto/sealed_object.h"
#include "os/file.h"
#include "repository/blob_opener.h"
#include "repository/document.h"
#include "repository/pack_builder.h"
#include "repository/pack_tail.h"
#include "repository/test_samples.h"
#include "repository/test_support.h"

/// docs/format/packs-and-manifests.md shows bytes: these tests make them and compare. With OWL_REWRITE_EXAMPLES set the
/// page is rewritten, and the run that does so fails.
namespace owl::repository {
namespace {

const std::filesystem::path page = std::filesystem::path(OWL_SOURCE_DIR) / "docs/format/packs-and-manifests.md";

std::string hex_rows(ByteView bytes) {
  std::string out;
  for (std::size_t row = 0; row < bytes.size(); row += 16) {
    out += fmt::format("    {:04x} ", row);
    for (const auto byte : bytes.subspan(row, std::min<std::size_t>(16, bytes.size() - row))) out += fmt::format(" {:02x}", byte);
    out += '\n';
  }
  return out;
}

/// Back from `hex_rows`.
Bytes bytes_of_rows(std::string_view text) {
  std::string digits;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    for (const char c : text.substr(std::min(at + 9, end), end - std::min(at + 9, end))) {
      if (c != ' ') digits += c;
    }
    at = end + 1;
  }
  return crypto::hex(digits);
}

std::string begin_of(const std::string& name) { return "<!-- " + name + ": made by a test -->\n\n"; }
constexpr std::string_view end_mark = "\n<!-- end -->\n";

std::string read_page() { return std::string(as_text(os::read_file(page))); }

/// What the page has between the marks of one example.
std::string shown(const std::string& name) {
  const auto text = read_page();
  const auto begin = text.find(begin_of(name));
  if (begin == std::string::npos) return "the page lacks the example " + name;
  const auto from = begin + begin_of(name).size();
  return text.substr(from, text.find(end_mark, from) - from);
}

void rewrite(const std::string& name, const std::string& example) {
  auto text = read_page();
  const auto from = text.find(begin_of(name)) + begin_of(name).size();
  text.replace(from, text.find(end_mark, from) - from, example);
  os::replace_file(page, as_bytes(text), 0644);
}

bool is_to_rewrite() { return std::getenv("OWL_REWRITE_EXAMPLES") != nullptr; }

std::string document_example(std::string_view what, const Bytes& document) {
  const auto body = value_or_throw(open_document(document, 1, 1 << 20, what));
  return fmt::format("{}, {} bytes of body:\n\n{}\n", what, body.size(), hex_rows(body));
}

std::string all_documents() {
  auto text = document_example("Pack directory", serialize(test::sample_directory())) +
              document_example("Index object", serialize(test::sample_index())) +
              document_example("Manifest", serialize(test::sample_manifest())) +
              document_example("Void marker", serialize(test::sample_void())) +
              document_example("Lease", serialize(test::sample_lease())) +
              document_example("Trash object", serialize(test::sample_trash()));
  text.pop_back();
  return text;
}

TEST(FormatPage, ShowsTheBodyOfEachDocument) {
  if (is_to_rewrite()) {
    rewrite("documents", all_documents());
    FAIL() << "rewritten: look at the difference, then run without OWL_REWRITE_EXAMPLES";
  }
  EXPECT_EQ(shown("documents"), all_documents());
}

constexpr std::string_view plain_text = "An owl sees in the dark.\n";

/// A whole pack with one blob, from secrets and randomness that count up.
Bytes make_pack() {
  const auto keys = crypto::test_host_keys();
  crypto::CountingRandom random(0x01);
  PackBuilder builder(0, PackClass::data, os::AlignedBuffer(4096),
                      crypto::new_seal_context(keys, crypto::SealContextRecord::Kind::data, random), keys.writer);
  crypto::Namer namer(keys.writer_naming);
  const auto plain = as_bytes(plain_text);
  builder.add(crypto::BlobKind::bytes, namer.name(crypto::BlobKind::bytes, plain), codec::Codec::stored, plain,
              static_cast<std::uint32_t>(plain.size()), {});
  const auto filled = std::move(builder).finish();
  const auto directory = crypto::seal_object(keys.current(), keys.repository, crypto::ObjectType::pack_directory, "",
                                             serialize(filled.directory), random);
  auto pack = to_bytes(filled.bytes.view());
  append(pack, directory);
  append(pack, pack_trailer(directory.size()));
  return pack;
}

/// The bytes that zstd makes differ from version to version, so the page's pack is read rather than made again.
TEST(FormatPage, ShowsAPackThatOpens) {
  if (is_to_rewrite()) {
    rewrite("pack", hex_rows(make_pack()));
    FAIL() << "rewritten: look at the difference, then run without OWL_REWRITE_EXAMPLES";
  }
  const auto pack = bytes_of_rows(shown("pack"));
  ASSERT_GT(pack.size(), pack_header_size + pack_trailer_size);
  const auto keys = crypto::test_host_keys();
  EXPECT_EQ(value_or_throw(parse_pack_header(ByteView(pack).first(pack_header_size))), PackClass::data);
  const auto directory_size = value_or_throw(parse_pack_trailer(ByteView(pack).last(pack_trailer_size)));
  const auto directory = open_pack_tail(keys, "the page's pack", pack.size(), ByteView(pack).last(directory_size + pack_trailer_size));
  ASSERT_EQ(directory.entries.size(), 1U);
  const std::vector secrets{crypto::test_secrets()};
  BlobOpener opener(keys, secrets, directory);
  const auto plain = opener.open(0, ByteView(pack).subspan(pack_header_size, directory.entries[0].sealed_size()));
  EXPECT_EQ(as_text(plain), plain_text);
  const auto text = read_page();
  EXPECT_THAT(text, testing::HasSubstr(to_hex(codec::sha256(pack)))) << "its key";
  EXPECT_THAT(text, testing::HasSubstr(to_hex(directory.entries[0].name))) << "the blob's name";
  for (const auto& secret : {secrets[0].x25519_private, secrets[0].m, secrets[0].h}) {
    EXPECT_THAT(text, testing::HasSubstr(to_hex(secret.view())));
  }
}

}  // namespace
}  // namespace owl::repository
