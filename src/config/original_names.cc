#include "config/original_names.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "config/conninfo.h"
#include "config/env_names.h"
#include "config/option.h"

namespace owl::config {
namespace {

OriginalName plain(std::string variable, std::string key, std::string help = {}) {
  return {.variable = std::move(variable), .key = std::move(key), .help = std::move(help)};
}

OriginalName postgres(std::string variable, std::string keyword, std::string help = {}) {
  if (help.empty()) help = fmt::format("`{}` of the connection.", keyword);
  return {.variable = std::move(variable),
          .key = "postgres.connection",
          .help = std::move(help),
          .form = OriginalForm::conninfo,
          .keyword = std::move(keyword)};
}

OriginalName in_form(OriginalForm form, std::string variable, std::string key, std::string help) {
  return {.variable = std::move(variable), .key = std::move(key), .help = std::move(help), .form = form};
}

OriginalName implied(OriginalName row) {
  row.implied = true;
  return row;
}

std::vector<OriginalName> postgres_names() {
  return {
      postgres("PGHOST", "host", "The server's host or socket folder."),
      postgres("PGHOSTADDR", "hostaddr"),
      postgres("PGPORT", "port", "The server's port."),
      postgres("PGUSER", "user", "The role that makes backups."),
      postgres("PGPASSWORD", "password", "Its password; file:PATH keeps it out of this file."),
      postgres("PGPASSFILE", "passfile"),
      postgres("PGDATABASE", "dbname", "The database to connect to."),
      postgres("PGSERVICE", "service"),
      postgres("PGOPTIONS", "options"),
      postgres("PGCONNECT_TIMEOUT", "connect_timeout"),
      postgres("PGSSLMODE", "sslmode"),
      postgres("PGSSLROOTCERT", "sslrootcert"),
      postgres("PGSSLCERT", "sslcert"),
      postgres("PGSSLKEY", "sslkey"),
      postgres("PGSSLCRL", "sslcrl"),
      postgres("PGSSLCRLDIR", "sslcrldir"),
      postgres("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
      postgres("PGREQUIREAUTH", "require_auth"),
      postgres("PGREQUIREPEER", "requirepeer"),
      postgres("PGKRBSRVNAME", "krbsrvname"),
      postgres("PGCHANNELBINDING", "channel_binding"),
      postgres("PGGSSENCMODE", "gssencmode"),
      postgres("PGTARGETSESSIONATTRS", "target_session_attrs"),
      plain("PGDATA", "postgres.data_directory", "The server's data directory, where it is on this host."),
  };
}

std::vector<OriginalName> storage_names() {
  return {
      in_form(OriginalForm::bucket, "R2_BUCKET_PRIMARY", "storage.primary.url", "bucket or bucket/prefix."),
      in_form(OriginalForm::bucket, "R2_BUCKET_SECONDARY", "storage.secondary.url", "bucket or bucket/prefix."),
      implied(
          in_form(OriginalForm::endpoint, "R2_ENDPOINT", "storage.primary.endpoint", "The S3 server of both buckets.")),
      implied(plain("AWS_REGION", "storage.primary.region", "The region of both buckets; `auto` unless set.")),
      implied(plain("AWS_DEFAULT_REGION", "storage.primary.region", "The same; the later of the two lines counts.")),
      implied(plain("AWS_ACCESS_KEY_ID", "storage.primary.access_key_id", "The key of both buckets.")),
      implied(plain("AWS_SECRET_ACCESS_KEY", "storage.primary.secret_access_key", "Its secret.")),
      implied(plain("AWS_SESSION_TOKEN", "storage.primary.session_token", "The token of a temporary key.")),
      in_form(OriginalForm::commas, "GPG_RECIPIENT", "encryption.recipients",
              "Whose key opens the backups; several are separated by commas."),
      plain("GNUPGHOME", "encryption.gpg_home", "GnuPG's folder."),
      in_form(OriginalForm::paths, "ASSET_PATHS", "files.assets.paths",
              "The file trees to back up, separated by commas, colons or blanks."),
  };
}

std::vector<OriginalName> alert_names() {
  return {
      plain("SLACK_WEBHOOK_URL", "alerts.slack.webhook_url", "The incoming webhook of a Slack channel."),
      in_form(OriginalForm::addresses, "ALERT_EMAIL_TO", "alerts.email.to", "Who gets mail."),
      plain("ALERT_EMAIL_FROM", "alerts.email.from", "Who it comes from; the first receiver unless set."),
      plain("SMTP_URL", "alerts.email.smtp_url", "The mail server: smtps://user:password@host."),
      plain("PAGERDUTY_ROUTING_KEY", "alerts.pagerduty.routing_key", "The integration key of a PagerDuty service."),
      plain("TRELLO_KEY", "alerts.trello.key", "Trello's API key."),
      plain("TRELLO_TOKEN", "alerts.trello.token", "Trello's API token."),
      plain("TRELLO_CARD_ID", "alerts.trello.card", "The card to comment on."),
  };
}

std::vector<OriginalName> retention_names() {
  return {
      plain("RETENTION_HOURLY", "retention.files_hourly", "Hourly file backups to keep."),
      plain("RETENTION_DAILY", "retention.daily", "Daily backups to keep."),
      plain("RETENTION_WEEKLY", "retention.weekly", "Weekly backups to keep."),
      plain("RETENTION_MONTHLY", "retention.monthly", "Monthly backups to keep."),
      plain("RETENTION_WAL_DAYS", "retention.wal_days", "Days of point-in-time recovery."),
  };
}

std::vector<std::string> split_by(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (true) {
    const auto at = text.find_first_of(separators);
    if (const auto part = trim(text.substr(0, at)); !part.empty()) parts.emplace_back(part);
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// "/a,/b", "/a:/b" and "/a /b" are two paths; "/srv/my assets" is one.
std::vector<std::string> paths_in(std::string_view text) {
  if (text.find(',') != std::string_view::npos) return split_by(text, ",");
  auto parts = split_by(text, ": \t");
  const bool all_absolute = std::ranges::all_of(parts, [](const auto& part) { return part.starts_with('/'); });
  return all_absolute ? parts : std::vector<std::string>{std::string(text)};
}

/// "a@x, b@x" and "a@x b@x" are two; "Backups <a@x>" is one.
std::vector<std::string> addresses_in(std::string_view text) {
  auto parts = split_by(text, ",; \t");
  const bool bare = std::ranges::none_of(parts, [](const auto& part) { return part.find('<') != std::string::npos; });
  return bare ? parts : split_by(text, ",;");
}

Value list_of(std::vector<std::string> items) {
  return {.kind = ValueKind::list, .text = {}, .list = std::move(items)};
}

Value translated(OriginalForm form, const std::string& value) {
  const bool has_scheme = value.find("://") != std::string::npos;
  switch (form) {
    case OriginalForm::bucket:
      return loose(has_scheme ? value : "s3://" + value);
    case OriginalForm::endpoint:
      return loose(has_scheme ? value : "https://" + value);
    case OriginalForm::paths:
      return list_of(paths_in(value));
    case OriginalForm::commas:
      return list_of(split_by(value, ","));
    case OriginalForm::addresses:
      return list_of(addresses_in(value));
    case OriginalForm::same:
    case OriginalForm::conninfo:
      break;
  }
  return loose(value);
}

bool is_reference(std::string_view value) {
  return value.starts_with("env:") || value.starts_with("file:");
}

/// Turns the variables of one file into keys.
class Translator {
 public:
  Translator(const std::filesystem::path& file, const Variables& references) : file_(file), references_(references) {}

  void add(const EnvVariable& variable) {
    const auto row = std::ranges::find(original_names(), variable.name, &OriginalName::variable);
    if (row != original_names().end()) {
      add_original(*row, variable);
    } else if (auto key = key_of_variable(variable.name)) {
      add_given(std::move(*key), loose(variable.value), variable, false);
    } else {
      check_near_miss(fmt::format("{}:{}", file_.native(), variable.line), variable.name);
    }
  }

  std::vector<Given> take() { return std::move(given_); }

 private:
  void add_original(const OriginalName& row, const EnvVariable& variable) {
    if (variable.value.empty()) return;
    if (row.form == OriginalForm::conninfo) return add_term(row, variable);
    auto value = is_reference(variable.value) ? loose(variable.value) : translated(row.form, variable.value);
    add_given(row.key, std::move(value), variable, row.implied);
  }

  void add_term(const OriginalName& row, const EnvVariable& variable) {
    Given term = given(row.key, loose(variable.value), variable);
    resolve_references(term, references_, false);
    const auto text = conninfo_term(row.keyword, term.value.text);
    const auto connection = std::ranges::find(given_, row.key, &Given::key);
    if (connection == given_.end()) {
      term.value = loose(text);
      term.reference.clear();
      given_.push_back(std::move(term));
    } else {
      connection->value.text += " " + text;
    }
  }

  void add_given(std::string key, Value value, const EnvVariable& variable, bool is_implied) {
    given_.push_back(given(std::move(key), std::move(value), variable));
    given_.back().implied = is_implied;
  }

  Given given(std::string key, Value value, const EnvVariable& variable) const {
    return {.key = std::move(key),
            .value = std::move(value),
            .place = fmt::format("{}:{} ({})", file_.native(), variable.line, variable.name),
            .folder = file_.parent_path()};
  }

  const std::filesystem::path& file_;
  const Variables& references_;
  std::vector<Given> given_;
};

}  // namespace

const std::vector<OriginalName>& original_names() {
  static const std::vector<OriginalName> table = [] {
    std::vector<OriginalName> all;
    for (auto* group : {postgres_names, storage_names, alert_names, retention_names}) {
      for (auto& row : group()) all.push_back(std::move(row));
    }
    return all;
  }();
  return table;
}

std::vector<Given> translate_env_file(const std::vector<EnvVariable>& variables, const std::filesystem::path& file,
                                      const Variables& references) {
  Translator translator(file, references);
  for (const auto& variable : variables) translator.add(variable);
  return translator.take();
}

}  // namespace owl::config
