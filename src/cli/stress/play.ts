import { type Aborted, runInChild } from './in-process-of-its-own.js'
import type { StressConfig, StressReport } from './report.js'
import { runPipeline } from './stress-run.js'

/** Runs one pipeline. If the mode fills heaps, the run gets a process of its own. */
export function play(config: StressConfig): Promise<StressReport | Aborted> {
  return config.mode === 'oom' ? runInChild(config) : runPipeline(config)
}

export function isAborted(outcome: StressReport | Aborted): outcome is Aborted {
  return 'aborted' in outcome
}
