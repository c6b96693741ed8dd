/* Index objects that are merged and superseded, and packs whose live blobs are moved: one store, one run, one merge, two
 * sweeps at a time. What order.pml has shown (lost answers, adopted orphans, taken-over sweeps) is left out here.
 *
 * All packs hold the same blob. A manifest lists the pack that its run knew; once that pack has been moved, the index says
 * where a copy lies. So a backup can be restored while its listed pack stands, or any pack that an index object names.
 *
 * -DBREAK_<rule> leaves one rule out, and a loss must then be found.
 */
#ifndef SWEEPERS
#define SWEEPERS 2   /* at work at the same time: 1 or 2; -DNO_MERGE leaves the merge out */
#endif

#define FIRST 1                  /* what the standing backup lists */
#define MOVED(s) (2 << (s))      /* the copy that sweep s makes when it empties FIRST */
#define NEW 8                    /* what the run stores if it knows of nothing */

/* Index objects, each with a key of its own; 0: no such object, otherwise the packs it names, and STANDS. */
#define OF_FIRST 0
#define OF_MOVE(s) (1 + (s))
#define OF_SWEEP(s) (3 + (s))
#define OF_MERGE 5
#define OF_RUN 6
#define OBJECTS 7
#define STANDS 128

mtype = { nothing, backup, void, gone };

byte packs = FIRST;
byte object[OBJECTS];
byte trash[2];
bool lease;
mtype of_first = backup, of_run = nothing;
byte relies;                     /* the pack that the run's manifest lists */

#define NAMED ((object[0] | object[1] | object[2] | object[3] | object[4] | object[5] | object[6]) & ~STANDS)
#define LISTED ((of_first == backup -> FIRST : 0) | (of_run == backup -> relies : 0))
#define PROMISE assert((LISTED & ~packs) == 0 || (packs & NAMED) != 0)

/* LIST the index objects and read them. */
inline read_index() {
  had = 0; named = NAMED;
  one = 0;
  do
  :: one < OBJECTS && object[one] != 0 -> had = had | (1 << one); one++
  :: one < OBJECTS && object[one] == 0 -> one++
  :: one == OBJECTS -> break
  od;
  one = 0
}

inline delete_objects() {
  one = 0;
  do
  :: one < OBJECTS && had & (1 << one) -> object[one] = 0; one++
  :: one < OBJECTS && !(had & (1 << one)) -> one++
  :: one == OBJECTS -> break
  od;
  one = 0; had = 0;
  PROMISE
}

/* The new object first, then the ones that it supersedes. */
inline supersede(key) {
#ifdef BREAK_SUPERSEDE_FIRST
  atomic { delete_objects() };
  atomic { object[key] = named | STANDS; named = 0 }
#else
  atomic { object[key] = named | STANDS; named = 0 };
  atomic { delete_objects() }
#endif
}

proctype merge() {
  byte had, named, one;
  atomic { read_index() };
  supersede(OF_MERGE)
}

proctype run_of() {
  byte seen;
  lease = true;
  seen = trash[0] | trash[1];
  atomic {
    if
    :: NAMED & ~seen & FIRST -> relies = FIRST
    :: NAMED & ~seen & MOVED(0) -> relies = MOVED(0)
    :: NAMED & ~seen & MOVED(1) -> relies = MOVED(1)
    :: relies = NEW
    fi;
    seen = 0
  }
  if
  :: atomic { relies == NEW -> packs = packs | NEW };
     object[OF_RUN] = NEW | STANDS
  :: atomic { relies != NEW }
  fi;
#ifndef BREAK_COMPLETE
  if
  :: atomic { (packs & relies) == 0 -> goto over }     /* LIST packs: the index has told of one that is no more */
  :: atomic { packs & relies }
  fi;
#endif
  if
  :: atomic { of_run == nothing -> of_run = backup; PROMISE }
  :: atomic { of_run != nothing }
  fi;
over:
  lease = false
}

proctype sweeper(byte s) {
  byte doomed, waits, listed, others, stay, had, named, one;
end_idle:
  if
  :: atomic { packs & FIRST && of_first == backup ->        /* FIRST is mostly dead: move what lives in it */
       packs = packs | MOVED(s) };
     atomic { object[OF_MOVE(s)] = MOVED(s) | STANDS; doomed = FIRST }
  :: atomic { packs & ~LISTED -> doomed = packs & ~LISTED } /* or there is something that no manifest lists */
  fi;
  trash[s] = doomed;
  waits = lease;
  atomic {
    if
    :: waits && !lease
    :: waits && lease ->
       if
       :: of_run == nothing -> of_run = void
       :: else
       fi
    :: !waits
    fi;
    waits = 0
  };
  listed = LISTED;                                          /* LIST manifests */
#ifdef BREAK_TRASH_BEFORE_PACKS
  stay = packs;
#endif
#ifdef BREAK_COPY_OUTSIDE_TRASH
  others = doomed;
#else
  others = trash[0] | trash[1];                             /* LIST trash */
#endif
#ifndef BREAK_TRASH_BEFORE_PACKS
  stay = packs;                                             /* LIST packs */
#endif
  atomic {
    stay = stay & ~others;
    others = 0;
#ifdef BREAK_COPY_IS_INDEXED
    named = 255;
#else
    named = NAMED;                                          /* LIST index */
#endif
    if
    :: (listed & ~stay) == 0                                /* every listed pack stays as it is */
    :: (listed & ~stay) != 0 && (stay & named) != 0         /* or an indexed copy stays, outside of all trash */
    :: (listed & ~stay) != 0 && (stay & named) == 0 -> doomed = 0
    fi;
    listed = 0; stay = 0; named = 0
  };
  do
  :: atomic { doomed & packs & FIRST -> packs = packs & ~FIRST; PROMISE }
  :: atomic { doomed & packs & MOVED(0) -> packs = packs & ~MOVED(0); PROMISE }
  :: atomic { doomed & packs & MOVED(1) -> packs = packs & ~MOVED(1); PROMISE }
  :: atomic { doomed & packs & NEW -> packs = packs & ~NEW; PROMISE }
  :: atomic { (doomed & packs) == 0 -> break }
  od;
  if
  :: atomic { doomed != 0 -> read_index(); named = named & ~doomed; doomed = 0 };
     supersede(OF_SWEEP(s))
  :: atomic { doomed == 0 }
  fi;
  trash[s] = 0
}

proctype world() {
end_world:
  atomic { of_first == backup -> of_first = gone }           /* retention lets the older backup go */
}

init {
  atomic {
    object[OF_FIRST] = FIRST | STANDS;
    run run_of();
#ifndef NO_MERGE
    run merge();
#endif
    run world();
    run sweeper(0);
#if SWEEPERS > 1
    run sweeper(1)
#endif
  }
}
