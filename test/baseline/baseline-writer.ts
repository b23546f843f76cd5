// Child of the kill test: commits one identity, two destinations, an alert that counts them and what flows had moved
// then, for ever, and prints how many identities there are after each commit that returned.
import { writeSync } from 'node:fs'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { alertOf, destinationOf, flowsAfter, identityOf, START } from './identities.ts'

const path = process.argv[2]
if (path === undefined) throw new Error('usage: baseline-writer.ts PATH')
const { baseline } = openBaseline(path, { now: START })
for (let number = baseline.counts().identities; ; number++) {
  baseline.putIdentity(identityOf(number))
  baseline.putDestination(destinationOf(number, number * 2))
  baseline.putDestination(destinationOf(number, number * 2 + 1))
  baseline.putAlert({ ...alertOf(0), state: `${number + 1}` })
  for (const flow of flowsAfter(number + 1)) baseline.carried.putFlow(flow)
  baseline.commit()
  writeSync(1, `${number + 1}\n`)
}
