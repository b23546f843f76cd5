// The processes that a recording found running, beside what ps and codesign say of the same Mac.
import type { ExecRecord } from '../../src/records/record.gen.ts'
import { endOf, firstLine, type Mac, recording } from './mac.ts'
import { recordedIn } from './recorded.ts'

export type Told = Pick<ExecRecord, 'pid' | 'path' | 'signingId' | 'teamId'> & { cdhash: string }

/** By pid, of `ps -axwwo pid=,comm=`. */
export const psTable = (output: string): Map<number, string> =>
  new Map(
    [...output.matchAll(/^ *(\d+) (.+)$/gm)].map(([, pid, path = '']) => [
      Number(pid),
      path.trim(),
    ]),
  )

/** What `codesign -dvvv` says of a file; a field is '' where it says none. */
export function codesignFields(output: string): Omit<Told, 'pid' | 'path'> {
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? ''
  const team = field('TeamIdentifier')
  return {
    signingId: field('Identifier'),
    teamId: team === 'not set' ? '' : team,
    cdhash: field('CDHash'),
  }
}

/** Of the processes that lived before and after the recording: those that it did not tell, and those with another program. */
export function compareProcesses(
  before: ReadonlyMap<number, string>,
  after: ReadonlyMap<number, string>,
  told: readonly Told[],
): { lasting: number; missing: string[]; others: string[] } {
  const byPid = new Map(told.map((one) => [one.pid, one.path]))
  const missing: string[] = []
  const others: string[] = []
  let lasting = 0
  for (const [pid, path] of before) {
    // ps gives root of the kernel pid 0, which has no program; what executed meanwhile has no one answer.
    if (pid === 0 || after.get(pid) !== path) continue
    lasting++
    const found = byPid.get(pid)
    if (found === undefined) missing.push(`${pid} ${path}`)
    // ps shows what a program calls itself by: a path, or a name alone.
    else if (path.startsWith('/') && found !== path) others.push(`${pid} ${found} for ${path}`)
  }
  return { lasting, missing, others }
}

/** The last image that each pid was told with. */
export async function toldBy(path: string): Promise<Told[]> {
  const { execs } = await recordedIn(path)
  const told = execs.map(({ pid, path: of, signingId, teamId, cdhash }) => ({
    ...{ pid, path: of, signingId, teamId, cdhash: Buffer.from(cdhash).toString('hex') },
  }))
  return [...new Map(told.map((one) => [one.pid, one])).values()]
}

const SIGNED_MAX = 60

export async function processes(mac: Mac): Promise<void> {
  const ps = async () => psTable((await mac.run('ps', ['-axwwo', 'pid=,comm='])).output)
  const before = await ps()
  const { ran, path } = await recording(mac, 'processes', 12)
  const after = await ps()
  if (path === undefined)
    return mac.found({
      point: 'P1',
      outcome: 'otherwise',
      text: `record: ${endOf(ran)}, ${firstLine(ran.output)}`,
    })
  const told = await toldBy(path)
  const { lasting, missing, others } = compareProcesses(before, after, told)
  for (const line of [...missing.map((one) => `missing ${one}`), ...others]) mac.say(line)
  mac.found({
    point: 'P1',
    outcome: lasting > 0 && missing.length === 0 && others.length === 0 ? 'as hoped' : 'otherwise',
    text: `${lasting} processes lasted by ps: ${missing.length} not told (${missing.slice(0, 5).join(', ')}), ${others.length} with another program (${others.slice(0, 5).join(', ')}); ${told.length} told`,
  })
  await signatures(mac, told)
}

async function signatures(mac: Mac, told: readonly Told[]): Promise<void> {
  const byPath = new Map(
    told.filter(({ path }) => path.startsWith('/')).map((one) => [one.path, one]),
  )
  const differ: string[] = []
  let same = 0
  for (const one of [...byPath.values()].slice(0, SIGNED_MAX)) {
    const { output, status } = await mac.run('codesign', ['-dvvv', one.path])
    if (status !== 0) continue
    const said = codesignFields(output)
    const fields = (['signingId', 'teamId', 'cdhash'] as const).filter(
      (field) => said[field] !== one[field],
    )
    if (fields.length === 0) same++
    else
      differ.push(`${one.path}: ${fields.map((f) => `${f} ${one[f]} for ${said[f]}`).join(', ')}`)
  }
  for (const line of differ) mac.say(line)
  mac.found({
    point: 'P2',
    outcome: differ.length === 0 && same > 0 ? 'as hoped' : 'otherwise',
    text: `csops and codesign agree on ${same} programs and differ on ${differ.length} (${differ.slice(0, 3).join('; ')})`,
  })
}
