// The key of this collector, in this tab's sessionStorage: kept by origin, which has the port in it, so that no other
// program of this machine is sent it, as it would be a cookie. Tabs of one origin tell it to one another.

const NAME = 'freshet-key'
/** A tab answers within a few ms, one in the background within tens of them; after this the key is asked for. */
const ASK_MS = 400

type Told = { is: 'wanted' } | { is: 'key'; key: string }

/** Where the browser keeps nothing for this page, the key lasts until it is loaded again. */
let held: string | undefined

export function heldKey(): string | undefined {
  held ??= stored((storage) => storage.getItem(NAME)) ?? undefined
  return held
}

export function keepKey(key: string): void {
  held = key
  stored((storage) => storage.setItem(NAME, key))
}

/** The collector refused it. */
export function forgetKey(): void {
  held = undefined
  stored((storage) => storage.removeItem(NAME))
}

function stored<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage)
  } catch {
    return undefined // The browser forbids it.
  }
}

/**
 * Tells the key to tabs that ask, from now on, and asks them where this one has none, as when it was opened by a link.
 * @param onKey called once there is a key, be it late
 * @returns when there is one, or others had the time to answer
 */
export function joinTabs(onKey: () => void): Promise<void> {
  const channel = new BroadcastChannel(NAME)
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Told>) => {
      const key = heldKey()
      if (data.is === 'key' && key === undefined) {
        keepKey(data.key)
        onKey()
        resolve()
      } else if (data.is === 'wanted' && key !== undefined)
        channel.postMessage({ is: 'key', key } satisfies Told)
    }
    if (heldKey() !== undefined) {
      onKey()
      resolve()
    } else {
      channel.postMessage({ is: 'wanted' } satisfies Told)
      setTimeout(resolve, ASK_MS)
    }
  })
}
