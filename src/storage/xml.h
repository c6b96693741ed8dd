#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace owl::storage {

/// An element of an S3 answer: either text or children, never both (white space between children is dropped).
struct XmlElement {
  std::string name;  ///< without a namespace prefix
  std::string text;
  std::vector<XmlElement> children;

  /// The first child of that name, or nullptr.
  const XmlElement* child(std::string_view child_name) const;
  /// The text of that child; empty where there is none.
  std::string_view text_of(std::string_view child_name) const;
};

/// Reads the small part of XML 1.0 that S3's answers are written in: elements, attributes (read over), character data,
/// the five named entities and numbered ones, comments, one XML declaration. No DTD, no CDATA, no processing
/// instructions, no mixed content; depth at most 16. Everything else is an error: an answer that this doesn't
/// understand must not be half understood.
Result<XmlElement> parse_xml(std::string_view document);

}  // namespace owl::storage
