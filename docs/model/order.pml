/* The order of writes in one store: runs that start, decide and commit, and sweeps that delete. Each of them may stop
 * for ever, or sleep and go on, after any step. README.md explains every abstraction; `check` runs every variant.
 *
 * The repository is a few bit sets. Bit p of `packs` says that pack p stands in the store; pack 0 is what an expired
 * backup left behind, pack a+1 is what run a stores if it stores one. All packs hold the same blob, so any of them would
 * do for any run. Each request to the store is one step, and a listing shows what stands at that very moment.
 *
 * -DBREAK_<rule> leaves one rule out, and a loss must then be found: the table in README.md names them all.
 */
#ifndef RUNS
#define RUNS 2      /* backup runs, each with one lease and one manifest key: 1 to 3 */
#endif
#ifndef SWEEPERS
#define SWEEPERS 1  /* sweepers at work at the same time */
#endif
#ifndef SWEEPS
#define SWEEPS 2    /* sweeps that each of them begins or takes over, one after the other; at most 4 in all */
#endif
/* -DALL_OF_IT: a sweep always takes all that it may, never one pack alone, which makes fewer states.
 * -DHEAD_EVERYTHING: runs ask for every pack that they do not store, whoever has indexed it. */
#define SLOTS (SWEEPERS * SWEEPS)

#define BIT(n) (1 << (n))
#define LEFTOVER BIT(0)
#define OWN_PACK(a) BIT((a) + 1)
#define OWN_INDEX(a) BIT((a) + 1)

/* ---- the store ---------------------------------------------------------------------------------------------------- */

mtype = { nothing, backup, void, gone };  /* at a manifest's key; gone: was a backup and has been expired */

byte packs = LEFTOVER;
byte index = BIT(0);         /* index objects: bit 0 names the left-over, bit a+1 is run a's and names relies[a] */
byte trash[SLOTS];           /* the packs that a trash object names; 0: no such object */
byte leases;                 /* bit a: run a's lease stands and has no end beside it */
mtype at[RUNS] = nothing;    /* what stands at the manifest key that run a's lease announced */

/* ---- what no single object says ----------------------------------------------------------------------------------- */

byte relies[RUNS];           /* the pack that run a relies on: named by its index object, listed by its manifest */
byte journal;                /* packs that some run stored: what a dead run's journal and the packs' directories tell */
byte in_flight;              /* bit a: a manifest PUT of run a had no answer and may still land */

#if SLOTS == 1
#define ALL_TRASH trash[0]
#elif SLOTS == 2
#define ALL_TRASH (trash[0] | trash[1])
#else
#define ALL_TRASH (trash[0] | trash[1] | trash[2] | trash[3])
#endif

#define LISTED(a) (at[a] == backup -> relies[a] : 0)
#define NAMING(a, set) (relies[a] & (set) -> OWN_INDEX(a) : 0)
#if RUNS == 1
#define NEEDED LISTED(0)
#define INDEX_OF(set) (((set) & LEFTOVER) | NAMING(0, set))
#elif RUNS == 2
#define NEEDED (LISTED(0) | LISTED(1))
#define INDEX_OF(set) (((set) & LEFTOVER) | NAMING(0, set) | NAMING(1, set))
#else
#define NEEDED (LISTED(0) | LISTED(1) | LISTED(2))
#define INDEX_OF(set) (((set) & LEFTOVER) | NAMING(0, set) | NAMING(1, set) | NAMING(2, set))
#endif

/* The promise: whatever a manifest lists is in the store. It can only turn false where a pack goes or a manifest comes,
 * so that is where it is checked. */
#define PROMISE assert((NEEDED & ~packs) == 0)

/* A PUT that is still under way when its key gets taken changes nothing, so the model need not remember it. */
#ifdef BREAK_CREATE_ONCE
#define FORGET(a) 0
#else
#define FORGET(a) BIT(a)
#endif

/* A PUT with If-None-Match: * at run a's manifest key, as it reaches the store. */
inline land(a) {
  if
#ifdef BREAK_CREATE_ONCE
  :: at[a] != gone -> at[a] = backup
#else
  :: at[a] == nothing -> at[a] = backup; in_flight = in_flight & ~FORGET(a)
#endif
  :: else
  fi;
  PROMISE
}

/* ---- a run -------------------------------------------------------------------------------------------------------- */

mtype = { sure, indexed, orphan };  /* how a run knows of a pack: "sure" is the index of a run that has committed */
#ifdef HEAD_EVERYTHING
#define TRUST(a) indexed
#define TRUST_OLD indexed
#else
#define TRUST(a) (at[a] == backup || at[a] == gone -> sure : indexed)
#define TRUST_OLD sure
#endif

inline consider(a) {
  if
  :: seen_index & OWN_INDEX(a) -> use = relies[a]; knows = TRUST(a)
  :: journal & OWN_PACK(a) -> use = OWN_PACK(a); knows = orphan
  fi
}

active [RUNS] proctype run_of() {
  byte seen_trash, seen_index, use;
  mtype knows = sure;

#ifdef BREAK_HEAD_UNDER_LEASE
  byte was_there;
  was_there = packs;
#endif

  /* The start: lease, trash, index, in this order. */
#ifdef BREAK_LEASE_BEFORE_TRASH
  seen_trash = ALL_TRASH;
  leases = leases | BIT(_pid);
  seen_index = index;
#else
  leases = leases | BIT(_pid);
#ifdef BREAK_TRASH_BEFORE_INDEX
  seen_index = index;
  seen_trash = ALL_TRASH;
#else
  seen_trash = ALL_TRASH;
  seen_index = index;
#endif
#endif
#ifdef BREAK_TRASH_IS_ABSENT
  seen_trash = 0;
#endif

  /* The decision: a pack that an index or a dead run's journal tells of and no trash object names, or one of its own. */
  atomic {
    if
    :: true
    :: seen_index & BIT(0) -> use = LEFTOVER; knows = TRUST_OLD
    :: consider(0)
#if RUNS > 1
    :: consider(1)
#endif
#if RUNS > 2
    :: consider(2)
#endif
    fi;
    if
    :: use & seen_trash -> use = 0; knows = sure
    :: else
    fi;
    seen_trash = 0; seen_index = 0;
    if
    :: use == 0 -> goto store
    :: use != 0 && knows == sure -> relies[_pid] = use; goto commit
    :: use != 0 && knows != sure
    fi
  }
  if
  :: atomic { knows == indexed ->
#ifndef BREAK_HEAD_INDEXED
       use = use & packs;                                /* HEAD */
#endif
       knows = sure;
       if
       :: use -> relies[_pid] = use; goto commit
       :: !use -> goto store
       fi }
  :: atomic { knows == orphan ->
       knows = sure;
#if defined(BREAK_HEAD_UNDER_LEASE)
       use = use & was_there;
#elif !defined(BREAK_HEAD_ORPHAN)
       use = use & packs;                                /* HEAD */
#endif
       if
       :: use -> goto name_it
       :: !use -> goto store
       fi }
  fi;

store:
  atomic {
#ifdef BREAK_FRESH_ID
    use = LEFTOVER;
#else
    use = OWN_PACK(_pid);
#endif
#ifndef BREAK_PACK_BEFORE_MANIFEST
    packs = packs | use; journal = journal | use
#endif
  }
name_it:
#ifdef BREAK_INDEX_BEFORE_MANIFEST
  relies[_pid] = use;
#else
  atomic { relies[_pid] = use; index = index | OWN_INDEX(_pid) };
#endif

commit:
  do   /* create-once at the announced key, repeated until what stands there is known */
  :: atomic { at[_pid] == nothing -> land(_pid); break }            /* stored, and told so */
  :: atomic { at[_pid] == nothing -> land(_pid) }                   /* stored, the answer lost on its way */
  :: atomic { at[_pid] == nothing ->                                /* no answer, and not stored so far */
       in_flight = in_flight | BIT(_pid) }
  :: atomic { at[_pid] != nothing ->                                /* 412: read what stands there */
#ifdef BREAK_READ_ON_412
       assert(at[_pid] != void);                                    /* "it exists, so the backup is stored" */
#endif
       break }
  :: atomic { at[_pid] == nothing && !(in_flight & BIT(_pid)) ->    /* gives up before it has asked for anything */
       break }
#ifdef BREAK_ABSENCE_IS_OPEN
  :: atomic { at[_pid] == nothing && in_flight & BIT(_pid) ->       /* GET: 404, "so the PUT has failed" */
       break }
#endif
  od;
  atomic { use = 0; leases = leases & ~BIT(_pid) }
#if defined(BREAK_PACK_BEFORE_MANIFEST)
  ; packs = packs | relies[_pid]
#elif defined(BREAK_INDEX_BEFORE_MANIFEST)
  ; index = index | OWN_INDEX(_pid)
#endif
}

/* ---- a sweep ------------------------------------------------------------------------------------------------------ */

/* Either run a's lease has ended, or it looks expired, which it may at any moment: then a void takes its manifest's key. */
inline pass_lease(a) {
  if
#ifndef BREAK_FENCE
  :: (leases & BIT(a)) && at[a] == nothing -> at[a] = void; in_flight = in_flight & ~FORGET(a)
#endif
  :: else                           /* ended; or 412: it has committed, or is void already */
  fi;
  waits = waits & ~BIT(a)
}

#define ME (_pid - RUNS)
#ifdef BREAK_OWN_OBJECT
#define MINE (dead == NONE -> ME * SWEEPS + left : dead)
#else
#define MINE (ME * SWEEPS + left)   /* its trash object: each sweep has its own key */
#endif
#define NONE 255
#define STOP doomed = 0; waits = 0; dead = NONE; goto end_idle
#if SWEEPS > 1
#define GIVE_UP :: atomic { left > 0 -> STOP }  /* dies here: its trash object stays behind, its next sweep finds that */
#else
#define GIVE_UP
#endif

bool begun;                         /* the sweepers are alike, so the first of them to begin may as well be number 0 */
#define MY_TURN (ME == 0 || begun)

active [SWEEPERS] proctype sweeper() {
  byte doomed, waits, dead = NONE, left = SWEEPS;

end_idle:
  if
  :: atomic { left == 0 -> goto done }
  :: atomic { left > 0 && MY_TURN && (packs & ~NEEDED) != 0 ->
       left--; begun = true;                             /* first look: one of those that no manifest lists, or all */
       doomed = packs & ~NEEDED
#ifndef ALL_OF_IT
       ;
       if
       :: true
       :: doomed & BIT(0) -> doomed = BIT(0)
       :: doomed & BIT(1) -> doomed = BIT(1)
#if RUNS > 1
       :: doomed & BIT(2) -> doomed = BIT(2)
#endif
#if RUNS > 2
       :: doomed & BIT(3) -> doomed = BIT(3)
#endif
       fi
#endif
       }
#ifdef BREAK_TRASH_BEFORE_LEASES
     waits = leases;
     trash[MINE] = doomed
#else
     trash[MINE] = doomed;
     waits = leases
#endif
#if SLOTS > 1
  :: atomic { left > 0 && ALL_TRASH != 0 ->              /* a sweep that looks dead, which proves nothing: take it over */
       left--;
       if
       :: trash[0] -> dead = 0
       :: trash[1] -> dead = 1
#if SLOTS > 2
       :: trash[2] -> dead = 2
       :: trash[3] -> dead = 3
#endif
       fi;
       doomed = trash[dead] }
#ifdef BREAK_FINISH
     atomic { trash[dead] = 0; STOP };
#endif
#ifndef BREAK_OWN_OBJECT
     trash[MINE] = doomed;
#ifndef BREAK_REPLACE_BEFORE_LOOK
     atomic { trash[dead] = 0; dead = NONE };
#endif
#endif
#ifdef BREAK_OWN_LEASE_LIST
     skip
#else
     waits = leases
#endif
#endif
  fi;

#ifdef BREAK_LOOK_AFTER_WAIT
  doomed = doomed & ~NEEDED;
#endif
  do
  :: atomic { waits & BIT(0) -> pass_lease(0) }
#if RUNS > 1
  :: atomic { waits & BIT(1) -> pass_lease(1) }
#endif
#if RUNS > 2
  :: atomic { waits & BIT(2) -> pass_lease(2) }
#endif
  :: atomic { waits == 0 -> break }
  GIVE_UP
  od;
#if !defined(BREAK_LOOK_AFTER_WAIT) && !defined(BREAK_SECOND_LOOK)
  doomed = doomed & ~NEEDED;                             /* LIST manifests */
#endif
#ifndef BREAK_OBJECT_STANDS
  if
  :: atomic { trash[MINE] != 0 }                         /* LIST trash: its own object is still there, or it stops */
  :: atomic { trash[MINE] == 0 -> STOP }
  fi;
#endif
  do
  :: atomic { doomed & packs & BIT(0) -> packs = packs & ~BIT(0); PROMISE }
  :: atomic { doomed & packs & BIT(1) -> packs = packs & ~BIT(1); PROMISE }
#if RUNS > 1
  :: atomic { doomed & packs & BIT(2) -> packs = packs & ~BIT(2); PROMISE }
#endif
#if RUNS > 2
  :: atomic { doomed & packs & BIT(3) -> packs = packs & ~BIT(3); PROMISE }
#endif
  :: atomic { (doomed & packs) == 0 -> break }
  GIVE_UP
  od;
#ifdef BREAK_TRASH_LAST
  trash[MINE] = 0;
#endif
  if
  :: index = index & ~INDEX_OF(doomed)
  GIVE_UP
  fi;
#ifdef BREAK_REPLACE_BEFORE_LOOK
  if
  :: dead != NONE -> trash[dead] = 0
  :: dead == NONE
  fi;
#endif
  if
  :: atomic { trash[MINE] = 0; STOP }
  GIVE_UP
  fi;
done:
  skip
}

/* ---- the rest of the world ---------------------------------------------------------------------------------------- */

active proctype world() {
end_world:
  do
  :: atomic { in_flight & BIT(0) -> in_flight = in_flight & ~BIT(0); land(0) }
#if RUNS > 1
  :: atomic { in_flight & BIT(1) -> in_flight = in_flight & ~BIT(1); land(1) }
#endif
#if RUNS > 2
  :: atomic { in_flight & BIT(2) -> in_flight = in_flight & ~BIT(2); land(2) }
#endif
  :: atomic { at[0] == backup -> at[0] = gone }   /* retention lets the backup of run 0 go */
  od
}
