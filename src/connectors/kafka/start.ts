import { check, isCount } from './option-check.js'

/** Offsets by topic and partition: `{ orders: { 0: 120, 1: 98 } }`. */
export type KafkaOffsets = Readonly<Record<string, Readonly<Record<number, number>>>>

/** Where to begin. A timestamp (ms, or a Date) selects the first record that is not older. */
export type KafkaStart =
  | 'earliest'
  | 'latest'
  | { readonly timestamp: number | Date }
  | { readonly offsets: KafkaOffsets }

/** Where to end: before these offsets, or before the first record that is not older than the timestamp. */
export type KafkaEnd = Exclude<KafkaStart, 'earliest'>

const ALLOWED = "'earliest', 'latest', { timestamp } or { offsets: { topic: { partition: offset } } }"

export function checkEnd(end: KafkaEnd): KafkaEnd {
  if ((end as KafkaStart) === 'earliest') throw check.wrong('end', end, ALLOWED.replace("'earliest', ", ''))
  return checkStart('end', end) as KafkaEnd
}

export function checkStart(option: string, start: KafkaStart): KafkaStart {
  if (start === 'earliest' || start === 'latest') return start
  if (typeof start === 'object' && start !== null) {
    if ('timestamp' in start) {
      const at = Number(start.timestamp)
      if (Number.isFinite(at) && at >= 0) return { timestamp: at }
    } else if ('offsets' in start && typeof start.offsets === 'object' && start.offsets !== null) {
      const all = Object.values(start.offsets).flatMap((partitions) => Object.entries(partitions ?? {}))
      if (all.every(([partition, offset]) => isCount(Number(partition)) && isCount(offset))) return start
    }
  }
  throw check.wrong(option, start, ALLOWED)
}
