// How much of a thing a test does: enough to find a fault in `npm test`, and many times as much in `npm run test:long`,
// which CI runs as well (scripts/test.mjs).

/** `usual` times; `long` times in the long run; as many as the variable of the environment says, if it says any. */
export function times(variable: string, { usual, long }: { usual: number; long: number }): number {
  const said = process.env[variable]
  if (said) return Number(said)
  return process.env['FRESHET_LONG'] === '1' ? long : usual
}
