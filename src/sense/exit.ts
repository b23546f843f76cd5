// Exit statuses that one role tells another (sysexits.h).

/** Settings are wrong, the message said how: starting again would not help (EX_CONFIG). */
export const EXIT_CONFIG = 78

/** The engine failed on the records it was given: given them again, the next one may too (EX_DATAERR). */
export const EXIT_RECORDS = 65

/** What it wants is not to be had now, as room on a disk: the same may work later (EX_TEMPFAIL). */
export const EXIT_NOT_NOW = 75

/** In the environment of a role that may end so: how often in a row it has, and said why. */
export const REFUSED_BEFORE = 'FRESHET_REFUSED_BEFORE'
/** At 15 s apart, which is the longest that one is rested after, each five minutes. */
const SAID_EACH = 20

/** Whether a role is to say why it ends with EXIT_NOT_NOW: the first time in a row, and now and then after that. */
export const isSaidNow = (env: NodeJS.ProcessEnv = process.env): boolean =>
  (Number(env[REFUSED_BEFORE]) || 0) % SAID_EACH === 0

/** A command was not typed as it has to be (EX_USAGE): what was asked of it is not known to be well or not. */
export const EXIT_USAGE = 64
