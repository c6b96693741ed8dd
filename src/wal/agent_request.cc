#include "wal/agent_request.h"

#include "postgres/types.h"

namespace owl::wal {
namespace {

constexpr std::string_view ping = "ping", stop = "stop", fetch = "fetch ";

}  // namespace

std::string to_text(const AgentRequest& request) {
  switch (request.kind) {
    case AgentRequest::Kind::ping:
      return std::string(ping);
    case AgentRequest::Kind::stop:
      return std::string(stop);
    case AgentRequest::Kind::fetch:
      return std::string(fetch) + request.file_name;
  }
  return {};
}

Result<AgentRequest> parse_agent_request(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  if (line == ping) return AgentRequest{AgentRequest::Kind::ping};
  if (line == stop) return AgentRequest{AgentRequest::Kind::stop};
  if (!line.starts_with(fetch)) return bad_format("the request makes no sense");
  auto name = postgres::parse_wal_file_name(line.substr(fetch.size()));
  if (!name) return tl::unexpected(name.error());
  return AgentRequest{AgentRequest::Kind::fetch, std::move(name->text)};
}

}  // namespace owl::wal
