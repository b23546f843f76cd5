// Amounts as a person reads them.

/** 1,234,567. */
export const count = (value: number): string => value.toLocaleString('en-US')

/** Binary units: 5.0 MiB. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let step = 0
  let value = bytes
  while (value >= 1024 && step < units.length - 1) {
    value /= 1024
    step++
  }
  return `${step === 0 ? value : value.toFixed(1)} ${units[step]}`
}

/** 12 s, 5 min 7 s, 3 h 20 min. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
