// File names that two commands share.

/** In the collector's state directory: the address it listens on, which is how `simulate` finds it. */
export const ADDRESS_FILE = 'address'
