import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PidEstimator } from '#build/engine/pid-estimator.js'
import { operationsOf as operationsOfDataset, runDataset, sharedContexts } from './run-dataset.mjs'
import { runEstimator } from './run-estimator.mjs'
import { runStateUpdate } from './run-record.mjs'
import { operationsOf as operationsOfStream, runStream } from './run-stream.mjs'

/** The cases of this folder. */
export const CASES = fileURLToPath(new URL('./cases', import.meta.url))

/** How every case is run. `kill`: a seed that decides which thread dies, and in which batch. */
export const modesOf = (seed) => [
  { name: '1 thread', threads: 1 },
  { name: '2 threads', threads: 2 },
  { name: '2 threads, kills', threads: 2, kill: seed },
]

/** Every case of a folder, with what it is about and how it is run. Told apart by their form, whatever the files' names. */
export function casesOf(folder) {
  const contexts = sharedContexts()
  const cases = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const content = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      return (Array.isArray(content) ? content : (content.cases ?? [])).map((given) => prepared(given, contexts))
    })
  return { cases, close: () => contexts.close() }
}

function prepared(given, contexts) {
  const { id, name } = given
  if (given.kind) return { id, name, operations: [given.kind], run: () => runStateUpdate(given) }
  if (given.rdds) {
    return { id, name, operations: operationsOfDataset(given), run: (mode) => runDataset(given, mode, contexts) }
  }
  if (given.runBatches !== undefined) {
    return { id, name, operations: operationsOfStream(given), run: (mode) => runStream(given, mode) }
  }
  return {
    id,
    name,
    operations: ['rate estimator'],
    run: () => runEstimator(given, (options) => new PidEstimator(options)),
  }
}
