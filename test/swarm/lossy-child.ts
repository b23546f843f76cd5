// A collector and a swarm in one process, for who runs it in a network that loses packets: what was made, acknowledged and
// stored, as a line of JSON.
import { LOAD, runSwarm } from '../../src/swarm/swarm.ts'
import { generatedOf } from '../../src/swarm/tally.ts'
import { runFleet } from '../collector/enrolled.ts'
import { swarmOf } from './enrolled-swarm.ts'

const fleet = await runFleet()
const tally = await runSwarm({
  ...{ identities: await swarmOf(fleet, 20), firstNumber: 0 },
  ...{ signal: new AbortController().signal, pace: { backoffFirstMs: 200 } },
  load: {
    ...{ ...LOAD, connectsPerSecond: 100, perAgentHour: 36_000, forMs: 4000, storms: 1 },
    ...{ againShare: 0.5, liveEveryMs: 200, alertShare: 0.1 },
  },
})
const { acknowledged, refused, waiting, welcomed, sentAgain, acknowledgedAgain } = tally
process.stdout.write(
  `${JSON.stringify({
    ...{ made: generatedOf(tally), acknowledged, refused, waiting, welcomed },
    ...{ sentAgain, acknowledgedAgain, stored: fleet.collector.counters().itemsStored },
  })}\n`,
)
await fleet.stop()
