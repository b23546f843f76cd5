// What a collector says over HTTP when it will not have somebody.
import { said } from './said.ts'

/** Of `{"error": "...", "code": "..."}`, as our collector answers; a proxy may say anything, of which nothing is taken. */
export function sentenceOf(body: string): { error: string; code?: string } {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null) return { error: '' }
    const { error, code } = parsed as { error?: unknown; code?: unknown }
    return {
      error: typeof error === 'string' ? said(error) : '',
      ...(typeof code === 'string' ? { code: said(code) } : {}),
    }
  } catch {
    return { error: '' }
  }
}
