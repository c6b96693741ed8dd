#include "app/heads_view.h"

namespace owl::app {

using codec::Json;

repository::HeadFile read_heads(Invocation& in) {
  repository::HeadFile heads(in.settings().state.directory / "heads.json");
  if (heads.damaged()) {
    in.monitor().warning(
        "heads.json in the state directory is damaged: what this host remembered of the stores is lost");
  }
  return heads;
}

std::vector<repository::SurveyedSource> survey_stores(Invocation& in, const crypto::HostKeys& keys) {
  const auto heads = read_heads(in);
  const auto listed = repository::list_backups(in.stores(), {}, in.stop());
  auto sources = repository::survey_heads(in.stores(), keys, listed, heads, in.stop());
  for (const auto& source : sources) {
    for (const auto& divergence : source.divergences) in.monitor().warning(repository::to_text(divergence));
  }
  return sources;
}

Json heads_json(const std::vector<repository::SurveyedSource>& sources) {
  Json document = Json::array();
  for (const auto& surveyed : sources) {
    Json stores = Json::array();
    for (const auto& shown : surveyed.stores) {
      stores.push(Json()
                      .set("store", shown.store)
                      .set("backups", shown.manifests.size())
                      .set("head", shown.newest ? Json(repository::to_text(*shown.newest)) : Json()));
    }
    document.push(
        Json().set("kind", surveyed.source.kind).set("name", surveyed.source.name).set("stores", std::move(stores)));
  }
  return document;
}

Json divergences_json(const std::vector<repository::SurveyedSource>& sources) {
  Json document = Json::array();
  for (const auto& surveyed : sources) {
    for (const auto& divergence : surveyed.divergences) {
      Json lost = Json::array();
      for (const auto& [key, number] : divergence.lost) lost.push(Json().set("number", number).set("manifest", key));
      document.push(Json()
                        .set("kind", repository::to_text(divergence.kind))
                        .set("store", divergence.store)
                        .set("source", divergence.source)
                        .set("lost", std::move(lost))
                        .set("behind", divergence.behind)
                        .set("message", repository::to_text(divergence)));
    }
  }
  return document;
}

}  // namespace owl::app
