// Waits that a signal ends.

/** Resolves after so long, or when it is aborted. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    if (signal.aborted) finish()
    else signal.addEventListener('abort', finish, { once: true })
  })
}

/** As `delay`, and before that where `isOver`, which is asked at once and each `everyMs`, says so. */
export async function delayUnless(
  ms: number,
  signal: AbortSignal,
  everyMs: number,
  isOver: () => boolean,
): Promise<void> {
  const untilMs = performance.now() + ms
  for (let left = ms; left > 0; left = untilMs - performance.now()) {
    if (signal.aborted || isOver()) return
    await delay(Math.min(left, everyMs), signal)
  }
}

/** Resolves when it is, or has been. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
