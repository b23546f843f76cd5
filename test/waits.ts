/**
 * Milliseconds that a test waits for what has to come. Only a fault takes so long, whatever else the machine does: a
 * shorter wait would decide by how busy that is. Mocha's own limit is twice it (.mocharc.json).
 */
export const WAIT_MS = 60_000
