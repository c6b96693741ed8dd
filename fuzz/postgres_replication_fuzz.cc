// What a server sends over the replication protocol, and its setting synchronous_standby_names.

#include "base/check.h"
#include "postgres/replication_message.h"
#include "postgres/standby_names.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto message = postgres::parse_replication_message(bytes)) {
    if (const auto* wal = std::get_if<postgres::WalDataMessage>(&*message)) {
      OWL_CHECK(wal->wal.size() + 25 == size, "a message has WAL and its head");
    }
  }
  const auto text = as_text(bytes);
  const bool named = postgres::names_synchronous_standby(text, "owlbackup_1");
  // One more name can only add to them, unless it stands inside quotes.
  if (text.find('"') == std::string_view::npos) {
    OWL_CHECK(postgres::names_synchronous_standby(std::string(text) + ",owlbackup_1", "owlbackup_1"), "it is named");
    OWL_CHECK(!named || postgres::names_synchronous_standby(std::string(text) + ",b", "owlbackup_1"), "it still is");
  }
  return 0;
}
