// The executable `freshet-sense`: the root role alone. Of Freshet's code it has no network, no FFI, no collector.
import { beginAlone } from './sense-beginning.ts'

beginAlone()
const { runSenseProgram } = await import('./sense-program.ts')
await runSenseProgram()
