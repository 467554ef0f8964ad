import { random } from './random.js'

/** Settings of the engine for a run, besides its threads. */
export interface Setup {
  readonly replicas: number
  readonly replication: 'reference' | 'copy'
  readonly speculation: boolean
  /** MiB; undefined for the engine's default. */
  readonly memoryLimit: number | undefined
  /** Slides between two snapshots of a state partition. */
  readonly snapshotInterval: number
}

/** A snapshot every two slides, so that rebuilds begin with many snapshots, most of them increments. */
export const USUAL_SETUP: Setup = {
  replicas: 2,
  replication: 'reference',
  speculation: false,
  memoryLimit: undefined,
  snapshotInterval: 2,
}

/** The random settings of a round of a long run. Small batches make many kills possible. */
export interface Draw extends Setup {
  readonly threads: number
  readonly batchInterval: number
  readonly rate: number
}

const THREADS = [1, 2, 2, 3, 4] as const
const INTERVALS = [10, 20, 50] as const
const RECORDS_A_BATCH = [5, 40, 200] as const
/** Two of three runs have no limit. 48 MiB hold the data and force the engine to evict persisted blocks. */
const LIMITS = [undefined, undefined, 48] as const

/** Returns the setup of a round, which its seed determines. */
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
