#include "codec/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"

namespace owl::codec {
namespace {

constexpr std::size_t max_depth = 64;

/// Quotes and escapes; bytes that are no UTF-8 become U+FFFD.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The shortest digits that read back as the same double. JSON has no infinities: they become null.
std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value);
  OWL_CHECK(error == std::errc(), "a double needs more than 32 characters");
  std::string text(digits.begin(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // or it would come back as an integer
  return text;
}

void start_line(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

/// Builds the document from the events of nlohmann's parser, which itself does not recurse: depth costs nothing until
/// it is refused here.
class Builder {
 public:
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // not in text
  bool start_object(std::size_t) { return open({.is_object = true}); }
  bool start_array(std::size_t) { return open({.is_object = false}); }
  bool end_object() { return add(Json::object(pop().members)); }
  bool end_array() { return add(pop().elements); }
  bool key(std::string& name) {
    open_.back().next_name = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = "not JSON: unexpected text at byte " + std::to_string(position);
    return false;
  }

  Json result;
  const std::string& error() const { return error_; }

 private:
  struct Level {
    bool is_object;
    Json::Array elements = {};
    Json::Object members = {};
    std::string next_name = {};  // of the member whose value comes next
  };

  bool open(Level level) {
    if (open_.size() == max_depth) {
      error_ = "JSON nested deeper than " + std::to_string(max_depth);
      return false;
    }
    open_.push_back(std::move(level));
    return true;
  }
  Level pop() {
    Level level = std::move(open_.back());
    open_.pop_back();
    return level;
  }
  bool add(Json value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (Level& parent = open_.back(); parent.is_object) {
      parent.members.emplace_back(std::move(parent.next_name), std::move(value));
    } else {
      parent.elements.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Level> open_;
  std::string error_;
};

}  // namespace

Json Json::object() {
  return object({});
}
Json Json::object(Object members) {
  Json json;
  json.value_ = std::make_shared<Object>(std::move(members));
  return json;
}

namespace {
/// The last one of that name: a parsed text may hold several.
template <typename Members>
auto find_member(Members& members, std::string_view name) {
  return std::find_if(members.rbegin(), members.rend(), [&](const auto& member) { return member.first == name; });
}
}  // namespace

Json::Object& Json::own_object() {
  if (is_null()) value_ = std::make_shared<Object>();
  auto* const shared = std::get_if<std::shared_ptr<Object>>(&value_);
  OWL_CHECK(shared != nullptr, "a member was set on a JSON value that is no object");
  if (shared->use_count() > 1) *shared = std::make_shared<Object>(**shared);
  return **shared;
}

Json& Json::set(std::string_view name, Json value) {
  Object& members = own_object();
  if (const auto found = find_member(members, name); found != members.rend()) {
    found->second = std::move(value);
  } else {
    members.emplace_back(std::string(name), std::move(value));
  }
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  auto* const elements = std::get_if<Array>(&value_);
  OWL_CHECK(elements != nullptr, "an element was added to a JSON value that is no array");
  elements->push_back(std::move(value));
  return *this;
}

bool Json::is_null() const {
  return std::holds_alternative<std::nullptr_t>(value_);
}

const Json& Json::operator[](std::string_view name) const {
  static const Json null;
  const Object* const members = as_object();
  if (members == nullptr) return null;
  const auto found = find_member(*members, name);
  return found == members->rend() ? null : found->second;
}

const Json::Array* Json::as_array() const {
  return std::get_if<Array>(&value_);
}
const Json::Object* Json::as_object() const {
  const auto* const shared = std::get_if<std::shared_ptr<Object>>(&value_);
  return shared == nullptr ? nullptr : shared->get();
}
const std::string* Json::as_string() const {
  return std::get_if<std::string>(&value_);
}

std::string Json::text_or(std::string_view otherwise) const {
  const std::string* const text = as_string();
  return text == nullptr ? std::string(otherwise) : *text;
}
std::int64_t Json::integer_or(std::int64_t otherwise) const {
  const auto* const value = std::get_if<std::int64_t>(&value_);
  return value == nullptr ? otherwise : *value;
}
std::uint64_t Json::unsigned_or(std::uint64_t otherwise) const {
  if (const auto* const large = std::get_if<std::uint64_t>(&value_)) return *large;
  const auto* const value = std::get_if<std::int64_t>(&value_);
  return value == nullptr || *value < 0 ? otherwise : static_cast<std::uint64_t>(*value);
}
double Json::number_or(double otherwise) const {
  if (const auto* const value = std::get_if<double>(&value_)) return *value;
  if (const auto* const value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* const value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
  return otherwise;
}
bool Json::bool_or(bool otherwise) const {
  const bool* const value = std::get_if<bool>(&value_);
  return value == nullptr ? otherwise : *value;
}

namespace {

/// Writes `[a, b]` or `{"k": v}`: `write_item(item)` writes what stands between the commas.
template <typename Items, typename WriteItem>
void write_list(std::string& out, std::string_view brackets, const Items& items, int indent, int depth,
                WriteItem write_item) {
  out += brackets[0];
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) out += ",";
    start_line(out, indent, depth + 1);
    write_item(item);
  }
  if (!first) start_line(out, indent, depth);
  out += brackets[1];
}

}  // namespace

void Json::write(std::string& out, int indent, int depth) const {
  if (const auto* const flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else if (const auto* const integer = std::get_if<std::int64_t>(&value_)) {
    out += std::to_string(*integer);
  } else if (const auto* const large = std::get_if<std::uint64_t>(&value_)) {
    out += std::to_string(*large);
  } else if (const auto* const number = std::get_if<double>(&value_)) {
    out += number_text(*number);
  } else if (const auto* const text = as_string()) {
    out += quoted(*text);
  } else if (const auto* const elements = as_array()) {
    write_list(out, "[]", *elements, indent, depth,
               [&](const Json& element) { element.write(out, indent, depth + 1); });
  } else if (const auto* const members = as_object()) {
    write_list(out, "{}", *members, indent, depth, [&](const auto& member) {
      out += quoted(member.first) + (indent < 0 ? ":" : ": ");
      member.second.write(out, indent, depth + 1);
    });
  } else {
    out += "null";
  }
}

std::string Json::dump(int indent) const {
  std::string out;
  write(out, indent, 0);
  return out;
}

Result<Json> Json::parse(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) {
    return bad_format(builder.error().empty() ? "not JSON" : builder.error());
  }
  return std::move(builder.result);
}

}  // namespace owl::codec
