import { hashKey } from '../values/keys.js'

/**
 * HyperLogLog: estimates the number of distinct values in some kilobytes. Register i covers the hashes that begin with
 * the bits of i. It holds the length of the longest run of zeros that follows those bits in any of them, plus 1. Hashes
 * have 32 bits, so beyond some hundred million distinct values the estimate is too low. The estimator is that of O.
 * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), which needs no corrections for small
 * or large numbers.
 *
 * Written here because no package was suitable in November 2026. bloom-filters 3.0.4 (eight dependencies) is off by
 * half at 1,000 values in 4,096 registers and takes 1.5 ms per value. hyperlolo 0.4.0 (lodash-es) has a bias of 1.4 %
 * at 10,000 values, where it changes estimators. Neither compares keys by content.
 */
const HASH_BITS = 32
const ALPHA = 1 / (2 * Math.LN2)

/** Returns the number of index bits for a relative standard deviation: m registers have 1.04 / sqrt(m). */
export function precisionFor(relativeDeviation: number): number {
  return Math.min(16, Math.max(4, Math.ceil(2 * Math.log2(1.04 / relativeDeviation))))
}

export function newRegisters(precision: number): Uint8Array {
  return new Uint8Array(1 << precision)
}

export function addValue(registers: Uint8Array, value: unknown): Uint8Array {
  const precision = Math.log2(registers.length)
  const hash = hashKey(value)
  const rest = (hash << precision) >>> 0
  const rank = Math.min(Math.clz32(rest), HASH_BITS - precision) + 1
  const register = hash >>> (HASH_BITS - precision)
  if (rank > registers[register]!) registers[register] = rank
  return registers
}

/** Adds the values counted in `other`. Returns `registers`. */
export function mergeRegisters(registers: Uint8Array, other: Uint8Array): Uint8Array {
  for (let i = 0; i < registers.length; i++) if (other[i]! > registers[i]!) registers[i] = other[i]!
  return registers
}

export function estimate(registers: Uint8Array): number {
  const m = registers.length
  const longest = HASH_BITS - Math.log2(m) + 1
  const ranks = new Array<number>(longest + 1).fill(0)
  for (const rank of registers) ranks[rank]!++
  let z = m * tau(1 - ranks[longest]! / m)
  for (let rank = longest - 1; rank > 0; rank--) z = (z + ranks[rank]!) / 2
  z += m * sigma(ranks[0]! / m)
  return (ALPHA * m * m) / z
}

function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY
  let z = x
  for (let y = 1, before = Number.NaN; z !== before; y *= 2) {
    x *= x
    before = z
    z += x * y
  }
  return z
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let z = 1 - x
  for (let y = 0.5, before = Number.NaN; z !== before; y /= 2) {
    x = Math.sqrt(x)
    before = z
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}
