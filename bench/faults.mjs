import { cost } from './faults-cost.mjs'
import { recovery } from './faults-recovery.mjs'

const KEYS = 1_000_000

/** Measures the cost of kills, and the cost of fault tolerance without kills. */
export async function run({ threads, runs, seconds }, log) {
  return {
    recovery: await recovery(
      { kills: 10 * runs, seconds: 6 * seconds, bytes: 2 ** 19, keys: KEYS, keyLines: 10_000 },
      log,
    ),
    cost: await cost({ threads, runs: 2 * runs, bytes: 4 * 2 ** 20, keys: KEYS, keyLines: 100_000 }, log),
  }
}
