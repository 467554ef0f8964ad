import { random } from './random.js'

export interface Draw {
  /** Ms after the batch is due. */
  readonly offset: number
  /** In [0, 1): chooses the victim, or the place. */
  readonly pick: number
}

/** Returns the kills of one batch interval, which the seed determines. */
export function killsDuring(seed: number, batch: number, killsPerSecond: number, interval: number): Draw[] {
  const next = random(seed, 'kills', batch)
  const wanted = (killsPerSecond * interval) / 1000
  const count = Math.floor(wanted) + (next() < wanted % 1 ? 1 : 0)
  return Array.from({ length: count }, () => ({ offset: Math.floor(next() * interval), pick: next() }))
}
