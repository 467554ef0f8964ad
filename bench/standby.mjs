import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { table } from './report.mjs'
import { quantile } from './stats.mjs'

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const PIPELINE = fileURLToPath(new URL('standby-pipeline.mjs', import.meta.url))
const INTERVAL = 100

/** Starts a process of the pipeline. `seen(text)` resolves with the moment of the next line that contains the text. */
function instance(directory) {
  const args = ['run', PIPELINE, '--threads', '1', '--batch-interval', `${INTERVAL}ms`, '--json', '--standby']
  const child = spawn(process.execPath, [MAIN, ...args, '--checkpoint-dir', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const waiting = new Set()
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      for (const wait of waiting) if (line.includes(wait.text)) wait.found(performance.now())
    })
  }
  const seen = (text) =>
    new Promise((resolve) => {
      const wait = {
        text,
        found: (at) => {
          waiting.delete(wait)
          resolve(at)
        },
      }
      waiting.add(wait)
    })
  return { child, seen, ended: once(child, 'close') }
}

/** Ends an owner with the signal. Returns the ms until its standby has the directory, and has completed a batch. */
async function takeover(signal) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-standby-'))
  const owner = instance(directory)
  await owner.seen('"batch"')
  const standby = instance(directory)
  await standby.seen('standby: process')
  // At a random moment between two heartbeats.
  await new Promise((resolve) => setTimeout(resolve, 1000 + Math.random() * 500))
  const [taken, batch] = [standby.seen('took over'), standby.seen('"batch"')]
  const at = performance.now()
  owner.child.kill(signal)
  const ms = { taken: (await taken) - at, batch: (await batch) - at }
  for (const { child, ended } of [owner, standby]) {
    child.kill('SIGKILL')
    await ended
  }
  rmSync(directory, { recursive: true })
  return ms
}

/** Measures how long a standby needs to replace an owner that is killed, and one that is suspended. */
export async function run({ runs }, log) {
  const results = {}
  for (const signal of ['SIGKILL', 'SIGSTOP']) {
    const all = []
    for (let i = 0; i < runs; i++) all.push(await takeover(signal))
    results[signal] = all
  }
  const cell = (values) => `${quantile(values, 0.5).toFixed(0)} (max ${Math.max(...values).toFixed(0)})`
  const rows = Object.entries(results).map(([signal, all]) => [
    signal,
    cell(all.map(({ taken }) => taken)),
    cell(all.map(({ batch }) => batch)),
  ])
  log(`${runs} owners each, batches of ${INTERVAL} ms; ms from the signal, median (max)`)
  log(table(['owner', 'directory taken', 'first batch complete'], rows))
  return results
}
