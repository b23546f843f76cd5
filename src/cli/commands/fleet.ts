// `freshet collector pin`, `tokens` and `devices`.
import { type Command, Option } from 'commander'
import type { DeviceChange } from '../../collector/fleet/fleet.ts'
import { hardware, name, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import { stateOption } from '../options.ts'
import { ConfigError } from '../state.ts'
import type { MakeTokenCommand } from '../tokens.ts'

type State = { state?: string }
type Removal = State & { withData: boolean; neverSeen: boolean; token?: string; yes: boolean }

/** Throws ConfigError. */
function tokenId(text: string): number {
  try {
    return whole(1, 2 ** 31)(text)
  } catch (error) {
    throw new ConfigError(`tokens revoke: <id> ${(error as Error).message}`)
  }
}

/** What a person wrote after the device. Throws ConfigError. */
function named(usage: string, text: string): string {
  try {
    return name(text)
  } catch (error) {
    throw new ConfigError(`devices ${usage}: <name> ${(error as Error).message}`)
  }
}

export function addFleetCommands(collector: Command): void {
  collector
    .command('pin')
    .description("prints what agents know this collector by: the SHA-256 of its authority's key")
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runPinCommand } = await import('../fleet.ts')
      await finish(Promise.resolve(runPinCommand(options)))
    })

  const tokens = collector.command('tokens').description('secrets that let new devices enrol')
  tokens
    .command('make')
    .description('makes one and prints it, this once')
    .addOption(stateOption())
    .addOption(new Option('--label <text>', 'what it is for').argParser(name).makeOptionMandatory())
    .addOption(
      new Option('--group <name>', 'group of the devices that come by it')
        .argParser(name)
        .default('default'),
    )
    .addOption(
      new Option('--uses <n>', 'how many devices may come by it (default: any number)').argParser(
        whole(1, 1_000_000),
      ),
    )
    .addOption(
      new Option('--days <n>', 'how long it is good for (default: until it is revoked)').argParser(
        whole(1, 3650),
      ),
    )
    .action(async (options: MakeTokenCommand) => {
      const { runMakeTokenCommand } = await import('../tokens.ts')
      await finish(Promise.resolve(runMakeTokenCommand(options)))
    })
  tokens
    .command('list')
    .description('what was made, and how often it was used')
    .addOption(stateOption())
    .option('--json', 'as JSON')
    .action(async (options: State & { json?: boolean }) => {
      const { runListTokensCommand } = await import('../tokens.ts')
      await finish(Promise.resolve(runListTokensCommand(options)))
    })
  tokens
    .command('revoke <id>')
    .description('lets nobody in by it any more; who came by it stays')
    .addOption(stateOption())
    .action(async (id: string, options: State) => {
      const { runRevokeTokenCommand } = await import('../tokens.ts')
      await finish(Promise.resolve(runRevokeTokenCommand({ ...options, id: tokenId(id) })))
    })

  collector
    .command('refusals')
    .description('who was turned away lately: from where, by which code, how often, when last')
    .addOption(stateOption())
    .option('--json', 'as JSON')
    .action(async (options: State & { json?: boolean }) => {
      const { runRefusalsCommand } = await import('../fleet-look.ts')
      await finish(Promise.resolve(runRefusalsCommand(options)))
    })

  const devices = collector.command('devices').description('machines that are enrolled')
  devices
    .command('list')
    .description('each with its group, owner and standing')
    .addOption(stateOption())
    .option('--json', 'as JSON')
    .action(async (options: State & { json?: boolean }) => {
      const { runListDevicesCommand } = await import('../fleet.ts')
      await finish(Promise.resolve(runListDevicesCommand(options)))
    })
  devices
    .command('show <device>')
    .description('all that is known of one: standing, policies and why they are not applied')
    .addOption(stateOption())
    .action(async (id: string, options: State) => {
      const { runShowDeviceCommand } = await import('../fleet-look.ts')
      await finish(Promise.resolve(runShowDeviceCommand({ ...options, id })))
    })
  /** Commands on one device, by its id, the beginning of it, or its name. */
  const change = (
    usage: string,
    description: string,
    changeOf: (value: string) => DeviceChange,
    done: (value: string) => string,
  ) =>
    devices
      .command(usage)
      .description(description)
      .addOption(stateOption())
      .action(async (id: string, ...rest: unknown[]) => {
        const value = typeof rest[0] === 'string' ? named(usage, rest[0]) : ''
        const options = (typeof rest[0] === 'string' ? rest[1] : rest[0]) as State
        const { runChangeDeviceCommand } = await import('../fleet.ts')
        await finish(
          Promise.resolve(runChangeDeviceCommand({ ...options, id }, changeOf(value), done(value))),
        )
      })
  change(
    'admit <device>',
    'takes it out of quarantine, or takes a revoked one back',
    () => ({ standing: 'active' }),
    () => 'is admitted',
  )
  change(
    'revoke <device>',
    'ends its connection and lets it in no more; what it sent stays',
    () => ({ standing: 'revoked' }),
    () => 'is revoked',
  )
  devices
    .command('allow <device>')
    .description('lets it, or its hardware, enrol again by a token, once')
    .addOption(stateOption())
    .addOption(
      new Option(
        '--hardware <sha256>',
        'on this hardware, as the machine itself says it: it was enrolled elsewhere by a stolen key',
      ).argParser(hardware),
    )
    .action(async (id: string, options: State & { hardware?: string }) => {
      const { runChangeDeviceCommand } = await import('../fleet.ts')
      const { hardware: on, ...command } = options
      const isOn = on === undefined ? {} : { hardware: on }
      const where = on === undefined ? '' : `, on the hardware ${on.slice(0, 8)}…`
      const done = `may enrol again, once${where}, and is quarantined then`
      const to = { mayEnrolAgain: true, ...isOn }
      await finish(Promise.resolve(runChangeDeviceCommand({ ...command, id }, to, done)))
    })
  change(
    'rename <device> <name>',
    'calls it by a name of your own',
    (value) => ({ name: value }),
    (value) => `is called "${value}"`,
  )
  change(
    'group <device> <name>',
    'puts it into a group',
    (value) => ({ group: value }),
    (value) => `is in the group "${value}"`,
  )
  change(
    'owner <device> <name>',
    'says whose it is',
    (value) => ({ owner: value }),
    (value) => `is owned by "${value}"`,
  )
  devices
    .command('remove [device]')
    .description('forgets it; what it sent stays until it is too old')
    .addOption(stateOption())
    .option('--with-data', 'deletes now what it sent, its alerts too', false)
    .option('--never-seen', 'forgets all that are quarantined and never connected', false)
    .addOption(
      new Option(
        '--token <label>',
        'forgets all that came by this token and that nobody has admitted',
      ).argParser(name),
    )
    .option('--yes', 'with --token: does not ask', false)
    .action(async (id: string | undefined, options: Removal) => {
      const { token, neverSeen, withData, yes } = options
      const ways = [id !== undefined, neverSeen, token !== undefined].filter((is) => is)
      if (ways.length !== 1 || (withData && id === undefined) || (yes && token === undefined))
        throw new ConfigError(
          'devices remove: one device (--with-data: and what it sent), --never-seen, or --token (--yes: unasked)',
        )
      const removal = await import('../removal.ts')
      if (id !== undefined) await finish(removal.runRemoveDeviceCommand({ ...options, id }))
      else if (token !== undefined)
        await finish(removal.runRemoveOfTokenCommand({ ...options, token }))
      else await finish(Promise.resolve(removal.runRemoveNeverSeenCommand(options)))
    })
}
