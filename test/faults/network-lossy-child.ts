// All of a bad network in one program, for who runs it where packets are lost: `node network-lossy-child.ts SEED ROUNDS`. Its
// account is a line of JSON.
import { BadNetwork } from './network.ts'

const [seed, rounds] = process.argv.slice(2).map(Number)
if (seed === undefined || rounds === undefined)
  throw new Error('usage: network-lossy-child.ts SEED ROUNDS')
const network = await BadNetwork.start()
try {
  await network.meetAll(seed, rounds)
  process.stdout.write(`${JSON.stringify(await network.account())}\n`)
} finally {
  await network.end()
}
