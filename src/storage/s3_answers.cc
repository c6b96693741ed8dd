#include "storage/s3_answers.h"

#include "base/bytes.h"
#include "storage/number.h"
#include "storage/xml.h"

namespace owl::storage {
namespace {

/// Undoes encoding-type=url.
Result<std::string> url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return bad_format("a listing with a key that can't be decoded");
      out += static_cast<char>(byte->front());
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Result<ObjectInfo> object_from(const XmlElement& contents, bool encoded) {
  auto key = encoded ? url_decoded(contents.text_of("Key")) : Result<std::string>(contents.text_of("Key"));
  if (!key) return tl::unexpected(key.error());
  const auto size = parse_number(contents.text_of("Size"));
  if (!size) return bad_format("a listing with a size that is no number");
  const auto modified = parse_time(contents.text_of("LastModified"), {});
  if (!modified) return bad_format("a listing with a time that can't be read");
  return ObjectInfo{std::move(*key), *size, *modified};
}

Result<void> add_entry(const XmlElement& entry, bool encoded, S3ListPage& page) {
  if (entry.name == "Contents") {
    auto object = object_from(entry, encoded);
    if (!object) return tl::unexpected(object.error());
    page.objects.push_back(std::move(*object));
  } else if (entry.name == "CommonPrefixes") {
    auto folder = encoded ? url_decoded(entry.text_of("Prefix")) : Result<std::string>(entry.text_of("Prefix"));
    if (!folder) return tl::unexpected(folder.error());
    page.folders.push_back(std::move(*folder));
  }
  return {};
}

}  // namespace

S3ErrorAnswer parse_s3_error(std::string_view body) {
  const auto root = parse_xml(body);
  if (!root || root->name != "Error") return {};
  return {std::string(root->text_of("Code")), std::string(root->text_of("Message"))};
}

Result<S3ListPage> parse_s3_list(std::string_view body) {
  const auto root = parse_xml(body);
  if (!root) return tl::unexpected(root.error());
  const auto truncated = root->text_of("IsTruncated");
  if (root->name != "ListBucketResult" || (truncated != "true" && truncated != "false")) {
    return bad_format("an answer that is no listing");
  }
  S3ListPage page;
  const bool encoded = root->text_of("EncodingType") == "url";
  for (const auto& entry : root->children) {
    if (const auto added = add_entry(entry, encoded, page); !added) return tl::unexpected(added.error());
  }
  if (truncated == "true") {
    page.next = root->text_of("NextContinuationToken");
    if (page.next.empty()) return bad_format("a listing that breaks off without saying where it goes on");
  }
  return page;
}

}  // namespace owl::storage
