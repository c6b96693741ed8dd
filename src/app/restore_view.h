#pragma once

#include <filesystem>

#include "app/output.h"
#include "cluster/restore.h"
#include "cluster/start.h"
#include "codec/json.h"

namespace owl::app {

/// What a restore is going to do, for people and for scripts.
void say_plan(Output& out, const cluster::RecoveryPlan& plan, const cluster::RestoreSize& size);
/// What a restore onto an old directory found there; nothing for others.
void say_delta(Output& out, const cluster::RestoreSize& size);
/// Which databases are only there by name, and how to be rid of them.
void say_left_out(Output& out, const cluster::RestoreScope& scope);
codec::Json left_out_json(const cluster::RestoreScope& scope);
codec::Json plan_json(const cluster::RecoveryPlan& plan, const cluster::RestoreSize& size);

/// Where the recovery of a server that was started came to rest, and how it goes on from there; adds it to `document`.
void say_outcome(Output& out, const cluster::RestoredServer& server, const cluster::RecoveryPlan& plan,
                 const std::filesystem::path& data_directory, codec::Json& document);

}  // namespace owl::app
