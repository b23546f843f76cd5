// Opens whatever a replay is given.
import { closeSync, readSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { CAPTURE_EXTENSION, isCapture, openCapture } from '../capture/reader.ts'
import { isFileThere, openGivenFile, whyUnreadable } from '../given-file.ts'
import { connOfLong } from '../importers/beside-conn.ts'
import { ImportError, type ImportOptions } from '../importers/importer.ts'
import { isLog, openImporter } from '../importers/open.ts'
import { PACKED_HEAD_BYTES, unpackedHead, unpackedName } from '../unpack.ts'
import { type ReplaySource, sourceOf } from './source.ts'

/** It cannot be opened, or is nothing that can be replayed; the message says which. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** How far a capture's first whole block is looked for. */
const HEAD_BYTES = 64 * 1024

/** A capture, or a log that is imported; `options` are the importers'. Rejects with SourceError. */
export async function openSource(path: string, options: ImportOptions): Promise<ReplaySource> {
  if (isEmpty(path)) throw new SourceError(`${path} is empty: nothing was recorded in it`)
  if (options.from === undefined && (await looksLikeCapture(path))) {
    const notes = [options.host, options.signer, options.sslPath].some((one) => one !== undefined)
      ? ['it is a capture: --host, --signer and --ssl are for logs and were not used']
      : []
    return { ...(await openCapture(path)), notes: () => notes }
  }
  try {
    return sourceOf(await openImporter(path, options))
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    throw new SourceError(error.message, { cause: error })
  }
}

/** The captures and logs in a directory, by name; any other path as it is. Rejects with SourceError. */
export async function filesOf(path: string): Promise<string[]> {
  if (!(await isDirectory(path))) return [path]
  const files: string[] = []
  const entries = await readdir(path, { withFileTypes: true })
  for (const { name } of entries.filter((entry) => entry.isFile())) {
    const file = join(path, name)
    if ((await looksLikeCapture(file)) || (await isLog(file))) files.push(file)
  }
  if (files.length === 0) throw new SourceError(`${path} holds no capture and no known log`)
  return files.toSorted()
}

/** What is read with another of them is no input of its own: a conn_long log with the conn log beside it. */
export function withoutBeside(files: string[]): { files: string[]; leftOut: string[] } {
  const given = new Set(files.map((file) => resolve(file)))
  const isBeside = (file: string): boolean => {
    const conn = connOfLong(file)
    return conn !== undefined && given.has(resolve(conn))
  }
  return { files: files.filter((file) => !isBeside(file)), leftOut: files.filter(isBeside) }
}

/** By its content; by its name too, as its beginning may be lost and the rest of it whole. */
const looksLikeCapture = async (path: string): Promise<boolean> =>
  isCapture(await headOf(path)) || extname(unpackedName(path)) === CAPTURE_EXTENSION

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    throw new SourceError(`${path} cannot be read: ${whyUnreadable(cause)}`, { cause })
  }
}

/** What is no file, or not there, is told of where it is opened. */
const isEmpty = (path: string): boolean => isFileThere(path) && statSync(path).size === 0

async function headOf(path: string): Promise<Uint8Array> {
  try {
    const file = openGivenFile(path, { orStream: true })
    try {
      const packed = Buffer.alloc(PACKED_HEAD_BYTES)
      const bytesRead = readSync(file, packed, 0, packed.length, 0)
      return await unpackedHead(packed.subarray(0, bytesRead), HEAD_BYTES)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw new SourceError(`${path} cannot be read: ${whyUnreadable(cause)}`, { cause })
  }
}
