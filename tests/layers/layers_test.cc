#include "layers/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "layers/source_scan.h"
#include "support/environment.h"
#include "support/temp_dir.h"

namespace owl::layers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Layers, TheTreeKeepsItsFloors) {
  EXPECT_THAT(check_tree(test::source_dir()), IsEmpty());
}

/// A small tree that keeps its floors; each test breaks one thing.
class SmallTree : public testing::Test {
 protected:
  SmallTree() {
    write("layers.txt",
          "# a comment\n"
          "0 base\n"
          "1 codec\n"
          "1 crypto -> codec\n"
          "1 http\n"
          "2 storage\n"
          "lib zstd.h codec\n"
          "lib curl/ http\n");
    for (const std::string name : {"base", "codec", "http"}) {
      write("src/" + name + "/CMakeLists.txt", "owl_module(" + name + (name == "base" ? "" : " DEPS base") + ")\n");
    }
    write("src/crypto/CMakeLists.txt", "owl_module(crypto DEPS codec LIBS OpenSSL::Crypto)\n");
    write("src/storage/CMakeLists.txt", "# why\nowl_module(storage\n  DEPS http\n       crypto fmt::fmt)\n");
    write("src/base/bytes.h", "#include <vector>\n");
    write("src/codec/zstd.h", "#include \"base/bytes.h\"\n");
    write("src/codec/zstd.cc", "#include \"codec/zstd.h\"\n#include <zstd.h>\n");
    write("src/crypto/seal.cc", "#include \"codec/zstd.h\"\n");
    write("src/storage/s3.cc", "#include <curl.h>\n#include \"base/bytes.h\"\n#include \"http/client.h\"\n");
    write("src/http/client.h", "");
    write("src/http/client.cc", "#include <curl/curl.h>\n");
  }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::vector<Violation> check() const { return check_tree(root_.path()); }

 private:
  test::TempDir root_;
};

TEST_F(SmallTree, IsAccepted) {
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(SmallTree, UpwardInclude) {
  write("src/base/bytes.h", "#pragma once\n\n#include \"http/client.h\"\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/base/bytes.h", 3,
                                             "base (floor 0) may not use http (floor 1): only lower floors, and the "
                                             "friends that layers.txt names"}));
}

TEST_F(SmallTree, SidewaysInclude) {
  write("src/codec/zstd.cc", "#include \"crypto/seal.h\"\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/codec/zstd.cc", 1,
                                             "codec (floor 1) may not use crypto (floor 1): only lower floors, and the "
                                             "friends that layers.txt names"}));
}

TEST_F(SmallTree, UpwardIncludeInAUnitTest) {
  write("src/base/bytes_test.cc", "#include \"storage/s3.h\"\n");
  EXPECT_EQ(check().size(), 1u);
}

TEST_F(SmallTree, LibraryHeaderInAHeader) {
  write("src/codec/zstd.h", "#include <zstd.h>\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/codec/zstd.h", 1, "zstd.h: a library's headers stay out of ours"}));
}

TEST_F(SmallTree, LibraryHeaderInAModuleThatDoesNotOwnIt) {
  write("src/storage/s3.cc", "int x;\n#include <curl/curl.h>\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/storage/s3.cc", 2, "curl/curl.h belongs to http, not to storage"}));
}

TEST_F(SmallTree, LibraryHeaderInQuotes) {
  write("src/storage/s3.cc", "#include \"curl/curl.h\"\n");
  EXPECT_EQ(check().size(), 1u);
}

TEST_F(SmallTree, OwnHeaderInAngleBrackets) {
  write("src/codec/zstd.cc", "#include <base/bytes.h>\n");
  EXPECT_THAT(check(),
              ElementsAre(Violation{"src/codec/zstd.cc", 1, "<base/bytes.h>: our own headers are included in quotes"}));
}

TEST_F(SmallTree, OwnHeaderWithoutItsModule) {
  write("src/codec/zstd.cc", "#include \"zstd_internal.h\"\n#include \"strange/zstd.h\"\n");
  EXPECT_THAT(
      check(),
      ElementsAre(
          Violation{"src/codec/zstd.cc", 1, "\"zstd_internal.h\": quotes are for our own headers, by module and name"},
          Violation{"src/codec/zstd.cc", 2, "\"strange/zstd.h\": quotes are for our own headers, by module and name"}));
}

TEST_F(SmallTree, CMakeLinksUpward) {
  write("src/codec/CMakeLists.txt", "owl_module(codec\n  DEPS base\n  storage  # handy\n)\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/codec/CMakeLists.txt", 3,
                                             "codec (floor 1) may not use storage (floor 2): only lower floors, and "
                                             "the friends that layers.txt names"}));
}

TEST_F(SmallTree, CMakeLinksWhatNobodyKnows) {
  write("src/codec/CMakeLists.txt", "owl_module(codec DEPS base baes)\n");
  EXPECT_THAT(check(),
              ElementsAre(Violation{"src/codec/CMakeLists.txt", 1, "layers.txt doesn't name the module baes"}));
}

TEST_F(SmallTree, CMakeDoesNotLinkWhatIsIncluded) {
  write("src/storage/CMakeLists.txt", "owl_module(storage DEPS crypto LIBS http)\n");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/storage/s3.cc", 3,
                                             "storage includes http, and its CMakeLists.txt doesn't link that"}));
}

TEST_F(SmallTree, ModuleWithoutDeclarationOrUnderAnotherName) {
  write("src/codec/CMakeLists.txt", "# owl_module(codec DEPS base)\n");
  write("src/http/CMakeLists.txt", "\nowl_module(htpp DEPS base)\n");
  EXPECT_THAT(check(), testing::IsSupersetOf(
                           {Violation{"src/codec/CMakeLists.txt", 0, "is to declare exactly one owl_module, codec"},
                            Violation{"src/http/CMakeLists.txt", 2, "is to declare exactly one owl_module, http"}}));
}

TEST_F(SmallTree, FolderThatLayersTxtDoesNotName) {
  write("src/util/everything.h", "");
  EXPECT_THAT(check(), ElementsAre(Violation{"src/util", 0, "layers.txt doesn't name the module util"}));
}

TEST(Rules, ContradictionsAreFound) {
  std::vector<Violation> violations;
  Rules::parse("0 base\n0 base\n1 a -> b\n1 b -> a\n2 c -> base\nfirst floor\n1 d ->\nlib zstd.h\n1x e\n", violations);
  const std::string unreadable = "neither `floor module [-> friend ...]` nor `lib prefix module ...`";
  EXPECT_THAT(violations, testing::UnorderedElementsAre(
                              Violation{"layers.txt", 2, "base is named twice"},
                              Violation{"layers.txt", 3, "a is its own friend, by way of others"},
                              Violation{"layers.txt", 4, "b is its own friend, by way of others"},
                              Violation{"layers.txt", 5, "c -> base: a friend is a module of the same floor"},
                              Violation{"layers.txt", 6, unreadable}, Violation{"layers.txt", 7, unreadable},
                              Violation{"layers.txt", 8, unreadable}, Violation{"layers.txt", 9, unreadable}));
}

TEST(ScanIncludes, CommentsAndBlanks) {
  const auto includes = scan_includes(
      "// #include \"a/a.h\"\n"
      "/* #include \"b/b.h\"\n"
      "#include \"c/c.h\" */\n"
      "  #  include <d.h>  // why\n"
      "const char* s = \"/*\";\n"
      "#include \"e/e.h\"\n");
  ASSERT_EQ(includes.size(), 2u);
  EXPECT_EQ(includes[0].line, 4);
  EXPECT_EQ(includes[0].header, "d.h");
  EXPECT_FALSE(includes[0].quoted);
  EXPECT_EQ(includes[1].line, 6);
  EXPECT_TRUE(includes[1].quoted);
}

}  // namespace
}  // namespace owl::layers
