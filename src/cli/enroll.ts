// `freshet enroll`: makes this machine a device of a collector on another machine.
import { enrolHere, type Wanted } from '../agent/enrolling.ts'
import { readEnrolment } from '../agent/enrolment-file.ts'
import { commandFor } from '../hint.ts'
import { readOrMakeDeviceId } from '../host/device.ts'
import { dropTo } from '../host/drop.ts'
import { hardwareId } from '../host/hardware.ts'
import { describeMachine } from '../host/machine.ts'
import { StateFileError } from '../state-file.ts'
import { collectorOrigin } from '../stream/collector-url.ts'
import { EnrolError } from '../stream/enrol.ts'
import { parsePin } from '../trust/pin.ts'
import { VERSION } from '../version.ts'
import { readPublicKey } from './policy-signing.ts'
import { defaultUser } from './service-user.ts'
import { readSettings, SETTINGS_PLACE, wantedBy } from './settings.ts'
import { ConfigError, statePaths } from './state.ts'
import { enterStateDirectory, makeStateDirectory } from './state-directory.ts'
import { tokenOf } from './token.ts'

export type EnrollCommand = {
  state?: string
  user?: string
  collector?: string
  tokenFile?: string
  pin?: string
  policyKey?: string
  settings?: string
}

export async function runEnrollCommand(command: EnrollCommand): Promise<number> {
  const paths = statePaths(command.state)
  const user = defaultUser(command.user)
  const wanted = await wantedOf(command)
  const { collector } = wanted
  makeStateDirectory(paths, paths.agent, user)
  if (user) dropTo(user)
  enterStateDirectory(paths.agent, user?.name ?? 'this user')
  const { deviceId, old } = configured('enroll', () => ({
    deviceId: readOrMakeDeviceId('.', undefined, (text) => process.stderr.write(`${text}\n`)),
    old: readEnrolment('.'),
  }))
  const machine = {
    deviceId,
    hardware: hardwareId(),
    agentVersion: VERSION,
    host: describeMachine(),
  }
  try {
    const enrolled = await enrolHere('.', wanted, machine)
    process.stdout.write(
      `enrolled: this machine is device ${deviceId} of ${collector}, in the group ${enrolled.group}\n` +
        (old?.collector === collector
          ? 'an agent that runs takes it up by itself, within seconds\n'
          : `start ${commandFor('agent', paths.root)}, or start it again where it runs\n`),
    )
    return 0
  } catch (error) {
    if (error instanceof StateFileError) throw new ConfigError(error.message)
    if (!(error instanceof EnrolError)) throw error
    throw new ConfigError(`not enrolled: ${error.message}`)
  }
}

/** By the command line; who names no collector there means that of the settings. Throws ConfigError. */
async function wantedOf(command: EnrollCommand): Promise<Wanted> {
  const { collector, pin, tokenFile, policyKey, settings: place = SETTINGS_PLACE } = command
  const settings = collector === undefined ? readSettings(place) : undefined
  if (collector === undefined && !settings)
    throw new ConfigError(
      `enroll: with which collector? Say --collector, --pin and --token-file, or have settings in ${place}`,
    )
  if (collector !== undefined && (pin === undefined || tokenFile === undefined))
    throw new ConfigError('enroll: --collector wants --pin and --token-file beside it')
  const given = {
    ...settings,
    ...(collector === undefined
      ? {}
      : { collector: configured('--collector', () => collectorOrigin(collector)) }),
    ...(pin === undefined ? {} : { pin: configured('--pin', () => parsePin(pin)) }),
    ...(tokenFile === undefined ? {} : { token: await tokenOf(tokenFile) }),
  }
  const wanted = wantedBy(given, place)
  return policyKey === undefined
    ? wanted
    : { ...wanted, policyKey: readPublicKey(policyKey, '--policy-key') }
}

function configured<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (error instanceof StateFileError) throw new ConfigError(error.message)
    throw new ConfigError(`${what}: ${(error as Error).message}`)
  }
}
