#pragma once

#include <vector>

#include "app/invocation.h"
#include "codec/json.h"
#include "repository/head_survey.h"

namespace owl::app {

/// Holds every source in every store against what this host remembers and against the other stores, and warns of each
/// divergence.
std::vector<repository::SurveyedSource> survey_stores(Invocation& in, const crypto::HostKeys& keys);

/// What this host remembers; a warning where the file is damaged.
repository::HeadFile read_heads(Invocation& in);

/// The newest of each source in each store, as reports carry it away.
codec::Json heads_json(const std::vector<repository::SurveyedSource>& sources);
codec::Json divergences_json(const std::vector<repository::SurveyedSource>& sources);

}  // namespace owl::app
