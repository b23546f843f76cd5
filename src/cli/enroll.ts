// `freshet enroll`: makes this machine a device of a collector on another machine.
import { text } from 'node:stream/consumers'
import { type Enrolment, readEnrolment, writeEnrolment } from '../agent/enrolment-file.ts'
import { commandFor, commandThere } from '../hint.ts'
import { readOrMakeDeviceId } from '../host/device.ts'
import { dropTo } from '../host/drop.ts'
import { hardwareId } from '../host/hardware.ts'
import { describeMachine } from '../host/machine.ts'
import { StateFileError } from '../state-file.ts'
import { collectorOrigin } from '../stream/collector-url.ts'
import { EnrolError, enrol } from '../stream/enrol.ts'
import { ENROLMENT_TOKEN_PREFIX } from '../stream/message.ts'
import { makeKey, requestOf } from '../trust/certificates.ts'
import { parsePin } from '../trust/pin.ts'
import { VERSION } from '../version.ts'
import { STREAM } from './output-file.ts'
import { readOptionFile } from './policy-file.ts'
import { readPublicKey } from './policy-signing.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { enterStateDirectory, makeStateDirectory } from './state-directory.ts'

const TOKEN_CHARS_MAX = 200

export type EnrollCommand = {
  state?: string
  user?: string
  collector: string
  tokenFile: string
  pin: string
  policyKey?: string
}

export async function runEnrollCommand(command: EnrollCommand): Promise<number> {
  const paths = statePaths(command.state)
  const user = defaultUser(command.user)
  const collector = configured('--collector', () => collectorOrigin(command.collector))
  const pin = configured('--pin', () => parsePin(command.pin))
  const token = (
    command.tokenFile === STREAM
      ? await text(process.stdin)
      : readOptionFile(command.tokenFile, '--token-file')
  ).trim()
  if (token === '') throw new ConfigError(`--token-file: ${command.tokenFile} is empty`)
  // Whatever else is in there is not the collector's to see.
  if (!token.startsWith(ENROLMENT_TOKEN_PREFIX) || token.length > TOKEN_CHARS_MAX)
    throw new ConfigError(
      `--token-file: ${command.tokenFile} holds no enrolment token: one begins with ${ENROLMENT_TOKEN_PREFIX}, and an administrator makes it with ${commandThere('collector tokens make')}`,
    )
  const givenKey =
    command.policyKey === undefined ? undefined : readPublicKey(command.policyKey, '--policy-key')
  makeStateDirectory(paths, paths.agent, user)
  if (user) dropTo(user)
  enterStateDirectory(paths.agent, user?.name ?? 'this user')
  const { deviceId, old } = configured('enroll', () => ({
    deviceId: readOrMakeDeviceId('.', undefined, (text) => process.stderr.write(`${text}\n`)),
    old: readEnrolment('.'),
  }))
  const key = makeKey()
  const { hostname, port } = new URL(collector)
  try {
    const enrolled = await enrol({
      collector: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) },
      pin,
      old: old?.collector === collector ? old : undefined,
      request: {
        token,
        request: await requestOf(key, deviceId),
        hardware: hardwareId(),
        agentVersion: VERSION,
        host: describeMachine(),
      },
    })
    const policyKey = givenKey ?? (old?.collector === collector ? old.policyKey : undefined)
    const enrolment: Enrolment = {
      ...{ collector, key, ...enrolled },
      ...(policyKey === undefined ? {} : { policyKey }),
    }
    writeEnrolment('.', enrolment)
    process.stdout.write(
      `enrolled: this machine is device ${deviceId} of ${collector}, in the group ${enrolled.group}\n` +
        (old?.collector === collector
          ? 'an agent that runs takes it up by itself\n'
          : `start ${commandFor('agent', paths.root)}, or start it again where it runs\n`),
    )
    return 0
  } catch (error) {
    if (!(error instanceof EnrolError)) throw error
    throw new ConfigError(`not enrolled: ${error.message}`)
  }
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
