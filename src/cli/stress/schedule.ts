import { random } from './random.js'

export interface Draw {
  /** Ms after the batch was due. */
  readonly offset: number
  /** A number in [0, 1) that selects the victim, or the location of a fault. */
  readonly pick: number
}

/** Returns the kills during one batch interval. The seed determines them. */
export function killsDuring(seed: number, batch: number, killsPerSecond: number, interval: number): Draw[] {
  const next = random(seed, 'kills', batch)
  const wanted = (killsPerSecond * interval) / 1000
  const count = Math.floor(wanted) + (next() < wanted % 1 ? 1 : 0)
  return Array.from({ length: count }, () => ({ offset: Math.floor(next() * interval), pick: next() }))
}
