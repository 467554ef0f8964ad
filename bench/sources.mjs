import { UsageError } from './options.mjs'
import { runCluster } from './sources-cluster.mjs'
import { runFiles } from './sources-files.mjs'
import { runKafka } from './sources-kafka.mjs'

const PARTS = { kafka: runKafka, files: runFiles, cluster: runCluster }

/** Systems on loopback into counted records; `only` names one of PARTS. */
export async function run({ only, ...options }, log) {
  if (only !== undefined && !(only in PARTS))
    throw new UsageError(`There is no source named '${only}'. Choose of ${Object.keys(PARTS).join(', ')}.`)
  const times = {}
  for (const [name, part] of Object.entries(PARTS))
    if (only === undefined || only === name) Object.assign(times, await part(options, log))
  return times
}
