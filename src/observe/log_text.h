#pragma once

#include <span>
#include <string>
#include <string_view>

#include "observe/log.h"

namespace owl::detail {

/// The pure half of the log: from a message and its fields to the text of one line. Whatever stands in them, the line
/// stays one line: control characters, invalid UTF-8 and the marks that turn the direction of text are escaped.

/// Replaces every occurrence of a secret by ***, also where all or some of its letters are percent-encoded (either
/// case, and + for a space). Overlapping finds become one.
std::string redact(std::string_view text, std::span<const Secret> secrets);

/// Free text for people: as it is, but for what could start a new line or command a terminal.
std::string escape_text(std::string_view text);
/// A field's value for people: quoted where its end could be misread.
std::string quote_value(std::string_view value);
/// With the quotation marks; always valid UTF-8.
std::string json_string(std::string_view text);

/// `message key=value …`
std::string text_payload(std::string_view message, std::span<const LogField> fields);
/// `"message":"…","key":"…"`: the inside of an object that the caller opens and closes. A field that bears one of the
/// line's own names (time, level, message) gets a trailing underscore.
std::string json_payload(std::string_view message, std::span<const LogField> fields);

}  // namespace owl::detail
