// Whom a process acts for as one that was given a connection, as the next engine reads it back.

import type { MadeFor, MadeScript, Responsible } from '../process/process.ts'
import { isSignerClass } from './handed-on.ts'

/** What JSON.stringify made of a MadeFor; undefined where it is nothing that this code wrote: then nobody was seen. */
export function readMadeFor(text: string): MadeFor | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value) || !isResponsible(value.responsible)) return undefined
  const { responsible, script } = value
  const { key, signerClass } = responsible
  if (script === undefined) return { responsible: { key, signerClass }, script }
  return isScript(script)
    ? { responsible: { key, signerClass }, script: scriptFrom(script) }
    : undefined
}

type Read = Record<string, unknown>

const isObject = (value: unknown): value is Read => typeof value === 'object' && value !== null

const isResponsible = (value: unknown): value is Responsible =>
  isObject(value) &&
  (value.key === undefined || typeof value.key === 'string') &&
  isSignerClass(value.signerClass)

const isScript = (value: unknown): value is MadeScript =>
  isObject(value) &&
  ['name', 'path', 'sha256', 'doubt', 'beside'].every((name) => typeof value[name] === 'string') &&
  ['isOwn', 'bringsCode', 'isFolder'].every((name) => typeof value[name] === 'boolean') &&
  Number.isSafeInteger(value.from) &&
  (value.ownerUid === undefined || Number.isSafeInteger(value.ownerUid))

/** JSON leaves out what is undefined. */
const scriptFrom = (script: MadeScript): MadeScript => ({ ...script, ownerUid: script.ownerUid })
