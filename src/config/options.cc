// Every option of the configuration, once. The order is that of docs/configuration.md.

#include <charconv>

#include "base/units.h"
#include "config/location.h"
#include "config/option_kinds.h"

namespace owl::config {
namespace {

std::string wrong_acknowledge(const std::string& text) {
  if (text == "any" || text == "all") return {};
  unsigned stores = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), stores);
  if (error == std::errc{} && end == text.data() + text.size() && stores > 0) return {};
  return "it must be any, all or a number of stores from 1";
}

std::string wrong_slot_name(const std::string& text) {
  constexpr std::size_t longest = 63;
  const bool fits = !text.empty() && text.size() <= longest &&
                    text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return fits ? "" : "a slot's name has lower-case letters, digits and underscores, 63 at most";
}

constexpr Range count{0, 100'000};

std::vector<Option> general_options() {
  return {
      text("name", at(&Settings::name), "The set-up's name in metrics, alerts and paths."),
      text("postgres.connection", at(&Settings::postgres, &PostgresSettings::connection),
           "How to reach the server, in libpq's own syntax: keywords and values, or a postgresql:// URL."),
      text("postgres.primary", at(&Settings::postgres, &PostgresSettings::primary),
           "For `backup cluster --from-standby`: how to reach the standby's primary, likewise. It is asked for a "
           "checkpoint before the backup, and to end its WAL segment behind it."),
      absolute_path("postgres.data_directory", at(&Settings::postgres, &PostgresSettings::data_directory),
                    "Where the server's files are on this host. Left out, base backups stream over the replication "
                    "protocol."),
      absolute_path("postgres.bin_directory", at(&Settings::postgres, &PostgresSettings::bin_directory),
                    "Where `postgres`, `initdb` and `pg_dump` are.")
          .defaults_to("searched"),
  };
}

std::vector<Option> files_options() {
  return {
      list("files.NAME.paths", in_files(&FilesSettings::paths), "The file trees that are backed up together.")
          .checked([](const std::string& path) {
            return path.starts_with('/') ? std::string() : std::string("the path must be absolute");
          })
          .defaults_to("required"),
      list("files.NAME.exclude", in_files(&FilesSettings::exclude),
           "What to leave out: names and patterns as in .gitignore."),
  };
}

std::vector<Option> store_place_options() {
  return {
      url("storage.NAME.url", in_storage(&StorageSettings::url),
          "s3://bucket/prefix or file:///absolute/path. `storage.primary` comes first, then the file's order.")
          .checked(wrong_store_url)
          .hinted("Write s3://bucket/prefix, or file:///path with three slashes.")
          .defaults_to("required"),
      url("storage.NAME.endpoint", in_storage(&StorageSettings::endpoint),
          "The S3 server: https://host[:port]. A store that gives neither endpoint nor region takes both, with "
          "addressing and the TLS settings, from `storage.primary`.")
          .checked(wrong_endpoint)
          .hinted("Write https://ACCOUNT.r2.cloudflarestorage.com, for instance.")
          .defaults_to("AWS's for the region"),
      text("storage.NAME.region", in_storage(&StorageSettings::region), "The S3 region; `auto` on Cloudflare R2."),
      secret("storage.NAME.access_key_id", in_storage(&StorageSettings::access_key_id),
             "A store without keys takes those of `storage.primary`, else AWS_ACCESS_KEY_ID and "
             "AWS_SECRET_ACCESS_KEY of the environment."),
      secret("storage.NAME.secret_access_key", in_storage(&StorageSettings::secret_access_key),
             "Best given as env:NAME or file:PATH."),
      secret("storage.NAME.session_token", in_storage(&StorageSettings::session_token),
             "The token that comes with temporary keys."),
      choice("storage.NAME.addressing", in_storage(&StorageSettings::addressing), {"auto", "path", "host"},
             "Where the bucket's name goes: into the path or the host name. `auto`: the host on amazonaws.com, the "
             "path elsewhere."),
  };
}

std::vector<Option> store_transport_options() {
  return {
      absolute_path("storage.NAME.ca_file", in_storage(&StorageSettings::ca_file),
                    "Certificate authorities to trust, in PEM, in place of the system's."),
      choice("storage.NAME.tls_min", in_storage(&StorageSettings::tls_min), {"1.2", "1.3"},
             "The oldest TLS version that is accepted."),
      flag("storage.NAME.allow_plain_http", in_storage(&StorageSettings::allow_plain_http),
           "Allows an http:// endpoint that is not on this host. Data is sealed, but names and sizes can be seen and "
           "requests replayed."),
      duration("storage.NAME.connect_timeout", in_storage(&StorageSettings::connect_timeout),
               "How long making a connection may take."),
      duration("storage.NAME.request_timeout", in_storage(&StorageSettings::request_timeout),
               "How long one request may go without finishing."),
      number("storage.NAME.retries", in_storage(&StorageSettings::retries), {0, 100},
             "How often a request that failed for a passing reason is tried again; what writes, at least twice."),
      number("storage.NAME.connections", in_storage(&StorageSettings::connections), {1, 256},
             "Requests under way at once."),
      size("storage.NAME.upload_limit", in_storage(&StorageSettings::upload_limit), 0,
           "Bytes a second at most; 0: no limit."),
      size("storage.NAME.download_limit", in_storage(&StorageSettings::download_limit), 0,
           "Bytes a second at most; 0: no limit."),
      text("storage.NAME.fault", in_storage(&StorageSettings::fault), "Faults to inject. For tests only."),
  };
}

std::vector<Option> encryption_options() {
  const auto in = [](auto member) { return at(&Settings::encryption, member); };
  return {
      choice("encryption.mode", in(&EncryptionSettings::mode), {"openpgp", "passphrase", "none"},
             "`openpgp` seals to recipients, so that the host that writes cannot read."),
      list("encryption.recipients", in(&EncryptionSettings::recipients),
           "Whose OpenPGP keys open the backups: addresses, key ids or fingerprints. Mode openpgp needs one."),
      secret("encryption.passphrase", in(&EncryptionSettings::passphrase),
             "For mode passphrase; left out, it is asked for on the terminal. Best given as file:PATH."),
      absolute_path("encryption.gpg_home", in(&EncryptionSettings::gpg_home), "GnuPG's folder.")
          .defaults_to("GnuPG's own"),
      text("encryption.gpg_program", in(&EncryptionSettings::gpg_program), "The name or path of GnuPG."),
  };
}

std::vector<Option> engine_options() {
  return {
      number("compression.level", at(&Settings::compression, &CompressionSettings::level), {1, 19},
             "zstd's level: higher is smaller and slower."),
      word("wal.acknowledge", at(&Settings::wal, &WalSettings::acknowledge),
           "How many stores must have a WAL segment before PostgreSQL is told that it is archived: any, all or a "
           "number.")
          .checked(wrong_acknowledge),
      duration("wal.push_timeout", at(&Settings::wal, &WalSettings::push_timeout),
               "How long archiving one segment may take before PostgreSQL is told to try again."),
      absolute_path("wal.socket", at(&Settings::wal, &WalSettings::socket),
                    "Where the WAL service listens for owl-wal; give owl-wal the same by --socket.")
          .defaults_to("wal.sock in the state directory"),
      absolute_path(
          "wal.spool", at(&Settings::wal, &WalSettings::spool),
          "A folder that takes WAL while too few stores answer, and lets PostgreSQL count it as archived. What "
          "is in it alone is lost with this host.")
          .defaults_to("none"),
      size("wal.spool_size", at(&Settings::wal, &WalSettings::spool_size), 16 * MiB, "The most that the spool holds."),
      number("wal.look_ahead", at(&Settings::wal, &WalSettings::look_ahead), {0, 1024},
             "How many files the WAL service archives before PostgreSQL asks for them."),
      duration("wal.check", at(&Settings::wal, &WalSettings::check),
               "How often the WAL service compares what the stores list with what was archived, and writes its "
               "metrics."),
      flag("wal.stream", at(&Settings::wal, &WalSettings::stream),
           "The WAL service also receives WAL over the replication protocol, so that a disaster takes seconds and not "
           "a segment. `owlbackup wal stream` does so alone."),
      duration("wal.stream_interval", at(&Settings::wal, &WalSettings::stream_interval),
               "How often what was written of the open segment is stored, while anything is: the most that a disaster "
               "takes, but for the time of one upload."),
      number("wal.open_stores", at(&Settings::wal, &WalSettings::open_stores), {1, 100},
             "How many stores get these pieces: the first that answer. Each costs a request every `stream_interval`."),
      text("wal.slot", at(&Settings::wal, &WalSettings::slot), "The replication slot to stream by.")
          .checked(wrong_slot_name),
      flag("wal.heartbeat", at(&Settings::wal, &WalSettings::heartbeat),
           "Where nobody else writes, the stream writes an empty transaction four times in each `objectives.rpo`, at "
           "most once a minute, so that any moment can be restored to."),
      flag("wal.stream_synchronous", at(&Settings::wal, &WalSettings::stream_synchronous),
           "Lets the stream be one of the server's synchronous standbys: then each commit waits for the store."),
      number("backup.workers", at(&Settings::backup, &BackupSettings::workers), {0, 1024},
             "Threads that compress and seal; 0: one for each processor."),
      size("backup.memory", at(&Settings::backup, &BackupSettings::memory), 16 * MiB, "The cap on buffers."),
      flag("backup.fast_checkpoint", at(&Settings::backup, &BackupSettings::fast_checkpoint),
           "Begin a base backup with an immediate checkpoint, rather than wait for the next one."),
      duration("backup.wal_timeout", at(&Settings::backup, &BackupSettings::wal_timeout),
               "How long a base backup waits for the WAL that makes it consistent."),
  };
}

std::vector<Option> retention_options() {
  const auto in = [](auto member) { return at(&Settings::retention, member); };
  return {
      number("retention.files_hourly", in(&RetentionSettings::files_hourly), count, "Hourly file backups to keep."),
      number("retention.daily", in(&RetentionSettings::daily), count, "Daily backups to keep."),
      number("retention.weekly", in(&RetentionSettings::weekly), count, "Weekly backups to keep."),
      number("retention.monthly", in(&RetentionSettings::monthly), count, "Monthly backups to keep."),
      number("retention.wal_days", in(&RetentionSettings::wal_days), count,
             "The window of point-in-time recovery; WAL is kept longer where a backup needs it."),
  };
}

std::vector<Option> schedule_options() {
  const auto in = [](auto member) { return at(&Settings::schedule, member); };
  return {
      cron("schedule.files", in(&ScheduleSettings::files), "When the file trees are backed up."),
      cron("schedule.daily", in(&ScheduleSettings::daily), "When the daily set runs."),
      cron("schedule.weekly", in(&ScheduleSettings::weekly), "When the weekly set runs."),
      cron("schedule.monthly", in(&ScheduleSettings::monthly), "When the monthly set runs."),
      cron("schedule.expire", in(&ScheduleSettings::expire), "When retention is applied."),
      cron("schedule.verify", in(&ScheduleSettings::verify), "When stored objects are verified."),
      cron("schedule.restore_test", in(&ScheduleSettings::restore_test), "When a backup is restored as a proof."),
      cron("schedule.daily_report", in(&ScheduleSettings::daily_report), "When the daily report is sent."),
  };
}

std::vector<Option> alert_options() {
  const auto email = [](auto member) { return at(&Settings::alerts, &AlertSettings::email, member); };
  const auto trello = [](auto member) { return at(&Settings::alerts, &AlertSettings::trello, member); };
  return {
      secret("alerts.slack.webhook_url", at(&Settings::alerts, &AlertSettings::slack, &SlackSettings::webhook_url),
             "The incoming webhook of a Slack channel.")
          .checked(wrong_web_url),
      secret("alerts.email.smtp_url", email(&EmailSettings::smtp_url),
             "The mail server: smtps://user:password@host, or smtp:// with STARTTLS.")
          .checked(wrong_smtp_url),
      text("alerts.email.from", email(&EmailSettings::from), "The sender.").defaults_to("the first of `to`"),
      list("alerts.email.to", email(&EmailSettings::to), "The receivers."),
      secret("alerts.pagerduty.routing_key",
             at(&Settings::alerts, &AlertSettings::pagerduty, &PagerDutySettings::routing_key),
             "The integration key of a PagerDuty service (Events API v2)."),
      text("alerts.trello.card", trello(&TrelloSettings::card), "The id or short link of the card to comment on."),
      secret("alerts.trello.key", trello(&TrelloSettings::key), "Trello's API key."),
      secret("alerts.trello.token", trello(&TrelloSettings::token), "Trello's API token."),
      secret("alerts.webhook.url", at(&Settings::alerts, &AlertSettings::webhook, &WebhookSettings::url),
             "Gets each alert as a JSON document by POST.")
          .checked(wrong_web_url),
  };
}

std::vector<Option> host_options() {
  return {
      duration("objectives.rpo", at(&Settings::objectives, &ObjectiveSettings::rpo),
               "The most that a disaster may take; breached, there is an alert and status says so."),
      duration("objectives.rto", at(&Settings::objectives, &ObjectiveSettings::rto),
               "The longest that a restore may take, as the restore test measures it."),
      absolute_path("state.directory", at(&Settings::state, &StateSettings::directory),
                    "Caches, job history and the host's key file; all but the key can be made again.")
          .defaults_to("/var/lib/owlbackup as root, else $XDG_STATE_HOME/owlbackup or ~/.local/state/owlbackup"),
      absolute_path("metrics.textfile", at(&Settings::metrics, &MetricsSettings::textfile),
                    "The file that node_exporter's textfile collector reads; empty: none."),
      text("serve.listen", at(&Settings::serve, &ServeSettings::listen),
           "Where the daemon's status page and metrics are served, as host:port; empty: nowhere.")
          .checked(wrong_listen_address),
  };
}

std::vector<Option> all_options() {
  std::vector<Option> all;
  for (auto* group : {general_options, files_options, store_place_options, store_transport_options, encryption_options,
                      engine_options, retention_options, schedule_options, alert_options, host_options}) {
    for (auto& option : group()) all.push_back(std::move(option));
  }
  return all;
}

}  // namespace

const std::vector<Option>& options() {
  static const std::vector<Option> table = all_options();
  return table;
}

}  // namespace owl::config
