import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { better, failures, holds, judge, middle, updated, verdictTable } from './guard-check.mjs'
import { RATIOS } from './guard-ratios.mjs'
import { machine, stopwatch } from './machine.mjs'
import { figure } from './report.mjs'
import { versus } from './versus.mjs'

const BASELINE = fileURLToPath(new URL('./baseline.json', import.meta.url))
const USAGE = 'usage: npm run bench -- guard [--quick] [--update] [--only "grep,2 threads"] [--baseline file]'
/** Rounds in turn. Uncounted rounds leave time to the compilers; `versus` skips one more. */
const ROUNDS = { full: { warm: 4, counted: 11 }, quick: { warm: 2, counted: 5 } }
/** Cores that other processes may use while a ratio needs the machine for itself. */
const IDLE = 0.2
const LOOK_MS = 300
/** Measurements of a ratio for a new baseline, each with contenders of its own: an odd number. */
const FOR_BASELINE = 3

class GuardUsageError extends Error {
  constructor(message) {
    super(`${message}\n${USAGE}`)
  }
}

/** Measures the ratios, compares them with the baseline, and sets the exit code: 1 if one exceeds its limit. */
export async function guard(words, log) {
  try {
    await run(parseGuard(words), log)
  } catch (error) {
    if (!(error instanceof GuardUsageError)) throw error
    console.error(error.message)
    process.exitCode = 2
  }
}

async function run({ chosen, rounds, update, file }, log) {
  const baseline = readBaseline(file, update)
  const measured = []
  for (const ratio of RATIOS.filter(chosen)) {
    measured.push(await (update ? settle(ratio, rounds, log) : measure(ratio, baseline[ratio.name], rounds, log)))
  }
  const verdicts = judge(measured, Object.fromEntries(Object.entries(baseline).filter(([name]) => chosen({ name }))))
  log(`\n${verdictTable(verdicts)}`)
  if (update) return writeBaseline(file, measured, baseline, log)
  const failed = failures(verdicts)
  if (failed.length === 0) return
  log(`\n${failed.length} of ${verdicts.length} ratios: exceeded`)
  process.exitCode = 1
}

function parseGuard(words) {
  let values
  try {
    const flag = { type: 'boolean', default: false }
    const options = { quick: flag, update: flag, only: { type: 'string' }, baseline: { type: 'string' } }
    values = parseArgs({ args: [...words], options }).values
  } catch (error) {
    throw new GuardUsageError(error.message)
  }
  const begins = values.only?.split(',') ?? ['']
  const unknown = begins.find((begin) => !RATIOS.some(({ name }) => name.startsWith(begin)))
  if (unknown !== undefined) {
    const all = RATIOS.map(({ name }) => `'${name}'`).join(', ')
    throw new GuardUsageError(`There is no ratio whose name begins with '${unknown}'. Choose of ${all}.`)
  }
  return {
    chosen: ({ name }) => begins.some((begin) => name.startsWith(begin)),
    rounds: ROUNDS[values.quick ? 'quick' : 'full'],
    update: values.update,
    file: values.baseline ?? BASELINE,
  }
}

function readBaseline(file, update) {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).ratios
  if (update) return {}
  throw new GuardUsageError(`There is no baseline at ${file}. Write one with --update.`)
}

function writeBaseline(file, measured, baseline, log) {
  const names = RATIOS.map(({ name }) => name)
  const written = { at: new Date().toISOString(), machine: machine(), ratios: updated(measured, baseline, names) }
  writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`)
  log(`\nwritten to ${file}`)
}

/**
 * Measures one ratio. If it exceeds its limit, it is measured once more and the better result counts: a busy moment is
 * no regression.
 */
async function measure(definition, baseline, rounds, log) {
  const { name, margin } = definition
  const first = await attempt(definition, rounds)
  log(`${name}: ${shown(first)}`)
  if (first.skipped !== undefined || holds(first.ratio, baseline, margin)) return { name, margin, ...first }
  const second = await attempt(definition, rounds)
  log(`${name}, once more: ${shown(second)}`)
  return { name, margin, ...better(first, second) }
}

/** Measures a ratio for the baseline: new threads compile again, so the median of several runs counts. */
async function settle(definition, rounds, log) {
  const { name, margin } = definition
  const runs = []
  for (let i = 0; i < FOR_BASELINE; i++) {
    const run = await attempt(definition, rounds)
    log(`${name}: ${shown(run)}`)
    if (run.skipped !== undefined) return { name, margin, ...run }
    runs.push(run)
  }
  return { name, margin, ...middle(runs) }
}

const shown = ({ ratio, least, most, skipped }) => skipped ?? `${figure(ratio)} (${figure(least)}-${figure(most)})`

async function attempt({ by, needsIdle, open }, { warm, counted }) {
  const busy = needsIdle ? await othersBusy() : undefined
  if (busy !== undefined) return { skipped: busy }
  const { first, second, normal, close } = await open()
  try {
    await versus(first, second, { runs: warm, normal })
    const { contenders, ratio, cpuRatio } = await versus(first, second, { runs: counted, normal })
    const foreign = Math.max(...contenders.map(({ foreignCores }) => foreignCores.median))
    if (needsIdle && foreign > IDLE) return { skipped: busyWith(foreign) }
    // `versus` returns how many times as fast the first is; a cost is the inverse.
    const { median, min, max } = by === 'cpuMs' ? cpuRatio : ratio
    return { ratio: 1 / median, least: 1 / max, most: 1 / min }
  } finally {
    await close()
  }
}

async function othersBusy() {
  if (availableParallelism() < 2) return 'there is one core only'
  const stop = stopwatch()
  await sleep(LOOK_MS)
  const { foreignCores } = stop()
  return foreignCores > IDLE ? busyWith(foreignCores) : undefined
}

const busyWith = (cores) => `other processes used ${figure(cores)} cores`
