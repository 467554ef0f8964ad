import { random } from './random.js'

/** How the engine is set up for a run, besides its threads. */
export interface Setup {
  readonly replicas: number
  readonly replication: 'reference' | 'copy'
  readonly speculation: boolean
  /** MiB; undefined for the engine's own default. */
  readonly memoryLimit: number | undefined
  /** Slides between two snapshots of a state partition. */
  readonly snapshotInterval: number
}

/** Two slides, so that there are many snapshots, most of them increments, for rebuilds to begin with. */
export const USUAL_SETUP: Setup = {
  replicas: 2,
  replication: 'reference',
  speculation: false,
  memoryLimit: undefined,
  snapshotInterval: 2,
}

/** What a round of a long run is drawn from: small batches, since they are what makes many kills possible. */
export interface Draw extends Setup {
  readonly threads: number
  readonly batchInterval: number
  readonly rate: number
}

const THREADS = [1, 2, 2, 3, 4] as const
const INTERVALS = [10, 20, 50] as const
const RECORDS_A_BATCH = [5, 40, 200] as const
/** Two out of three runs are without a limit; 48 MiB is enough for the data and makes kept blocks go. */
const LIMITS = [undefined, undefined, 48] as const

/** The setup of a round, as it follows from its seed. */
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
