import { RUNS } from './growth/runs.mjs'
import { machineMs } from './machine.mjs'
import { UsageError } from './options.mjs'
import { figure, table } from './report.mjs'
import { ratios, spread } from './stats.mjs'

const HEADS = ['size', 'ms of a batch', 'cpu ms', 'cost to the smallest, by the clock', 'by processor time']
/** Processor time of each size before its first turn that counts, and least one of a turn. */
const WARM_MS = 2500
const TURN_MS = 300

/**
 * Grows one thing at a time. The sizes of a run take turns, and the result is the cost of each as a multiple of the
 * smallest's in the same round: by the clock, and by processor time, which is steadier on a busy machine.
 */
export async function run({ threads, runs, only, quick }, log) {
  const results = []
  for (const each of chosen(only)) {
    const result = await grow(each, { threads, rounds: quick ? Math.min(2, runs) : runs, quick })
    log(`\n${result.title}`)
    log(table(HEADS, result.sizes.map(rowOf)))
    log(`foreign cores ${figure(result.foreignCores)}`)
    results.push(result)
  }
  return results
}

function chosen(only) {
  if (only === undefined) return RUNS
  const names = only.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !RUNS.some((each) => each.name === name))
  if (unknown === undefined) return RUNS.filter(({ name }) => names.includes(name))
  throw new UsageError(`--only names '${unknown}'; there are ${RUNS.map(({ name }) => name).join(', ')}.`)
}

async function grow({ name, title, each, sizes, quick: few, batches, open }, { threads, rounds, quick }) {
  const entries = []
  const begun = { machine: machineMs(), own: process.cpuUsage(), wall: performance.now() }
  try {
    for (const size of quick ? few : sizes) entries.push({ size, taken: [], next: 0, ...(await open(size, threads)) })
    for (const entry of entries) await turn(entry, 1, quick ? 0 : WARM_MS)
    for (let round = 0; round < rounds; round++) {
      // The order moves on, so that no size always runs after the same one.
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[(i + round) % entries.length]
        entry.taken.push(await turn(entry, quick ? 1 : batches, quick ? 0 : TURN_MS))
      }
    }
  } finally {
    for (const { close } of entries) await close()
  }
  const [smallest] = entries
  return {
    name,
    title,
    foreignCores: foreignCores(begun),
    sizes: entries.map((entry) => {
      const times = (of, name) => of.taken.map((time) => time[name])
      const costs = (of, name) => times(of, name).map((ms) => ms / (each ? of.size : 1))
      return {
        size: entry.size,
        ms: spread(times(entry, 'ms')),
        cpuMs: spread(times(entry, 'cpuMs')),
        ratio: ratios(costs(entry, 'ms'), costs(smallest, 'ms')),
        cpuRatio: ratios(costs(entry, 'cpuMs'), costs(smallest, 'cpuMs')),
      }
    }),
  }
}

/**
 * Runs so many batches, or more for so much processor time. Returns the mean ms of one, by the clock and of processor time of
 * all threads.
 */
async function turn(entry, batches, forMs) {
  const sum = { ms: 0, cpuMs: 0 }
  let count = 0
  while (count < batches || sum.cpuMs < forMs) {
    const { ms, cpuMs } = await entry.run(entry.next++)
    sum.ms += ms
    sum.cpuMs += cpuMs
    count++
  }
  return { ms: sum.ms / count, cpuMs: sum.cpuMs / count }
}

function foreignCores({ machine, own, wall }) {
  const { user, system } = process.cpuUsage(own)
  return Math.max(0, (machineMs() - machine - (user + system) / 1000) / (performance.now() - wall))
}

const rangeOf = ({ median, min, max }) => `${figure(median)} (${figure(min)}-${figure(max)})`

function rowOf({ size, ms, cpuMs, ratio, cpuRatio }) {
  return [size.toLocaleString('en-US'), figure(ms.median), figure(cpuMs.median), rangeOf(ratio), rangeOf(cpuRatio)]
}
