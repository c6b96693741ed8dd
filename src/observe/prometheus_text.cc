#include "observe/prometheus_text.h"

#include <fmt/core.h>

#include <cmath>

#include "base/check.h"

namespace owl {
namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:", digits = "0123456789";
  if (name.empty() || first.find(name.front()) == std::string_view::npos) return false;
  for (const char c : name) {
    if (first.find(c) == std::string_view::npos && digits.find(c) == std::string_view::npos) return false;
  }
  return true;
}

/// In help a backslash and a line's end are escaped, in a label's value a quotation mark, too.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace

void PrometheusText::family(std::string_view name, Type type, std::string_view help) {
  OWL_CHECK(is_name(name), "a metric's name");
  OWL_CHECK(type != Type::counter || name.ends_with("_total"), "a counter's name");
  family_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                       type == Type::counter ? "counter" : "gauge");
}

void PrometheusText::sample(double value, Labels labels) {
  text_ += family_;
  std::string_view before = "{";
  for (const auto& [label, content] : labels) {
    OWL_CHECK(is_name(label), "a label's name");
    text_ += fmt::format("{}{}=\"{}\"", before, label, escaped(content, true));
    before = ",";
  }
  if (labels.size() > 0) text_ += '}';
  text_ += fmt::format(" {}\n", number(value));
}

void PrometheusText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, Type::gauge, help);
  sample(value);
}

void PrometheusText::counter(std::string_view name, std::string_view help, double value) {
  family(name, Type::counter, help);
  sample(value);
}

}  // namespace owl
