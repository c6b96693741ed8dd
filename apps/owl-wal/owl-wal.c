/*
 * owl-wal: the tiny client that PostgreSQL calls for each WAL file. C library only; starts in under a millisecond.
 *
 *   archive_command = 'owl-wal push %p'
 *   restore_command = 'owl-wal --agent SOCKET fetch %f %p'
 *
 * push hands over to `owlbackup wal push`, which stands beside this program or in PATH. fetch asks the restore agent and
 * gives it the open destination file, so that the agent needs no right on the data directory; without --agent it hands
 * over to `owlbackup wal fetch`.
 *
 * Exit codes, as PostgreSQL reads them (xlogarchive.c, pgarch.c): push 0 archived, 1 to 125 try again; fetch 0 delivered,
 * 1 proven not to be in the archive (recovery ends there), 200 anything else (recovery stops, and can go on later).
 */
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

enum { push_failed = 1, fetch_absent = 1, fetch_failed = 200, answer_timeout_s = 600 };

static int complain(int code, const char *what, const char *which) {
  fprintf(stderr, "owl-wal: %s%s%s\n", what, which[0] != '\0' ? " " : "", which);
  return code;
}

/* Becomes `owlbackup wal …`, the one in this program's own folder where there is one. */
static int hand_over(char **arguments, int failure) {
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

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval patience = {.tv_sec = answer_timeout_s};
  int fd;
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* One line, with the descriptor of the destination beside it (SCM_RIGHTS). */
static int send_request(int agent, const char *name, int destination) {
  char line[128];
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  const int length = snprintf(line, sizeof line, "fetch %s\n", name);
  struct iovec data = {.iov_base = line, .iov_len = (size_t)length};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
  struct cmsghdr *header;
  if (length < 0 || (size_t)length >= sizeof line) return -1;
  memset(&control, 0, sizeof control);
  header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &destination, sizeof destination);
  return sendmsg(agent, &message, MSG_NOSIGNAL) == length ? 0 : -1;
}

static void read_answer(int agent, char *answer, size_t size) {
  size_t length = 0;
  ssize_t got;
  while (length + 1 < size && (got = read(agent, answer + length, size - length - 1)) > 0) length += (size_t)got;
  answer[length] = '\0';
  answer[strcspn(answer, "\n")] = '\0';
}

static int fetch_from_agent(const char *socket_path, const char *name, const char *path) {
  char answer[1024];
  int destination;
  const int agent = connect_to(socket_path);
  if (agent < 0) {
    return complain(fetch_failed, "no restore agent answers; start it with `owlbackup restore agent --to DIR` (needs the private key); tried",
                    socket_path);
  }
  destination = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (destination < 0) return complain(fetch_failed, strerror(errno), path);
  if (send_request(agent, name, destination) != 0) {
    unlink(path);
    return complain(fetch_failed, "can't ask the restore agent:", strerror(errno));
  }
  read_answer(agent, answer, sizeof answer);
  if (strcmp(answer, "ok") == 0) return 0;
  unlink(path);
  if (strcmp(answer, "absent") == 0) return fetch_absent;
  return complain(fetch_failed, answer[0] != '\0' ? answer : "the restore agent went away while fetching", name);
}

static int usage(void) {
  fputs("usage: owl-wal push PATH\n       owl-wal [--agent SOCKET] fetch NAME DEST\n\n"
        "  archive_command = 'owl-wal push %p'\n"
        "  restore_command = 'owl-wal --agent /run/owlbackup/1a2b3c4d.sock fetch %f %p'\n",
        stderr);
  return fetch_failed;
}

int main(int argc, char **argv) {
  const char *agent = NULL;
  int at = 1;
  if (argc > 2 && strcmp(argv[1], "--agent") == 0) {
    agent = argv[2];
    at = 3;
  }
  if (argc - at == 2 && strcmp(argv[at], "push") == 0) {
    char *arguments[] = {(char *)"owlbackup", (char *)"--no-progress", (char *)"wal", (char *)"push", argv[at + 1], NULL};
    return hand_over(arguments, push_failed);
  }
  if (argc - at == 3 && strcmp(argv[at], "fetch") == 0) {
    char *arguments[] = {(char *)"owlbackup", (char *)"--no-progress", (char *)"wal", (char *)"fetch", argv[at + 1], argv[at + 2], NULL};
    return agent != NULL ? fetch_from_agent(agent, argv[at + 1], argv[at + 2]) : hand_over(arguments, fetch_failed);
  }
  return argc > 1 && strcmp(argv[1], "push") == 0 ? (usage(), push_failed) : usage();
}
