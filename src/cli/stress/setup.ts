import { random } from './random.js'

/** Settings of the engine for a run, except its threads. */
export interface Setup {
  readonly replicas: number
  readonly replication: 'reference' | 'copy'
  readonly speculation: boolean
  /** In MiB; undefined for the engine's default. */
  readonly memoryLimit: number | undefined
  /** Slides between two snapshots of a partition of state. */
  readonly snapshotInterval: number
}

/** A snapshot every two slides. Rebuilds then read many snapshots, most of them increments. */
export const USUAL_SETUP: Setup = {
  replicas: 2,
  replication: 'reference',
  speculation: false,
  memoryLimit: undefined,
  snapshotInterval: 2,
}

/** Ranges of the random settings of a long run's rounds. Small batches leave room for many kills. */
export interface Draw extends Setup {
  readonly threads: number
  readonly batchInterval: number
  readonly rate: number
}

const THREADS = [1, 2, 2, 3, 4] as const
const INTERVALS = [10, 20, 50] as const
const RECORDS_A_BATCH = [5, 40, 200] as const
/** Two of three rounds have no limit. 48 MiB suffice for the data, and force the engine to evict persisted blocks. */
const LIMITS = [undefined, undefined, 48] as const

/** Returns the setup of a round. Its seed determines the setup. */
export function drawSetup(seed: number): Draw {
  const next = random(seed, 'setup')
  const one = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)]!
  const batchInterval = one(INTERVALS)
  return {
    threads: one(THREADS),
    replicas: one([1, 2, 2, 3]),
    replication: one(['reference', 'copy'] as const),
    speculation: one([false, true]),
    memoryLimit: one(LIMITS),
    snapshotInterval: one([1, 2, 5, 10]),
    batchInterval,
    rate: Math.round((one(RECORDS_A_BATCH) * 1000) / batchInterval),
  }
}
