#include "config/conninfo.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace owl::config {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

bool is_secret(std::string_view keyword) {
  return keyword == "password" || keyword == "sslpassword";
}

/// Reads keyword after keyword as libpq's own parser does.
class TermReader {
 public:
  explicit TermReader(std::string_view rest) : rest_(rest) {}

  struct Term {
    std::string keyword, value;
  };

  std::optional<Term> next() {
    skip_blanks();
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Term term{std::string(trim(rest_.substr(0, equals))), {}};
    rest_.remove_prefix(equals + 1);
    skip_blanks();
    term.value = read_value();
    return term;
  }

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

  std::string read_value() {
    const bool quoted = rest_.starts_with('\'');
    if (quoted) rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty()) {
      char c = rest_.front();
      if (quoted ? c == '\'' : blanks.find(c) != std::string_view::npos) break;
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
};

/// Undoes %41; what is no such thing stays.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    const bool coded =
        text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    out += coded ? static_cast<char>(byte) : text[i];
    if (coded) i += 2;
  }
  return out;
}

/// user:password@ in front of the host, and password= among the parameters.
std::vector<std::string> url_secrets(std::string_view rest) {
  std::vector<std::string> secrets;
  const auto question = rest.find('?');
  const auto authority = rest.substr(0, std::min(rest.find('/'), question));
  const auto user = authority.substr(0, std::min(authority.rfind('@'), authority.size()));
  const auto colon = user.find(':');
  if (user.size() < authority.size() && colon != std::string_view::npos) secrets.emplace_back(user.substr(colon + 1));
  if (question != std::string_view::npos) {
    for (const auto parameter : split(rest.substr(question + 1), '&')) {
      const auto equals = parameter.find('=');
      if (equals != std::string_view::npos && is_secret(parameter.substr(0, equals))) {
        secrets.emplace_back(parameter.substr(equals + 1));
      }
    }
  }
  for (std::size_t i = secrets.size(); i-- > 0;) secrets.push_back(percent_decoded(secrets[i]));
  return secrets;
}

}  // namespace

std::string conninfo_term(std::string_view keyword, std::string_view value) {
  static constexpr std::string_view needs_quotes = " \t\r\n\f\v'\\";
  std::string out(keyword);
  out += '=';
  if (!value.empty() && value.find_first_of(needs_quotes) == std::string_view::npos) return out.append(value);
  out += '\'';
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + '\'';
}

std::vector<std::string> conninfo_secrets(std::string_view connection) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (connection.starts_with(scheme)) return url_secrets(connection.substr(scheme.size()));
  }
  std::vector<std::string> secrets;
  TermReader reader(connection);
  while (auto term = reader.next()) {
    if (is_secret(term->keyword) && !term->value.empty()) secrets.push_back(std::move(term->value));
  }
  return secrets;
}

}  // namespace owl::config
