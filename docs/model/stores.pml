/* Two stores, A and B: a run that writes to both or one of them, a sync that carries a backup from A to B, a sweep in each.
 * What order.pml has shown for one store (lost answers, adopted orphans, taken-over sweeps) is left out here.
 *
 * Bit p of packs[s] says that object p stands in store s:
 *   OLD   the pack that an older backup lists; that backup stands in A only, B may or may not have the pack
 *   NEW   the pack that the run stores when it does not know the blob
 *   WAL   a segment from between the run's start and stop, acknowledged as soon as one store has it
 *
 * -DBREAK_<rule> leaves one rule out, and a loss or a standstill must then be found.
 */
#define A 0
#define B 1
#define STORE(s) (1 << (s))
#define OLD 1
#define NEW 2
#define WAL 4
#define COPY 8                    /* the old pack, stored by the sync under a key of its own: -DCOPY_KEYS */

mtype = { nothing, backup, void, gone };

byte packs[2], index[2];
byte trash[2];                    /* the packs that the trash object of the store's sweep names; 0: no such object */
byte leases[2];                   /* bit 0: the run's, bit 1: the sync's */
mtype of_run[2] = nothing;        /* at the manifest key that the run's lease announced in each store */
mtype of_old[2] = nothing;        /* the older backup's manifest: in A the original, in B at the key of the sync's lease */
byte relies, carried;             /* the pack that the run's manifest lists; the pack that the old one needs in B */
#ifdef LATE_DELETE
bool deleting;                    /* B's sweep had to repeat a DELETE, and the first one is still on its way */
#endif
bool renewed;                     /* the sync is awake and keeps its lease alive */

#define NEEDED(s) ((of_run[s] == backup -> relies | WAL : 0) | (of_old[s] == backup -> ((s) == A -> OLD : carried) : 0))
#define PROMISE(s) assert((NEEDED(s) & ~packs[s]) == 0)

/* ---- the run ------------------------------------------------------------------------------------------------------ */

/* Lease, trash, index in store s; a store that does not answer leaves the set for the rest of this run. */
inline begin_in(s) {
  if
  :: set & STORE(s) ->
     if
     :: leases[s] = leases[s] | 1;
        seen = trash[s];
        atomic {
          seen = index[s] & ~seen;
#ifdef BREAK_KNOWN_IN_EVERY_STORE
          known = known | (seen & OLD);
#else
          known = known & seen;
#endif
          seen = 0
        }
#ifdef BREAK_DROPS_OUT
     :: true                                          /* no lease, no lists, but it answers again later */
#else
     :: atomic { true -> set = set & ~STORE(s) }
#endif
     fi
  :: else
  fi
}

inline store_in(s) {
  if
  :: set & STORE(s) ->
     if
     :: packs[s] = packs[s] | NEW;
        index[s] = index[s] | NEW
     :: true                                          /* this PUT failed: the pack is missing here */
     fi
  :: else
  fi
}

inline commit_in(s) {
  if
  :: set & STORE(s) ->
     if
#ifdef BREAK_COMPLETE
     :: true
#else
     :: (packs[s] & (relies | WAL)) == (relies | WAL) /* LIST, from its own lease on: everything is there */
#endif
     :: atomic { true -> set = set & ~STORE(s) }      /* something is missing, or the store is: left to sync */
     fi;
     if
     :: atomic { set & STORE(s) && of_run[s] == nothing -> of_run[s] = backup; PROMISE(s) }
     :: atomic { !(set & STORE(s)) || of_run[s] != nothing }
     fi
  :: else
  fi;
  leases[s] = leases[s] & ~1
}

proctype run_of() {
#ifdef BREAK_KNOWN_IN_EVERY_STORE
  byte known = 0;
#else
  byte known = OLD;
#endif
  byte set, seen;
  if
  :: set = STORE(A)
  :: set = STORE(B)
  :: set = STORE(A) | STORE(B)
  fi;
  begin_in(A);
  begin_in(B);
  if
  :: atomic { known & OLD -> relies = OLD }
  :: atomic { relies = NEW };
     store_in(A);
     store_in(B)
  fi;
  known = 0;
  commit_in(A);
  commit_in(B)
}

/* ---- the sync ----------------------------------------------------------------------------------------------------- */

proctype sync() {
  byte seen;
end_nothing_to_do:
  of_old[A] == backup;
again:
  atomic { leases[B] = leases[B] | 2; renewed = true };
  seen = trash[B];
#ifdef COPY_KEYS
  if
  :: (seen & OLD) || !(packs[B] & OLD) ->             /* a new key that no trash object has ever named */
     packs[B] = packs[B] | COPY;
     atomic { index[B] = index[B] | COPY; carried = COPY }
  :: !(seen & OLD) && (packs[B] & OLD) -> carried = OLD
  fi;
#else
  carried = OLD;
#ifdef BREAK_WAITS_FOR_TRASH
  seen = 0;
#endif
  if
  :: atomic { seen & OLD -> seen = 0 };
#ifndef BREAK_GIVES_LEASE_BACK
     atomic { leases[B] = leases[B] & ~2; renewed = false };
#endif
#ifdef BREAK_WAITS_FOR_OBJECT
     !(packs[B] & OLD);
     leases[B] = leases[B] | 2;
     packs[B] = packs[B] | OLD;
     index[B] = index[B] | OLD
#else
     !(trash[B] & OLD);
     goto again
#endif
  :: !(seen & OLD) ->
     packs[B] = packs[B] | OLD;                       /* PUT with If-None-Match: *: stored, or there already */
     index[B] = index[B] | OLD
  fi;
#endif
  renewed = false;                                    /* from here on it may be slow, and its lease look expired */
  if
  :: atomic { of_old[B] == nothing -> of_old[B] = backup; PROMISE(B) }
  :: atomic { of_old[B] != nothing }
  fi;
  leases[B] = leases[B] & ~2
}

/* ---- a sweep in store s ------------------------------------------------------------------------------------------ */

#define LOOKS_EXPIRED_RUN(s) (leases[s] & 1)
#define LOOKS_EXPIRED_SYNC(s) ((leases[s] & 2) && !renewed)

proctype sweeper(byte s) {
  byte doomed, waits;
end_idle:
  atomic { (packs[s] & ~NEEDED(s) & ~WAL) != 0 -> doomed = packs[s] & ~NEEDED(s) & ~WAL };
  trash[s] = doomed;
  waits = leases[s];
  do
  :: atomic { waits & 1 && !(leases[s] & 1) -> waits = waits & ~1 }
  :: atomic { waits & 2 && !(leases[s] & 2) -> waits = waits & ~2 }
  :: atomic { waits & 1 && LOOKS_EXPIRED_RUN(s) ->
       if
       :: of_run[s] == nothing -> of_run[s] = void
       :: else
       fi;
       waits = waits & ~1 }
  :: atomic { waits & 2 && LOOKS_EXPIRED_SYNC(s) ->
       if
       :: of_old[s] == nothing -> of_old[s] = void
       :: else
       fi;
       waits = waits & ~2 }
  :: atomic { waits == 0 -> break }
  od;
  doomed = doomed & ~NEEDED(s);
  do
  :: atomic { doomed & packs[s] & OLD -> packs[s] = packs[s] & ~OLD; PROMISE(s) }
#ifdef LATE_DELETE
  :: atomic { s == B && doomed & packs[s] & OLD -> packs[s] = packs[s] & ~OLD; deleting = true; PROMISE(s) }
#endif
  :: atomic { doomed & packs[s] & NEW -> packs[s] = packs[s] & ~NEW; PROMISE(s) }
#ifdef COPY_KEYS
  :: atomic { doomed & packs[s] & COPY -> packs[s] = packs[s] & ~COPY; PROMISE(s) }
#endif
  :: atomic { (doomed & packs[s]) == 0 -> break }
  od;
  index[s] = index[s] & ~doomed;
  trash[s] = 0
}

/* ---- the rest of the world ---------------------------------------------------------------------------------------- */

proctype world() {
end_world:
  do
  :: atomic { !(packs[B] & WAL) -> packs[B] = packs[B] | WAL }
#ifdef LATE_DELETE
  :: atomic { deleting -> deleting = false; packs[B] = packs[B] & ~OLD; PROMISE(B) }
#endif
  :: atomic { of_old[A] == backup -> of_old[A] = gone }
  :: atomic { of_old[B] == backup -> of_old[B] = gone }
  od
}

init {
  atomic {
    packs[A] = OLD | WAL; index[A] = OLD; of_old[A] = backup;
    if
    :: packs[B] = OLD; index[B] = OLD
    :: true
    fi;
    run run_of();
    run sync();
    run world();
#ifdef SWEEP_IN_A
    run sweeper(A);
#endif
    run sweeper(B)
  }
}
