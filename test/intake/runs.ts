// How often a property is tried: FRESHET_INTAKE_RUNS for longer, FRESHET_SEED for the same again.
const { FRESHET_INTAKE_RUNS, FRESHET_SEED } = process.env
export const RUNS = {
  numRuns: Number(FRESHET_INTAKE_RUNS ?? 300),
  ...(FRESHET_SEED ? { seed: Number(FRESHET_SEED) } : {}),
}
