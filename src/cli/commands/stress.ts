import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { StressCommand } from '../stress/arguments.js'
import { type Aborted, runInChild } from '../stress/in-process-of-its-own.js'
import { abortedAsJson, abortedAsText, asJson, asText, passed, type StressConfig, titleOf } from '../stress/report.js'
import { runPipeline } from '../stress/stress-run.js'

const MOST_THREADS = 8

/** Runs the pipelines one after the other and reports; true if every batch of each was right. */
export async function stress({
  pipelines,
  json,
  seed = randomInt(1, 2 ** 31),
  threads,
  ...rest
}: StressCommand): Promise<boolean> {
  let good = true
  for (const pipeline of pipelines) {
    const { mode, rate, batchInterval, duration, killsPerSecond } = rest
    const config: StressConfig = {
      pipeline,
      mode,
      seed,
      threads: threads ?? Math.min(MOST_THREADS, availableParallelism()),
      rate,
      batchInterval,
      duration,
      killsPerSecond,
    }
    process.stderr.write(`millrace: ${titleOf(config)}\n`)
    const outcome = mode === 'oom' ? await runInChild(config) : await runPipeline(config)
    good &&= !isAborted(outcome) && passed(outcome)
    const text = isAborted(outcome)
      ? (json ? abortedAsJson : abortedAsText)(config, outcome.aborted)
      : (json ? asJson : asText)(outcome)
    process.stdout.write(`${text}\n`)
  }
  return good
}

function isAborted(outcome: object): outcome is Aborted {
  return 'aborted' in outcome
}
