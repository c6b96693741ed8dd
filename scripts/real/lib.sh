# shellcheck shell=bash
# What the scripts of this folder share; each of them sources it.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# Prints the comment at the head of the calling script, which is its manual, and ends with EX_USAGE.
usage() {
  sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 64
}

# Is there such a process? A zombie counts as gone: it answers kill -0 until its parent collects it, which can be long
# after its ports and files are free.
alive() { # PID
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  line=${line##*) }
  [ "${line%% *}" != Z ]
}

# The moment a process began, in clock ticks after boot: with the pid it names one process for ever, so that a number
# given again to a stranger isn't taken for the one that is watched.
born() { # PID
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra fields <<<"${line##*) }"
  echo "${fields[19]}"
}

# Does PIDFILE name a living process whose command line mentions NEEDLE?
owns() { # PIDFILE NEEDLE
  local pid
  { read -r pid <"$1"; } 2>/dev/null || return 1
  alive "$pid" && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$2"
}

# The living members of a process group whose command line mentions NEEDLE.
group_members() { # GROUP NEEDLE
  local file pid line fields
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    pid=${line%% *}
    read -ra fields <<<"${line##*) }"
    if [ "${fields[2]}" = "$1" ] && alive "$pid" && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$2"; then
      echo "$pid"
    fi
  done
}

# A server that can't bind would be taken for up when a stranger answers on its port.
must_be_free() { # PORT
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then die "port $1 is taken"; fi
}

# Ends what PIDFILE names if it is ours: SIGNAL, then KILL after ten seconds. Removes the file.
stop_process() { # PIDFILE NEEDLE [SIGNAL]
  local pid tries
  if owns "$1" "$2"; then
    read -r pid <"$1"
    kill -s "${3:-TERM}" "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 200; tries++)); do
      alive "$pid" || break
      sleep 0.05
    done
    if alive "$pid"; then kill -s KILL "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$1"
}

# Options that every *-up script knows: --watch PID, or $OWL_PARENT_PID. Leaves the rest in `arguments`.
watched=${OWL_PARENT_PID:-}
arguments=()
parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --watch) [ $# -ge 2 ] || usage; watched=$2; shift ;;
      -h | --help) usage ;;
      -*) usage ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
}

# What every *-down script takes: DIR [--wipe] [--kill], into dir, wipe and signal. Ends at once where there is no DIR.
# shellcheck disable=SC2034 # its callers use them
parse_down_arguments() {
  local argument
  dir='' wipe='' signal=TERM
  for argument in "$@"; do
    case $argument in
      --wipe) wipe=yes ;;
      --kill) signal=KILL ;;
      -*) usage ;;
      *) dir=$argument ;;
    esac
  done
  [ -n "$dir" ] || usage
  [ -d "$dir" ] || exit 0
  dir=$(cd "$dir" && pwd)
}

# Starts the watcher that stops the server in DIR, and removes DIR, once the process `watched` is gone.
watch_parent() { # DIR DOWN-SCRIPT
  [ -n "$watched" ] || return 0
  if owns "$1/watcher.pid" "$1"; then return 0; fi
  setsid "$here/watch" "$watched" "$1" "$here/$2" </dev/null >/dev/null 2>&1 &
  echo $! >"$1/watcher.pid"
}

# Where parts that are fetched once are kept: $OWL_TOOLS, or .tools in the checkout. PostgreSQL refuses to run as root,
# so when we are root the place must be open to the user postgres; a checkout in root's home is not.
tools_folder() {
  local folder=${OWL_TOOLS:-$checkout/.tools}
  if [ -z "${OWL_TOOLS:-}" ] && [ "$(id -u)" = 0 ] && id postgres >/dev/null 2>&1 &&
    ! setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups test -x "$checkout"; then
    folder=/var/cache/owlbackup-tools
  fi
  mkdir -p "$folder"
  (cd "$folder" && pwd)
}

# Leaves FOLDER/node_modules with exactly PACKAGE@VERSION. Packages' install scripts don't run; AFTER, a command that is
# given the new folder, does what is needed of them. Made aside and moved into place, under a lock: a cut download
# leaves nothing half done, and of several that ask at once one fetches.
npm_fetch() { # FOLDER PACKAGE@VERSION [AFTER...]
  local folder=$1 package=$2 fresh lock
  shift 2
  if [ "$(cat "$folder/.package" 2>/dev/null)" = "$package" ]; then return 0; fi
  command -v npm >/dev/null || die "npm is missing, which fetches $package: ./dev setup test"
  mkdir -p "$(dirname "$folder")"
  exec {lock}>"$folder.lock"
  flock "$lock"
  if [ "$(cat "$folder/.package" 2>/dev/null)" != "$package" ]; then
    say "fetching $package into $folder"
    fresh=$(mktemp -d "$folder.XXXXXX")
    if (
      cd "$fresh" && echo '{"private":true}' >package.json &&
        npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error "$package" >&2 &&
        { [ $# -eq 0 ] || "$@" "$fresh"; } &&
        echo "$package" >"$fresh/.package" && chmod -R a+rX "$fresh"
    ) {lock}>&-; then
      rm -rf "$folder"
      mv "$fresh" "$folder"
    else
      rm -rf "$fresh"
      die "could not fetch $package"
    fi
  fi
  exec {lock}>&-
}
