#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace owl {

/// Metrics in Prometheus' text format (version 0.0.4), as node_exporter's textfile collector reads it: each family with
/// its help and type once, its samples behind it. One thread.
class PrometheusText {
 public:
  enum class Type { gauge, counter };
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a family; counters end in _total. Names are [a-zA-Z_:][a-zA-Z0-9_:]*, which is checked (a bug otherwise).
  void family(std::string_view name, Type type, std::string_view help);
  /// A sample of the family that was begun last.
  void sample(double value, Labels labels = {});
  /// A family with one sample.
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, double value);

  const std::string& text() const { return text_; }

 private:
  std::string text_, family_;
};

}  // namespace owl
