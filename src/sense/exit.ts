// Exit statuses that one role tells another (sysexits.h).

/** Settings are wrong, the message said how: starting again would not help (EX_CONFIG). */
export const EXIT_CONFIG = 78

/** The engine failed on the records it was given: given them again, the next one may too (EX_DATAERR). */
export const EXIT_RECORDS = 65

/** What it wants is not to be had now, as room on a disk: the same may work later (EX_TEMPFAIL). */
export const EXIT_NOT_NOW = 75

/** A command was not typed as it has to be (EX_USAGE): what was asked of it is not known to be well or not. */
export const EXIT_USAGE = 64
