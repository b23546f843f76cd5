// Every state of a Mac's sources, and what is chosen in it.
import assert from 'node:assert/strict'
import { Capability, Gap } from '../../src/records/record.gen.ts'
import {
  chooseSources,
  type Heard,
  MAC_SOURCES,
  type MacSource,
  macSourceOf,
  parseSources,
  type Said,
  SOURCE_CODE,
} from '../../src/sources/choice.ts'

const ALL = Capability.processEvents + Capability.flowCloses + Capability.allProcesses
const WORKS: Said = { capabilities: ALL, gaps: 0 }
const CANNOT: Partial<Record<MacSource, Said>> = {
  endpoint_security: { capabilities: Capability.allProcesses, gaps: Gap.entitlement },
  eslogger: { capabilities: 0, gaps: Gap.eslogger },
  polling: { capabilities: 0, gaps: 0 },
  filter: { capabilities: 0, gaps: Gap.filter },
  network_statistics: { capabilities: 0, gaps: Gap.networkStatistics },
  nettop: { capabilities: 0, gaps: Gap.nettop },
}

/** Those of `works` work, the others have said that they cannot. */
const heardOf = (...works: MacSource[]): Heard =>
  new Map(MAC_SOURCES.map((name) => [name, works.includes(name) ? WORKS : (CANNOT[name] as Said)]))

describe('the choice of a Mac’s sources', () => {
  const processes: [MacSource[], string, MacSource[]][] = [
    [['endpoint_security', 'eslogger', 'polling'], 'endpoint_security', []],
    [['endpoint_security'], 'endpoint_security', []],
    [['eslogger', 'polling'], 'eslogger', ['eslogger', 'polling']],
    [['eslogger'], 'eslogger', ['eslogger', 'polling']],
    [['polling'], 'polling', ['eslogger', 'polling']],
    [[], 'none', ['eslogger', 'polling']],
  ]
  const flows: [MacSource[], string, MacSource[]][] = [
    [['filter', 'network_statistics', 'nettop'], 'filter', ['network_statistics']],
    [['filter', 'network_statistics'], 'filter', ['network_statistics']],
    [['filter', 'nettop'], 'filter', ['network_statistics', 'nettop']],
    [['filter'], 'filter', ['network_statistics', 'nettop']],
    [['network_statistics', 'nettop'], 'network_statistics', ['network_statistics']],
    [['network_statistics'], 'network_statistics', ['network_statistics']],
    [['nettop'], 'nettop', ['network_statistics', 'nettop']],
    [[], 'none', ['network_statistics', 'nettop']],
  ]
  for (const [ofProcesses, process, runs] of processes)
    for (const [ofFlows, flow, alsoRun] of flows) {
      const working = [...ofProcesses, ...ofFlows]
      it(`is ${process} and ${flow} where ${working.join(', ') || 'nothing'} works`, () => {
        assert.deepEqual(chooseSources(heardOf(...working)), {
          processes: process,
          flows: flow,
          runs: [...runs, ...alsoRun],
          isFilterSilent: false,
        })
      })
    }

  it('believes the one that sees where the filter is silent, and the filter where none does', () => {
    const silent = (...working: MacSource[]) => {
      const { flows: chosen, isFilterSilent } = chooseSources(heardOf(...working), {
        isFilterSilent: true,
      })
      return [chosen, isFilterSilent]
    }
    assert.deepEqual(silent('filter', 'network_statistics'), ['network_statistics', true])
    assert.deepEqual(silent('filter', 'nettop'), ['nettop', true])
    assert.deepEqual(silent('filter'), ['filter', true])
    assert.deepEqual(silent('network_statistics'), ['network_statistics', false])
  })

  it('believes another where the filter says nothing at all, or is switched off, and runs what it did', () => {
    for (const [gap, isFilterSilent] of [
      [Gap.filterSilent, true],
      [Gap.filterOff, false],
    ] as const) {
      const said = { capabilities: 0, gaps: gap }
      const of = (...working: MacSource[]) => {
        const heard = new Map([...heardOf(...working), ['filter' as const, said]])
        const { flows: chosen, runs, isFilterSilent: is } = chooseSources(heard)
        assert.equal(is, isFilterSilent)
        return [chosen, runs.filter((name) => name !== 'polling' && name !== 'eslogger')]
      }
      assert.deepEqual(of('network_statistics'), ['network_statistics', ['network_statistics']])
      assert.deepEqual(of('nettop'), ['nettop', ['network_statistics', 'nettop']])
      assert.deepEqual(of(), ['none', ['network_statistics', 'nettop']])
      const allowed = parseSources('nettop')
      assert.equal(chooseSources(new Map([['filter', said]]), { allowed }).isFilterSilent, false)
    }
  })

  it('runs what stands in before the better one has said whether it works, but for nettop', () => {
    assert.deepEqual(chooseSources(new Map()), {
      processes: 'none',
      flows: 'none',
      runs: ['eslogger', 'polling', 'network_statistics'],
      isFilterSilent: false,
    })
  })

  it('takes the list of processes of one user, where the agent does not run as root', () => {
    const said = { capabilities: 0, gaps: Gap.shortLived + Gap.notRoot }
    assert.equal(chooseSources(new Map([['polling', said]])).processes, 'polling')
    const stopped = { capabilities: 0, gaps: 0 }
    assert.equal(chooseSources(new Map([['polling', stopped]])).processes, 'none')
  })

  it('takes none that is not allowed, and what stands in for it', () => {
    const all = heardOf(...MAC_SOURCES)
    const chosen = (text: string) => {
      const {
        processes: process,
        flows: flow,
        runs,
      } = chooseSources(all, {
        allowed: parseSources(text),
      })
      return [process, flow, runs]
    }
    assert.deepEqual(chosen('polling,nettop'), ['polling', 'nettop', ['polling', 'nettop']])
    assert.deepEqual(chosen('eslogger, network-statistics'), [
      'eslogger',
      'network_statistics',
      ['eslogger', 'network_statistics'],
    ])
    assert.deepEqual(chosen('endpoint_security,filter'), ['endpoint_security', 'filter', []])
    assert.deepEqual(chosen('filter'), ['none', 'filter', []])
  })

  it('is named by sources that there are', () => {
    assert.throws(() => parseSources('polling,dtrace'), /"dtrace" is no source: name some of endp/)
    assert.throws(() => parseSources(''), RangeError)
    for (const name of MAC_SOURCES) assert.equal(macSourceOf(SOURCE_CODE[name]), name)
    assert.equal(macSourceOf(1), undefined)
  })
})
