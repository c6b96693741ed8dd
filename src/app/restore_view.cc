#include "app/restore_view.h"

#include <fmt/core.h>

#include "base/units.h"

namespace owl::app {

using codec::Json;
using Outcome = cluster::RestoredServer::Outcome;

Json plan_json(const cluster::RecoveryPlan& plan, const cluster::RestoreSize& size) {
  Json out;
  out.set("backup", plan.base.loaded.path)
      .set("target", cluster::to_text(plan.target))
      .set("timeline", plan.path.target());
  out.set("wal_segments", plan.segments.size()).set("files", size.files).set("plain_bytes", size.plain_bytes);
  out.set("fetch_bytes", size.fetch_bytes).set("packs", size.packs);
  out.set("kept_bytes", size.kept_bytes);
  if (size.wal_aside) out.set("wal_aside", size.wal_aside->string());
  if (plan.stop_lsn) out.set("stop_lsn", postgres::to_text(*plan.stop_lsn));
  if (plan.stop_time) out.set("stop_time", to_iso(*plan.stop_time));
  return out;
}

void say_plan(Output& out, const cluster::RecoveryPlan& plan, const cluster::RestoreSize& size) {
  out.say(fmt::format("Target        {}", cluster::to_text(plan.target)));
  out.say(
      fmt::format("Base backup   {} (finished {})", plan.base.loaded.path, to_iso(plan.base.loaded.manifest.finished)));
  out.say(fmt::format("Data          {} in {} files; {} to fetch from {} packs", format_bytes(size.plain_bytes),
                      size.files, format_bytes(size.fetch_bytes), size.packs));
  if (size.kept_bytes > 0) out.say(fmt::format("In place      {}", format_bytes(size.kept_bytes)));
  out.say(fmt::format("WAL           {} segments to replay on timeline {}", plan.segments.size(), plan.path.target()));
  if (plan.stop_lsn) out.say(fmt::format("Stops at      LSN {}", postgres::to_text(*plan.stop_lsn)));
}

void say_delta(Output& out, const cluster::RestoreSize& size) {
  if (size.kept_bytes > 0) {
    out.say(fmt::format("{} were in place already; {} were fetched", format_bytes(size.kept_bytes),
                        format_bytes(size.fetch_bytes)));
  }
  if (size.wal_aside) {
    out.say(fmt::format(
        "WAL that this directory had and no store has is kept in {}. It may hold the last transactions: before "
        "the server is started, it can be moved one folder up to be replayed. Remove it when nobody wants it.",
        size.wal_aside->string()));
  }
}

void say_left_out(Output& out, const cluster::RestoreScope& scope) {
  if (scope.left_out().empty()) return;
  out.say("Left out, and not to be connected to:");
  for (const auto& database : scope.left_out()) {
    out.say(fmt::format("  {}", database.name));
  }
  out.say("Once the server runs, DROP DATABASE removes what is left of each.");
}

Json left_out_json(const cluster::RestoreScope& scope) {
  Json out = Json::array();
  for (const auto& database : scope.left_out()) out.push(database.name);
  return out;
}

namespace {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::opened:
      return "opened";
    case Outcome::paused:
      return "paused";
    case Outcome::shut_down:
      return "shut_down";
  }
  return {};
}

void say_paused(Output& out, const cluster::RestoredServer& server, const std::filesystem::path& settings) {
  const auto transaction =
      server.last_transaction.empty() ? std::string() : ", after the transaction of " + server.last_transaction;
  out.say(
      fmt::format("Paused at LSN {}{}, read-only. `SELECT pg_wal_replay_resume()` ends recovery there and opens the "
                  "cluster; to go further, stop the server, move the target in {} and start it again.",
                  postgres::to_text(server.reached), transaction, settings.string()));
}

void say_shut_down(Output& out, const std::filesystem::path& settings, int major,
                   const std::filesystem::path& data_directory) {
  out.say(
      fmt::format("Recovery reached its target, and the server shut itself down there. To go on, set "
                  "recovery_target_action in {} to 'promote' (opens the cluster) or 'pause' (lets you look first), "
                  "then start PostgreSQL {} on {}. Left as it is, it shuts down again at once.",
                  settings.string(), major, data_directory.string()));
}

}  // namespace

void say_outcome(Output& out, const cluster::RestoredServer& server, const cluster::RecoveryPlan& plan,
                 const std::filesystem::path& data_directory, Json& document) {
  const auto settings = data_directory / "postgresql.auto.conf";
  document.set("outcome", name_of(server.outcome));
  if (server.outcome != Outcome::opened) document.set("reached_lsn", postgres::to_text(server.reached));
  if (server.outcome == Outcome::shut_down) {
    return say_shut_down(out, settings, postgres::major_version(plan.base.details.version), data_directory);
  }
  if (server.outcome == Outcome::paused) say_paused(out, server, settings);
  out.say(fmt::format("Running: psql \"{}\"", server.process.conninfo()));
  document.set("connection", server.process.conninfo());
}

}  // namespace owl::app
