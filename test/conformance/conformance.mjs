import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tracked } from './fields.mjs'
import { judgeDataset, observeDataset, operationsOf as operationsOfDataset, sharedContexts } from './run-dataset.mjs'
import { judgeDefaults, judgeEstimator, observeEstimator } from './run-estimator.mjs'
import { judgeStateUpdate, observeStateUpdate } from './run-record.mjs'
import { judgeStream, observeStream, operationsOf as operationsOfStream } from './run-stream.mjs'

/** The cases of this folder. */
export const CASES = fileURLToPath(new URL('./cases', import.meta.url))

/**
 * The modes in which every case runs. `kill`: a seed that decides which thread dies, and in which batch. A mode may have `options` for
 * the contexts of datasets and of streams.
 */
export const modesOf = (seed) => [
  { name: '1 thread', threads: 1 },
  { name: '2 threads', threads: 2 },
  { name: '2 threads, kills', threads: 2, kill: seed },
]

/**
 * Every case of a folder. `observe(mode)` runs it and resolves with what it gave; `judge(observed)` throws unless that is
 * all that the case expects, or if the case has a field that the runner does not read; `run(mode)` does both.
 */
export function casesOf(folder) {
  const contexts = sharedContexts()
  const cases = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => contentOf(JSON.parse(readFileSync(join(folder, name), 'utf8')), name))
    .map((given) => caseOf(given, contexts))
  return { cases, close: () => contexts.close() }
}

/** The cases of a file: a list, or a list beside prose and a table of defaults, which is a case too. */
function contentOf(content, file) {
  if (Array.isArray(content)) return content
  // The formula and the wiring are prose: the cases of the estimator check the one, tests of the engine the other.
  const { cases, defaults, formula: _, wiring: __, ...unknown } = content
  assert.deepEqual(Object.keys(unknown), [], `the runner does not know these parts of ${file}`)
  if (!defaults) return cases
  return [...cases, { id: `${file}-defaults`, name: 'defaults of options', defaults }]
}

/** One case, as casesOf gives it. */
export function caseOf(given, contexts) {
  const { operations, observe, judge } = runnerOf(given, contexts)
  const fields = tracked(given)
  const checked = (observed) => {
    judge(fields.given, observed)
    fields.checkAllRead()
  }
  return {
    id: given.id,
    name: given.name,
    given,
    operations,
    observe: async (mode) => await observe(fields.given, mode),
    judge: checked,
    /** What the case gives, for a runner of its own; `judge` sees what it has read. */
    read: fields.given,
    /** Whether other expectations would pass: for the test of the runner itself. */
    accepts: (changed, observed) => {
      try {
        judge(changed, observed)
        return true
      } catch (error) {
        if (error instanceof assert.AssertionError) return false
        throw error
      }
    },
    run: async (mode) => checked(await observe(fields.given, mode)),
  }
}

/** The runner of a case, which its form decides, whatever its file is called. */
function runnerOf(given, contexts) {
  if (given.kind) return { operations: [given.kind], observe: observeStateUpdate, judge: judgeStateUpdate }
  if (given.rdds) {
    const observe = (fields, mode) => observeDataset(fields, mode, contexts)
    return { operations: operationsOfDataset(given), observe, judge: judgeDataset }
  }
  if (given.runBatches !== undefined) {
    return { operations: operationsOfStream(given), observe: observeStream, judge: judgeStream }
  }
  if (given.defaults) return { operations: ['defaults'], observe: () => undefined, judge: judgeDefaults }
  return { operations: ['rate estimator'], observe: observeEstimator, judge: judgeEstimator }
}
