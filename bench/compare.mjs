import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Contender, ContenderFailed } from './compare/contender.mjs'
import { htmlReport } from './compare/html.mjs'
import { isMillrace, peerOf, variantOf } from './compare/ids.mjs'
import { judgeMarks } from './compare/judging.mjs'
import { textMarks } from './compare/marks-table.mjs'
import { parseCompare } from './compare/options.mjs'
import { summarise } from './compare/summary.mjs'
import { textTable } from './compare/text.mjs'
import { iterationsFor, runRounds, warmUp } from './compare/turns.mjs'
import { WORKLOADS } from './compare/workloads.mjs'
import { machine } from './machine.mjs'
import { Unavailable } from './peers/build.mjs'
import { PEERS } from './peers/registry.mjs'

/** Milliseconds without an answer after which a contender is excluded. */
const LIMIT_MS = 120_000
const RESULTS = fileURLToPath(new URL('./results/', import.meta.url))

/** Runs every chosen workload on Millrace and its peers. Writes a JSON file and a page, and returns their content. */
export async function compare(words, log) {
  const options = parseCompare(words)
  const at = new Date()
  const begun = performance.now()
  const { available, skipped } = await prepare(options, log)
  const workloads = []
  for (const workload of WORKLOADS.filter(({ name }) => options.workloads.includes(name))) {
    log(`\n${workload.name}`)
    if (workload.needs !== undefined && available[workload.needs] === undefined) {
      log(`  is skipped without the peer ${workload.needs}`)
      continue
    }
    const summary = await compareOne(workload, available, options, log)
    log(textTable(summary))
    workloads.push(summary)
  }
  const versions = Object.fromEntries(Object.entries(available).map(([name, { version }]) => [name, version]))
  const minutes = (performance.now() - begun) / 60_000
  const report = {
    bench: 'compare',
    at: at.toISOString(),
    minutes,
    machine: machine(),
    options,
    versions,
    skipped,
    workloads,
    marks: judgeMarks(workloads),
  }
  log(`\n${textMarks(report.marks, options)}`)
  write(report, options.out ?? RESULTS, log)
  return report
}

/** Builds the peers that the workloads need. Skips a peer that is not available, and logs the reason. */
async function prepare(options, log) {
  const { workloads, peers } = options
  const wanted = new Set(
    WORKLOADS.filter(({ name }) => workloads.includes(name)).flatMap(({ contenders }) => contenders.map(peerOf)),
  )
  const available = {}
  const skipped = {}
  for (const name of peers.filter((name) => wanted.has(name))) {
    try {
      available[name] = await PEERS[name].prepare(options)
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      skipped[name] = error.message
      log(`${name} is skipped: ${error.message}`)
    }
  }
  return { available, skipped }
}

async function compareOne(workload, available, options, log) {
  const { task, bytes, records, beside, ...more } = await workload.prepare(options)
  const entries = workload.contenders
    .filter((id) => available[peerOf(id)] !== undefined)
    .map((id) => ({ id, title: titleOf(id), version: available[peerOf(id)].version }))
  try {
    for (const entry of entries) {
      const peer = peerOf(entry.id)
      const words = { ...wordsOf(workload, entry.id), peer, threads: options.threads, ...task }
      entry.launch = () => launch(entry.id, { ...available[peer].start(words), beside })
      if (!workload.fresh) await enter(entry, warmthOf(workload, PEERS[peer].warmUp, options), log)
    }
    const rounds = Math.min(options.rounds, workload.rounds ?? options.rounds)
    const { turnMs } = options
    const work = workload.fresh
      ? freshTurn
      : (entry) => turn(entry, workload.iterations ?? iterationsFor(entry.lastMs, turnMs))
    await runRounds(entries, { rounds, work, log })
  } finally {
    await Promise.all(entries.map((entry) => leave(entry)))
    await more.close?.()
  }
  return summarise(workload, { bytes, records }, entries)
}

function titleOf(id) {
  const { title } = PEERS[peerOf(id)]
  const variant = variantOf(id)
  return variant === undefined ? title : `${title}: ${variant}`
}

/** Returns the words for a contender besides its data. */
function wordsOf({ name, module = name, fresh }, id) {
  const variant = variantOf(id) ?? (fresh ? 'builtins' : undefined)
  // The start is measured with a word count.
  return { workload: fresh && !isMillrace(id) ? 'wordcount' : module, ...(variant && { variant }) }
}

function launch(id, { scratch, ...command }) {
  return { contender: new Contender(id, command), scratch }
}

/** Starts a contender and warms it up. */
async function enter(entry, warmth, log) {
  Object.assign(entry, entry.launch())
  try {
    Object.assign(entry, await warmUp(entry.contender, warmth, LIMIT_MS))
    log(`  ${entry.id}: first result after ${entry.firstMs.toFixed(0)} ms, warm at ${entry.lastMs.toFixed(1)} ms`)
  } catch (error) {
    if (!(error instanceof ContenderFailed)) throw error
    entry.failure = error.message
    log(`  ${entry.id} is out: ${error.message}`)
  }
}

async function turn(entry, iterations) {
  const said = await entry.contender.turn(iterations, LIMIT_MS)
  entry.peakRssMb = entry.contender.peakRssMb
  return said
}

/** Runs a turn of a process of its own: the time from its start to its first answer. */
async function freshTurn(entry) {
  Object.assign(entry, entry.launch())
  try {
    const said = await turn(entry, 1)
    entry.firstMs = entry.contender.ageMs
    return { ...said, ms: [entry.firstMs] }
  } finally {
    await leave(entry)
  }
}

function warmthOf({ warm = 0, warmUp }, usual, { quick }) {
  const { iterations, seconds } = warmUp ?? usual
  return { iterations: Math.max(warm, iterations), seconds: quick ? seconds / 4 : seconds }
}

async function leave({ contender, scratch }) {
  await contender?.stop()
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
}

function write(report, folder, log) {
  mkdirSync(folder, { recursive: true })
  const name = join(folder, report.at.slice(0, 16).replace('T', '-').replace(':', ''))
  writeFileSync(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${name}.html`, htmlReport(report))
  log(`\nwritten to ${name}.json and .html, after ${report.minutes.toFixed(1)} minutes`)
}
