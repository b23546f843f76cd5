// Exit statuses that one role tells another (sysexits.h).

/** Settings are wrong, the message said how: starting again would not help (EX_CONFIG). */
export const EXIT_CONFIG = 78

/** The engine failed on the records it was given: given them again, the next one may too (EX_DATAERR). */
export const EXIT_RECORDS = 65
