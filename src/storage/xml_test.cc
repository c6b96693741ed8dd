#include "storage/xml.h"

#include <gtest/gtest.h>

namespace owl::storage {
namespace {

TEST(Xml, ReadsWhatS3Writes) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><!-- x -->\n"
      "  <Name>b</Name><Empty/><Contents><Key>a&amp;b&#x3c;&#228;&quot;</Key ></Contents>\n"
      "  <Contents a='1' b = \"2\"><Key>second</Key></Contents>\n"
      "</ListBucketResult>\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "ListBucketResult");
  EXPECT_EQ(root->text, "");
  EXPECT_EQ(root->children.size(), 4u);
  EXPECT_EQ(root->text_of("Name"), "b");
  EXPECT_EQ(root->text_of("Empty"), "");
  EXPECT_EQ(root->text_of("NotThere"), "");
  EXPECT_EQ(root->child("Contents")->text_of("Key"), "a&b<\xc3\xa4\"");
}

TEST(Xml, DropsNamespacePrefixes) {
  const auto root = parse_xml("<s3:Error><s3:Code>X</s3:Code></s3:Error>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "Error");
  EXPECT_EQ(root->text_of("Code"), "X");
}

TEST(Xml, KeepsTheSpaceOfText) {
  EXPECT_EQ(parse_xml("<a> x </a>")->text, " x ");
}

TEST(Xml, RefusesWhatItDoesNotKnow) {
  for (const auto* text : {
           "",
           "text",
           "<a>",
           "<a></b>",
           "<a/><b/>",
           "</a>",
           "<a>x<b/></a>",
           "<a>&nbsp;</a>",
           "<a>&#0;</a>",
           "<a>&#xd800;</a>",
           "<a>&#x110000;</a>",
           "<a>&amp</a>",
           "<a b></a>",
           "<a b=c></a>",
           "<a b=\"c></a>",
           "< a/>",
           "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
           "<a><![CDATA[x]]></a>",
           "<a><?php ?></a>",
           "<a><!-- </a>",
           "<html><body>Bad gateway<br></body></html>",
           "<a",
       }) {
    EXPECT_FALSE(parse_xml(text)) << text;
  }
  EXPECT_FALSE(parse_xml(std::string_view("<a/>\0", 5)));
}

TEST(Xml, DepthIsLimited) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "<a>";
    for (int i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  EXPECT_TRUE(parse_xml(nested(16)));
  EXPECT_FALSE(parse_xml(nested(17)));
  EXPECT_FALSE(parse_xml(std::string(1'000'000, '<')));
}

}  // namespace
}  // namespace owl::storage
