import { Worker } from 'node:worker_threads'
import { Context, split } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { linesFile } from './data.mjs'
import { UsageError } from './options.mjs'
import { figure, table } from './report.mjs'
import { versus } from './versus.mjs'

const SIZE = 16 * 2 ** 20
const BLOCK = 2 ** 20
const MESSAGES = 100
const PROGRAMS = 20

/**
 * The measured reasons of docs/internals/decisions, one row each: the chosen way and its alternative take turns.
 * `open(options)` returns the two contenders as `[chosen, alternative]`, and `close`.
 */
const ROWS = [
  { name: 'blocks: handle / message', open: blocks },
  { name: 'loops: generated / closures', open: loops },
  { name: 'kernels: bytes / strings', open: kernels },
  { name: 'programs: compiled once / per job', open: programs },
  { name: 'spare: warm / none', open: spares },
]

/** Runs the chosen way of each decision beside its alternative. */
export async function run({ threads, runs, quick, only }, log) {
  const names = ROWS.map(({ name }) => name)
  const chosen = ROWS.filter(({ name }) => (only ?? name).split(',').some((word) => name.startsWith(word)))
  if (chosen.length === 0) throw new UsageError(`There is no decision named '${only}'. Choose of ${names.join(', ')}.`)
  const results = []
  for (const { name, open } of chosen) {
    const { contenders, close } = await open({ threads, bytes: quick ? SIZE / 16 : SIZE })
    try {
      results.push({ name, ...(await versus(...contenders, { runs: quick ? 1 : runs })) })
    } finally {
      await close()
    }
  }
  const rows = results.map(({ name, contenders: [a, b], ratio, cpuRatio }) => [
    name,
    figure(a.ms.median),
    figure(b.ms.median),
    `${figure(ratio.median)} (${figure(ratio.min)}-${figure(ratio.max)})`,
    figure(cpuRatio.median),
  ])
  log(table(['chosen / alternative', 'ms', 'ms', 'times as fast (min-max)', 'by cpu time'], rows))
  return results
}

const contender = (name, work) => ({ name, run: async () => ({ result: await work() }) })

/** A worker reads one byte of each block of 1 MiB: in memory that it shares, or in a copy that a message brings. */
async function blocks() {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    let shared
    parentPort.on('message', (block) => {
      if (block instanceof SharedArrayBuffer) shared = new Uint8Array(block)
      else parentPort.postMessage((typeof block === 'number' ? shared : block)[BYTE])
    })`.replace('BYTE', String(BLOCK / 2)),
    { eval: true },
  )
  const memory = new SharedArrayBuffer(BLOCK)
  worker.postMessage(memory)
  const bytes = new Uint8Array(BLOCK)
  const roundTrips = async (message) => {
    let sum = 0
    for (let i = 0; i < MESSAGES; i++) {
      const answer = new Promise((resolve) => worker.once('message', resolve))
      worker.postMessage(message)
      sum += await answer
    }
    return sum
  }
  return {
    contenders: [contender('handle', () => roundTrips(0)), contender('message', () => roundTrips(bytes))],
    close: () => worker.terminate(),
  }
}

/** A word count over a file, by closures, in one generated loop or in loops composed of closures. */
async function loops({ threads, bytes }) {
  const path = linesFile(bytes)
  const [generated, composed] = [true, false].map((codegen) => new Context({ threads, codegen }))
  const count = (context) => () =>
    context
      .textFile(path)
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .filter(([word]) => word !== '')
      .mapValues((n) => n * 2)
      .count()
  return {
    contenders: [contender('generated', count(generated)), contender('composed', count(composed))],
    close: () => Promise.all([generated.stop(), composed.stop()]),
  }
}

/** A word count over a file, by the library's `split` or by a closure that does the same. */
async function kernels({ threads, bytes }) {
  const path = linesFile(bytes)
  const context = new Context({ threads })
  const top = (words) =>
    words
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b)
      .count()
  return {
    contenders: [
      contender('bytes', () => top(context.textFile(path).flatMap(split(' ')))),
      contender('strings', () => top(context.textFile(path).flatMap((line) => line.split(' ')))),
    ],
    close: () => context.stop(),
  }
}

/** Small jobs whose plan the threads have compiled, or whose function's text is new each time. */
async function programs({ threads }) {
  const context = new Context({ threads })
  let made = 0
  const known = (n) => n + 1
  const jobs = async (fn) => {
    let sum = 0
    for (let i = 0; i < PROGRAMS; i++) sum += await context.range(100).map(fn()).count()
    return sum
  }
  return {
    contenders: [
      contender('compiled once', () => jobs(() => known)),
      contender('per job', () => jobs(() => new Function('n', `return n + ${++made}`))),
    ],
    close: () => context.stop(),
  }
}

/** The time until a job is done after the only thread was terminated, with and without a spare. */
async function spares() {
  const [warm, none] = [true, false].map((spare) => new Context({ threads: 1, spare }))
  const recover = (context) => async () => {
    await context.range(100).count()
    const restored = new Promise((resolve) => {
      const remove = context.on('poolRestored', () => resolve(remove()))
    })
    await terminateThread(context)
    const began = performance.now()
    const result = await context.range(100).count()
    const ms = performance.now() - began
    await restored
    return { result, time: { ms, cpuMs: ms, foreignCores: 0 } }
  }
  return {
    contenders: [
      { name: 'warm', run: recover(warm) },
      { name: 'none', run: recover(none) },
    ],
    close: () => Promise.all([warm.stop(), none.stop()]),
  }
}
