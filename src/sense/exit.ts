// Exit statuses that one role tells another (sysexits.h).

/** Settings are wrong, the message said how: starting again would not help (EX_CONFIG). */
export const EXIT_CONFIG = 78
