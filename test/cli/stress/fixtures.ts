import type { StressReport } from '#build/cli/stress/report.js'
import { USUAL_SETUP } from '#build/cli/stress/setup.js'

/** A report of a run in which all went well. */
export const GOOD: StressReport = {
  pipeline: 'wordcount',
  mode: 'one',
  ...USUAL_SETUP,
  seed: 42,
  threads: 2,
  rate: 10_000,
  batchInterval: 100,
  duration: 4_000,
  killsPerSecond: 2,
  kills: 6,
  threadsKilled: 6,
  threadsLost: { terminated: 6 },
  tasksRetried: 0,
  blocksLost: 1,
  blocksRecomputed: 1,
  blocksReplicated: 3,
  statePartitionsRebuilt: 0,
  batches: 40,
  batchesDue: 40,
  records: 40_000,
  wrongBatches: 0,
  lostRecords: 0,
  duplicatedRecords: 0,
  recoveryMs: { p50: 10, p99: 20, max: 30 },
  quiet: { latencyMs: { p50: 1, p99: 2, max: 3 }, throughput: 1000 },
  underKills: { latencyMs: undefined, throughput: undefined },
  firstDifference: undefined,
  failure: undefined,
}
