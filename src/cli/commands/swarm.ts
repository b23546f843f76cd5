// `freshet swarm`.
import { type Command, Option } from 'commander'
import { commandThere } from '../../hint.ts'
import { path, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import { policyKeyOption } from '../options.ts'

type SwarmFlags = {
  collector: string
  pin?: string
  tokenFile?: string
  identities?: string
  policyKey?: string
  agents: number
  processes: number
  seconds: number
  rate: number
  alerts: number
  live: number
  ramp: number
  storms: number
  duplicates: number
  skew: number
  halfOpen: number
  json?: boolean
}

export function addSwarmCommand(program: Command): void {
  const number = (flags: string, text: string, max: number, usual: number, min = 0) =>
    new Option(flags, text).argParser(whole(min, max)).default(usual)
  program
    .command('swarm')
    .description(
      'simulated agents that enrol and deliver over mutual TLS, to see what a collector takes; ends with what was made and acknowledged',
    )
    .requiredOption('--collector <url>', 'its address, as https://collector.example:8442')
    .addOption(
      new Option(
        '--token-file <file>',
        `what ${commandThere('collector tokens make')} printed there`,
      ).argParser(path),
    )
    .option('--pin <sha256>', `what ${commandThere('collector pin')} prints there`)
    .addOption(
      new Option(
        '--identities <file>',
        'keeps the enrolled devices and their keys for the next time; for your user alone',
      ).argParser(path),
    )
    .addOption(policyKeyOption())
    .addOption(number('--agents <n>', 'how many', 1_000_000, 100, 1))
    .addOption(number('--processes <n>', 'among which they are shared', 64, 1, 1))
    .addOption(number('--seconds <n>', 'how long they find something', 86_400, 60, 1))
    .addOption(number('--rate <n>', 'findings an hour of each', 3_600_000, 60))
    .addOption(number('--alerts <percent>', 'of these, alerts', 100, 1))
    .addOption(number('--live <ms>', 'between two reports of their counters', 3_600_000, 1000, 100))
    .addOption(number('--ramp <n>', 'first connections a second', 100_000, 200, 1))
    .addOption(number('--storms <n>', 'times that all are cut at once', 1000, 0))
    .addOption(
      number('--duplicates <percent>', 'of those cut send again what was acknowledged', 100, 0),
    )
    .addOption(number('--skew <seconds>', 'their clocks are off by up to so much', 31_536_000, 0))
    .addOption(number('--half-open <n>', 'that read no more once they are connected', 100_000, 0))
    .option('--json', 'what was counted, as JSON')
    .action(async (flags: SwarmFlags) => {
      const { LOAD, runSwarmCommand } = await import('../swarm.ts')
      const { collector, pin, tokenFile, identities, policyKey, agents, processes, json } = flags
      const load = {
        ...LOAD,
        ...{ connectsPerSecond: flags.ramp, perAgentHour: flags.rate, liveEveryMs: flags.live },
        ...{ alertShare: flags.alerts / 100, forMs: flags.seconds * 1000, storms: flags.storms },
        ...{ againShare: flags.duplicates / 100, skewMs: flags.skew * 1000 },
        halfOpen: flags.halfOpen,
      }
      await finish(
        runSwarmCommand({
          ...{ collector, agents, processes, load },
          ...(pin === undefined ? {} : { pin }),
          ...(tokenFile === undefined ? {} : { tokenFile }),
          ...(identities === undefined ? {} : { identities }),
          ...(policyKey === undefined ? {} : { policyKey }),
          ...(json === undefined ? {} : { json }),
        }),
      )
    })
  program.command('swarm-share', { hidden: true }).action(async () => {
    const { runSwarmShare } = await import('../swarm.ts')
    await finish(runSwarmShare())
  })
}
