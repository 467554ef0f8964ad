const NUMBERS = new Intl.NumberFormat('en-US')
const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const MISSING = '–'

/** A duration in the unit that suits it, as Spark's page does: 20 µs, 900 ms, 1.5 s, 2 min. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return MISSING
  if (ms > 0 && ms < 0.1) return `${Math.max(1, Math.round(ms * 1000))} µs`
  if (ms > 0 && ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${trimmed(ms / 1000)} s`
  if (ms < 3_600_000) return `${trimmed(ms / 60_000)} min`
  if (ms < 86_400_000) return `${trimmed(ms / 3_600_000)} h`
  const days = trimmed(ms / 86_400_000)
  return `${days} ${days === '1' ? 'day' : 'days'}`
}

/** Time since a start: 3 d 04:05:06. */
export function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const clock = `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds < 86_400 ? clock : `${Math.floor(seconds / 86_400)} d ${clock}`
}

export function count(n: number | undefined): string {
  return n === undefined ? MISSING : NUMBERS.format(Math.round(n))
}

export function short(n: number | undefined): string {
  return n === undefined || !Number.isFinite(n) ? MISSING : SHORT.format(n)
}

export function bytes(n: number | undefined): string {
  if (n === undefined) return MISSING
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024
    at++
  }
  return `${at === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[at]}`
}

export function percent(share: number | undefined): string {
  return share === undefined ? MISSING : `${Math.round(share * 100)} %`
}

/** A moment, in the time of the reader. Milliseconds only if batches are shorter than a second. */
export function moment(ms: number | undefined, batchInterval = 1000): string {
  if (ms === undefined) return MISSING
  const date = new Date(ms)
  const two = (n: number, digits = 2) => String(n).padStart(digits, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => two(n)).join(':')
  return batchInterval < 1000 ? `${clock}.${two(date.getMilliseconds(), 3)}` : clock
}

/** With its date. */
export function dateAndMoment(ms: number | undefined, batchInterval = 1000): string {
  if (ms === undefined) return MISSING
  const date = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${moment(ms, batchInterval)}`
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

function trimmed(n: number): string {
  return n >= 100 ? String(Math.round(n)) : n.toFixed(1).replace(/\.0$/, '')
}
