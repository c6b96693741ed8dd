/*
 * The archive module: archive_library = 'owlbackup' (PostgreSQL 15 and later). The archiver hands each WAL file to the
 * WAL service (`owlbackup wal serve`) over its socket, as owl-wal does, without starting a process for it.
 *
 *   owlbackup.socket   where the service listens (default /var/lib/owlbackup/wal.sock)
 *   owlbackup.timeout  seconds to wait for it (default 60)
 *
 * It lives in the archiver, so: C, since ereport jumps over destructors; no threads; no library; nothing blocks longer
 * than a second without a look at interrupts; false rather than ERROR, which would end the archiver before
 * PostgreSQL 17. What an error may have left open is closed at the next call. Sources: src/backend/postmaster/pgarch.c,
 * doc/src/sgml/archive-modules.sgml.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* clang-format off: before every other header of the server's */
#include "postgres.h"
/* clang-format on */

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "archive/archive_module.h"
#else
#include "postmaster/pgarch.h"
#endif

PG_MODULE_MAGIC;

enum { file_fd, control_fd, folder_fd, descriptors, service_fd = descriptors, all_fds };

static char* socket_path;
static int timeout_s;
static int fds[all_fds] = {-1, -1, -1, -1};

void _PG_init(void);

void _PG_init(void) {
  DefineCustomStringVariable("owlbackup.socket", "Where the WAL service listens.", NULL, &socket_path,
                             "/var/lib/owlbackup/wal.sock", PGC_SIGHUP, 0, NULL, NULL, NULL);
  DefineCustomIntVariable("owlbackup.timeout", "How long to wait for the WAL service.", NULL, &timeout_s, 60, 1, 3600,
                          PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
  MarkGUCPrefixReserved("owlbackup");
}

static void close_all(void) {
  for (int i = 0; i < all_fds; i++) {
    if (fds[i] >= 0) close(fds[i]);
    fds[i] = -1;
  }
}

static bool complain(const char* file, const char* why) {
  close_all();
  ereport(WARNING, (errmsg("owlbackup did not archive \"%s\": %s", file, why)));
  return false;
}

/* Into a buffer of ours: the archiver has no memory context that is emptied between files. */
static bool complain_with(const char* file, const char* what, const char* detail) {
  static char why[2 * MAXPGPATH];
  snprintf(why, sizeof(why), "%s: %s", what, detail);
  return complain(file, why);
}

static bool open_files(const char* path) {
  fds[file_fd] = open(path, O_RDONLY | O_CLOEXEC);
  fds[control_fd] = open("global/pg_control", O_RDONLY | O_CLOEXEC); /* the archiver works in the data directory */
  fds[folder_fd] = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fds[file_fd] >= 0 && fds[control_fd] >= 0 && fds[folder_fd] >= 0;
}

static bool connect_to_service(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(socket_path) >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  strcpy(address.sun_path, socket_path);
  fds[service_fd] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fds[service_fd] >= 0 && connect(fds[service_fd], (struct sockaddr*)&address, sizeof(address)) == 0;
}

/* One line with the descriptors beside it (SCM_RIGHTS). It is short: an empty socket takes it at once. */
static bool send_request(const char* file) {
  char line[MAXPGPATH];
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * descriptors)];
  } control;
  struct iovec data = {.iov_base = line};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
  struct cmsghdr* header;
  snprintf(line, sizeof(line), "push %s\n", file);
  data.iov_len = strlen(line);
  memset(&control, 0, sizeof(control));
  header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors);
  memcpy(CMSG_DATA(header), fds, sizeof(int) * descriptors);
  return sendmsg(fds[service_fd], &message, MSG_NOSIGNAL) == (ssize_t)data.iov_len;
}

/* Waits until there is something to read, a second at a time. */
static bool wait_for_answer(TimestampTz deadline) {
  bool woken = false, readable = false;
  while (!readable && GetCurrentTimestamp() < deadline) {
    const int events = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                         fds[service_fd], 1000, PG_WAIT_EXTENSION);
    if (events & WL_LATCH_SET) {
      woken = true;
      ResetLatch(MyLatch);
      CHECK_FOR_INTERRUPTS();
    }
    readable = (events & WL_SOCKET_READABLE) != 0;
  }
  if (woken) SetLatch(MyLatch); /* it was meant for the archiver: more files are ready */
  return readable;
}

/* False: the time is up. An empty answer: the service went away. */
static bool read_answer(char* answer, size_t size) {
  const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), (int64)timeout_s * 1000);
  size_t length = 0;
  while (length + 1 < size) {
    ssize_t got;
    if (!wait_for_answer(deadline)) return false;
    got = recv(fds[service_fd], answer + length, size - length - 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    length += (size_t)got;
    if (answer[length - 1] == '\n') break;
  }
  answer[length] = '\0';
  answer[strcspn(answer, "\n")] = '\0';
  return true;
}

static bool archive(const char* file, const char* path) {
  char answer[4096];
  close_all();
  if (!open_files(path)) return complain_with(file, "can't open it", strerror(errno));
  if (!connect_to_service())
    return complain_with(file, "no WAL service (`owlbackup wal serve`) answers on owlbackup.socket", strerror(errno));
  if (!send_request(file)) return complain_with(file, "can't ask the WAL service", strerror(errno));
  if (!read_answer(answer, sizeof(answer))) return complain(file, "the WAL service did not answer in time");
  close_all();
  if (strcmp(answer, "ok") == 0) return true;
  if (answer[0] == '\0') return complain(file, "the WAL service went away");
  if (strcmp(answer, "elsewhere") == 0) return complain(file, "the WAL service there is another cluster's");
  return complain(file, strncmp(answer, "error ", 6) == 0 ? answer + 6 : answer);
}

static bool is_configured(void) {
  return socket_path != NULL && socket_path[0] != '\0';
}

#if PG_VERSION_NUM >= 160000

static bool check_configured_cb(ArchiveModuleState* state) {
  return is_configured();
}
static bool archive_file_cb(ArchiveModuleState* state, const char* file, const char* path) {
  return archive(file, path);
}

static const ArchiveModuleCallbacks callbacks = {.check_configured_cb = check_configured_cb,
                                                 .archive_file_cb = archive_file_cb};

const ArchiveModuleCallbacks* _PG_archive_module_init(void) {
  return &callbacks;
}

#else

void _PG_archive_module_init(ArchiveModuleCallbacks* callbacks);

void _PG_archive_module_init(ArchiveModuleCallbacks* callbacks) {
  callbacks->check_configured_cb = is_configured;
  callbacks->archive_file_cb = archive;
}

#endif
