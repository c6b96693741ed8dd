/*
 * owl-wal: the tiny client that PostgreSQL calls for each WAL file. C library only; starts in under a millisecond.
 *
 *   archive_command = 'owl-wal push %p'
 *   restore_command = 'owl-wal --agent SOCKET fetch %f %p'
 *
 * push asks the WAL service (`owlbackup wal serve`) and gives it the open file, pg_control and data directory, so that
 * the service needs no right on them; where no service answers it hands over to `owlbackup wal push`, which stands
 * beside this program or in PATH. fetch asks the restore agent and gives it the open destination file; without --agent
 * it hands over to `owlbackup wal fetch`.
 *
 * Exit codes, as PostgreSQL reads them (xlogarchive.c, pgarch.c): push 0 archived, 1 to 125 try again; fetch 0
 * delivered, 1 proven not to be in the archive (recovery ends there), 200 anything else (recovery stops, and can go on
 * later).
 */
#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  push_failed = 1,
  fetch_absent = 1,
  fetch_failed = 200,
  push_timeout_s = 60,
  fetch_timeout_s = 600,
  most_descriptors = 3
};

static const char default_service[] = "/var/lib/owlbackup/wal.sock";

static int complain(int code, const char* what, const char* which) {
  fprintf(stderr, "owl-wal: %s%s%s\n", what, which[0] != '\0' ? " " : "", which);
  return code;
}

/* Becomes `owlbackup wal …`, the one in this program's own folder where there is one. */
static int hand_over(char** arguments, int failure) {
  char self[PATH_MAX], beside[PATH_MAX + 16];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length > 0) {
    self[length] = '\0';
    snprintf(beside, sizeof beside, "%s/owlbackup", dirname(self));
    execv(beside, arguments);
  }
  execvp("owlbackup", arguments);
  return complain(failure, strerror(errno), "while starting owlbackup");
}

/* -1: nobody listens there. */
static int connect_to(const char* path, int timeout_s) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval patience = {.tv_sec = timeout_s};
  int fd;
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* One line, with descriptors beside it (SCM_RIGHTS). */
static int send_request(int to, const char* verb, const char* name, const int* descriptors, size_t count) {
  char line[128];
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
  } control;
  const int length = snprintf(line, sizeof line, "%s %s\n", verb, name);
  const size_t size = sizeof(int) * count;
  struct iovec data = {.iov_base = line, .iov_len = (size_t)length};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = CMSG_SPACE(size)};
  struct cmsghdr* header;
  if (length < 0 || (size_t)length >= sizeof line) return -1;
  memset(&control, 0, sizeof control);
  header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), descriptors, size);
  return sendmsg(to, &message, MSG_NOSIGNAL) == length ? 0 : -1;
}

/* Empty: the other side went away. -1: it did not answer in time. */
static int read_answer(int from, char* answer, size_t size) {
  size_t length = 0;
  ssize_t got = 0;
  while (length + 1 < size && (got = read(from, answer + length, size - length - 1)) > 0) {
    length += (size_t)got;
    if (answer[length - 1] == '\n') break;
  }
  answer[length] = '\0';
  answer[strcspn(answer, "\n")] = '\0';
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? -1 : 0;
}

static int fetch_from_agent(const char* socket_path, const char* name, const char* path) {
  char answer[1024];
  int destination;
  const int agent = connect_to(socket_path, fetch_timeout_s);
  if (agent < 0) {
    return complain(
        fetch_failed,
        "no restore agent answers; start it with `owlbackup restore agent --to DIR` (needs the private key); tried",
        socket_path);
  }
  destination = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (destination < 0) return complain(fetch_failed, strerror(errno), path);
  if (send_request(agent, "fetch", name, &destination, 1) != 0) {
    unlink(path);
    return complain(fetch_failed, "can't ask the restore agent:", strerror(errno));
  }
  if (read_answer(agent, answer, sizeof answer) != 0)
    snprintf(answer, sizeof answer, "the restore agent did not answer in time");
  if (strcmp(answer, "ok") == 0) return 0;
  unlink(path);
  if (strcmp(answer, "absent") == 0) return fetch_absent;
  return complain(fetch_failed, answer[0] != '\0' ? answer : "the restore agent went away while fetching", name);
}

/* The file, pg_control and the data directory, which is two folders above the file. */
static int open_for_service(const char* path, int* descriptors) {
  char folder[PATH_MAX];
  const char* data_directory;
  if (strlen(path) >= sizeof folder) return -1;
  strcpy(folder, path);
  data_directory = strrchr(path, '/') == NULL ? ".." : dirname(dirname(folder));
  if ((descriptors[0] = open(path, O_RDONLY | O_CLOEXEC)) < 0) return -1;
  if ((descriptors[2] = open(data_directory, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) return -1;
  return (descriptors[1] = openat(descriptors[2], "global/pg_control", O_RDONLY | O_CLOEXEC)) < 0 ? -1 : 0;
}

/* Returns an exit code, or -1 where no service answers. */
static int push_by_service(const char* socket_path, const char* path) {
  char answer[4096];
  int descriptors[most_descriptors];
  const char* slash = strrchr(path, '/');
  const int service = connect_to(socket_path, push_timeout_s);
  if (service < 0) return -1;
  if (open_for_service(path, descriptors) != 0) return complain(push_failed, strerror(errno), path);
  if (send_request(service, "push", slash == NULL ? path : slash + 1, descriptors, most_descriptors) != 0) return -1;
  if (read_answer(service, answer, sizeof answer) != 0) {
    return complain(push_failed, "the WAL service did not answer in time; PostgreSQL will try again:", path);
  }
  if (strcmp(answer, "ok") == 0) return 0;
  if (answer[0] == '\0' || strcmp(answer, "elsewhere") == 0) return -1; /* it was killed, or is another cluster's */
  return complain(push_failed, strncmp(answer, "error ", 6) == 0 ? answer + 6 : answer, "");
}

static int push(const char* socket_path, char* path) {
  char* arguments[] = {(char*)"owlbackup", (char*)"--no-progress", (char*)"wal", (char*)"push", path, NULL};
  const char* from_environment = getenv("OWL_WAL_SOCKET");
  int code;
  if (socket_path == NULL) socket_path = from_environment != NULL ? from_environment : default_service;
  code = push_by_service(socket_path, path);
  return code >= 0 ? code : hand_over(arguments, push_failed);
}

static int usage(void) {
  fputs(
      "usage: owl-wal [--socket SOCKET] push PATH\n       owl-wal [--agent SOCKET] fetch NAME DEST\n\n"
      "  archive_command = 'owl-wal push %p'\n"
      "  restore_command = 'owl-wal --agent /run/owlbackup/1a2b3c4d.sock fetch %f %p'\n",
      stderr);
  return fetch_failed;
}

int main(int argc, char** argv) {
  const char *agent = NULL, *service = NULL;
  int at = 1;
  if (argc > 2 && strcmp(argv[1], "--agent") == 0) agent = argv[2];
  if (argc > 2 && strcmp(argv[1], "--socket") == 0) service = argv[2];
  if (agent != NULL || service != NULL) at = 3;
  if (argc - at == 2 && strcmp(argv[at], "push") == 0) return push(service, argv[at + 1]);
  if (argc - at == 3 && strcmp(argv[at], "fetch") == 0) {
    char* arguments[] = {(char*)"owlbackup", (char*)"--no-progress", (char*)"wal", (char*)"fetch",
                         argv[at + 1],       argv[at + 2],           NULL};
    return agent != NULL ? fetch_from_agent(agent, argv[at + 1], argv[at + 2]) : hand_over(arguments, fetch_failed);
  }
  return argc > 1 && strcmp(argv[1], "push") == 0 ? (usage(), push_failed) : usage();
}
