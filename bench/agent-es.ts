// What an Endpoint Security message costs the handler that it holds up: native/bench/es_decode.cc, compiled and run
// here, on Linux over the double of macOS.
import { WHY_NOT_COMPILED, withCompiled } from './compiled.ts'
import type { Row } from './row.ts'

const MADE_OF = {
  sources: ['bench/es_decode.cc', 'mac/es_message.cc', 'test/mac/double.cc'],
  flags: ['-I.', '-Itest/mac', '-isystem', 'test/mac/double'],
}

type Figures = Record<
  | 'messageNs'
  | 'stringsMessageNs'
  | 'copyMessageNs'
  | 'execNs'
  | 'stringsExecNs'
  | 'copyExecNs'
  | 'allocations'
  | 'stringsAllocations',
  number
>

const NAMES = { message: 'agent es message', exec: 'agent es exec' } as const

export async function esDecode(): Promise<Row[]> {
  if (process.platform !== 'linux') return notMeasured('it is measured on Linux')
  const rows = await withCompiled(MADE_OF, async ({ compiler, run }) => {
    const figures = JSON.parse(await run()) as Figures
    if (figures.allocations !== 0)
      throw new Error(`the handler allocates: ${figures.allocations} times in two batches`)
    const row = (name: string, ns: number, stringsNs: number, copyNs: number): Row => ({
      name,
      value: ns,
      unit: 'ns',
      rival: `strings in a locked queue, ${Math.round(stringsNs)} ns; a bare copy of its bytes, ${Math.round(copyNs)} ns (${compiler})`,
      ratio: ns / stringsNs,
    })
    return [
      row(NAMES.message, figures.messageNs, figures.stringsMessageNs, figures.copyMessageNs),
      row(NAMES.exec, figures.execNs, figures.stringsExecNs, figures.copyExecNs),
    ]
  })
  return rows ?? notMeasured(WHY_NOT_COMPILED)
}

const notMeasured = (why: string): Row[] =>
  Object.values(NAMES).map((name) => ({
    name,
    value: Number.NaN,
    unit: 'ns',
    rival: `not measured: ${why}`,
  }))
