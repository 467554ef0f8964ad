import { isObject } from '../../../values/copy.js'

/** Values that are looked at. */
const SAMPLES = 64
const HEADER = 24
const SLOT = 8
/** Deeper parts are not counted. */
const MAX_DEPTH = 4
/** Parts of one value that are looked at. */
const MOST_PARTS = 100

/** Returns about the bytes that one of these values takes in the heap, besides its reference: the mean of a sample. */
export function meanSize(values: readonly unknown[]): number {
  const step = Math.max(1, Math.floor(values.length / SAMPLES))
  let sum = 0
  let count = 0
  for (let i = 0; i < values.length; i += step, count++) sum += sizeOf(values[i], 0)
  return count === 0 ? 0 : sum / count
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return HEADER + value.length
  if (typeof value === 'number') return Number.isInteger(value) ? 0 : SLOT * 2
  if (typeof value === 'bigint') return HEADER
  if (!isObject(value)) return 0
  if (ArrayBuffer.isView(value)) return HEADER * 4 + value.byteLength
  if (depth === MAX_DEPTH) return HEADER
  const parts: readonly unknown[] = Array.isArray(value)
    ? value
    : value instanceof Map || value instanceof Set
      ? [...value.entries()].flat()
      : Object.values(value)
  let sum = 0
  const looked = Math.min(parts.length, MOST_PARTS)
  for (let i = 0; i < looked; i++) sum += SLOT + sizeOf(parts[i], depth + 1)
  return HEADER * 2 + (looked === 0 ? 0 : (sum / looked) * parts.length)
}
