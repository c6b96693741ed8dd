#include "storage/xml.h"

#include <charconv>
#include <optional>

namespace owl::storage {
namespace {

constexpr int deepest = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
        byte(0x80 | (code & 0x3f));
  }
}

std::optional<std::uint32_t> numbered(std::string_view digits) {
  const int base = digits.starts_with('x') ? 16 : 10;
  if (base == 16) digits.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (error != std::errc() || end != digits.data() + digits.size() || code == 0 || code > 0x10ffff || surrogate) {
    return std::nullopt;
  }
  return code;
}

/// Appends what "&entity;" stands for; false: nothing that we know.
bool append_entity(std::string& out, std::string_view entity) {
  constexpr std::pair<std::string_view, char> named[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [name, letter] : named) {
    if (entity == name) {
      out += letter;
      return true;
    }
  }
  if (!entity.starts_with('#')) return false;
  const auto code = numbered(entity.substr(1));
  if (code) append_utf8(out, *code);
  return code.has_value();
}

/// A failed read sets `failed_`; all that follow do nothing, and one check at the end tells.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<XmlElement> document() {
    take("\xef\xbb\xbf");
    skip_declaration();
    skip_between();
    XmlElement root;
    element(root, 1);
    skip_between();
    if (failed_ || !rest_.empty()) return bad_format("an answer that is no XML of the kind S3 speaks");
    return root;
  }

 private:
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) { failed_ = !take(token) || failed_; }
  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  void skip_past(std::string_view token) {
    const auto at = rest_.find(token);
    failed_ = failed_ || at == std::string_view::npos;
    rest_.remove_prefix(failed_ ? rest_.size() : at + token.size());
  }
  void skip_declaration() {
    if (rest_.starts_with("<?xml ")) skip_past("?>");
  }
  void skip_between() {
    skip_spaces();
    while (take("<!--")) skip_past("-->"), skip_spaces();
  }
  std::string name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_letter(rest_[size])) ++size;
    const auto full = rest_.substr(0, size);
    failed_ = failed_ || full.empty();
    rest_.remove_prefix(size);
    return std::string(full.substr(full.find(':') + 1));
  }
  void attributes() {
    for (skip_spaces(); !failed_ && !rest_.empty() && is_name_letter(rest_.front()); skip_spaces()) {
      name(), skip_spaces(), expect("="), skip_spaces();
      const std::string_view quote = rest_.starts_with('\'') ? "'" : "\"";
      expect(quote), skip_past(quote);
    }
  }
  void element(XmlElement& out, int depth) {
    expect("<");
    failed_ = failed_ || depth > deepest;
    if (failed_) return;
    out.name = name();
    attributes();
    if (take("/>")) return;
    expect(">");
    content(out, depth);
    failed_ = failed_ || name() != out.name;
    skip_spaces(), expect(">");
  }
  /// Up to and with the "</" of the end tag.
  void content(XmlElement& out, int depth) {
    while (!failed_ && !take("</")) {
      if (take("<!--")) {
        skip_past("-->");
      } else if (rest_.starts_with('<')) {
        element(out.children.emplace_back(), depth + 1);
      } else {
        text(out.text);
      }
    }
    if (out.children.empty()) return;
    for (const char c : out.text) failed_ = failed_ || !is_space(c);
    out.text.clear();
  }
  void text(std::string& out) {
    const auto size = rest_.find_first_of("<&");
    failed_ = failed_ || size == std::string_view::npos;  // the end tag is still to come
    if (failed_) return;
    out.append(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (!take("&")) return;
    const auto end = rest_.find(';');
    failed_ = end == std::string_view::npos || end > 8 || !append_entity(out, rest_.substr(0, end));
    if (!failed_) rest_.remove_prefix(end + 1);
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  for (const auto& element : children) {
    if (element.name == child_name) return &element;
  }
  return nullptr;
}

std::string_view XmlElement::text_of(std::string_view child_name) const {
  const auto* element = child(child_name);
  return element == nullptr ? std::string_view() : std::string_view(element->text);
}

Result<XmlElement> parse_xml(std::string_view document) {
  return Reader(document).document();
}

}  // namespace owl::storage
