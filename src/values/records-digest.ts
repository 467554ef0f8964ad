import { canonical } from './keys.js'

/**
 * The digest of a collection of records, in which order does not count: their number, and the sums of two 32-bit hashes of
 * each record, modulo 2^32.
 */
export type RecordsDigest = readonly [records: number, first: number, second: number]

export const NO_RECORDS: RecordsDigest = [0, 0, 0]

/**
 * Returns the digest of records. Records that are equal as keys have equal hashes: see keys.ts. All records that are not data
 * have the same hash.
 */
export function digestOf(records: Iterable<unknown>): RecordsDigest {
  let [count, first, second] = NO_RECORDS
  for (const record of records) {
    hash(record)
    count++
    first = (first + one) >>> 0
    second = (second + two) >>> 0
  }
  return [count, first, second]
}

/** Returns the digest of all records of which these are the digests. */
export function joinDigests(digests: readonly RecordsDigest[]): RecordsDigest {
  return digests.reduce(
    ([count, first, second], [more, a, b]) => [count + more, (first + a) >>> 0, (second + b) >>> 0],
    NO_RECORDS,
  )
}

/** Formats a digest: the number of records, and 16 hexadecimal digits. */
export function formatDigest([records, ...hashes]: RecordsDigest): string {
  return `${records}:${hashes.map((each) => each.toString(16).padStart(8, '0')).join('')}`
}

/** The two hashes of the last record. Variables, because an object for each record would cost more than the hashes. */
let one = 0
let two = 0

function hash(record: unknown): void {
  // A text and a number of the same digits differ.
  if (typeof record === 'string') hashText(record, 1)
  else hashText(textOf(record), 2)
}

function textOf(record: unknown): string {
  try {
    return canonical(record)
  } catch {
    return 'not data'
  }
}

/** Two multiplicative hashes in one pass, then the finalizers of MurmurHash3, which mix every bit into every other. */
function hashText(text: string, seed: number): void {
  let a = 0x811c9dc5 ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b)
  b = Math.imul(b ^ (b >>> 15), 0xc2b2ae35)
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 13), 0x85ebca6b)
  one = (a ^ (a >>> 16)) >>> 0
  two = (b ^ (b >>> 16)) >>> 0
}
