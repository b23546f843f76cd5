// The logs that Zeek writes beside a conn log, by their names: `ssl.log`, `ssl.23:00:00-00:00:00.log.gz` or
// `d1_ssl.log` beside the same with conn; packed or not, whatever the conn log is.
import { basename, dirname, join } from 'node:path'
import { isFileThere } from '../given-file.ts'
import { unpackedName } from '../unpack.ts'

export type BesideConn = {
  /** Names of hosts. */
  ssl: string | undefined
  /** Connections that had not ended (the package zeek-long-connections). */
  long: string | undefined
}

export const NOTHING_BESIDE: BesideConn = { ssl: undefined, long: undefined }

const LONG = 'conn_long'

/** The logs that belong to the one at `path`; nothing where its name is no conn log's. */
export function besideConn(path: string): BesideConn {
  const isLong = basename(path).includes(LONG)
  return {
    ssl: beside(path, isLong ? LONG : 'conn', 'ssl'),
    long: isLong ? undefined : beside(path, 'conn', LONG),
  }
}

/** The conn log with which the conn_long log at `path` is read; undefined when there is none, or it is none itself. */
export const connOfLong = (path: string): string | undefined => beside(path, LONG, 'conn')

function beside(path: string, own: string, other: string): string | undefined {
  const name = unpackedName(basename(path))
  const theirs = name.replace(own, other)
  if (theirs === name) return undefined
  return [theirs, `${theirs}.gz`, `${theirs}.zst`]
    .map((one) => join(dirname(path), one))
    .find(isFileThere)
}
