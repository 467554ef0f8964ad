import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { figure, table } from './report.mjs'
import { median } from './stats.mjs'

const PROCESS = fileURLToPath(new URL('recovery-process.mjs', import.meta.url))
const KEYS = [10_000, 1_000_000, 4_000_000]
/** Shares of the keys that a batch changes; a first batch has changed all of them. */
const SHARES = [1, 0.1, 0.01]
/** Batches that fell due while no process ran. */
const BACKLOGS = [0, 10, 100]

/** Runs a process to its end; returns its lines, and the ms from its start to the last of them. */
async function lines(...args) {
  const began = performance.now()
  const child = spawn(process.execPath, [PROCESS, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const texts = []
  let last = began
  createInterface({ input: child.stdout }).on('line', (line) => {
    texts.push(line)
    last = performance.now()
  })
  await once(child, 'close')
  return { texts, ms: last - began }
}

async function measure(keys, { runs, threads }) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-recovery-'))
  try {
    const { texts } = await lines(directory, keys, threads, 'fill', ...SHARES)
    // The first one is that of start(), before any batch.
    const checkpoints = texts.map((text) => JSON.parse(text)).slice(-SHARES.length)
    const resumed = {}
    for (const backlog of BACKLOGS) {
      const all = []
      for (let i = 0; i < runs; i++) {
        const copy = `${directory}-copy`
        cpSync(directory, copy, { recursive: true })
        const { texts: told, ms } = await lines(copy, keys, threads, 'resume', backlog)
        rmSync(copy, { recursive: true })
        if (!told.includes('done')) throw new Error(`a process with ${keys} keys did not resume`)
        all.push(ms)
      }
      resumed[backlog] = median(all)
    }
    return { keys, checkpoints: checkpoints.map(({ bytes, ms }) => ({ bytes, ms })), resumed }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Measures the start of a process that resumes from its checkpoints, and the cost of checkpoints by changed keys. */
export async function run(options, log) {
  const results = []
  for (const keys of options.quick ? KEYS.slice(0, 2) : KEYS) results.push(await measure(keys, options))
  const head = ['keys', ...BACKLOGS.map((n) => (n === 0 ? 'first batch' : `and ${n} that passed`))]
  log('seconds from the start of the process to the end of its first batch; median')
  log(
    table(
      head,
      results.map(({ keys, resumed }) => [figure(keys), ...BACKLOGS.map((n) => figure(resumed[n] / 1000))]),
    ),
  )
  log('\ncheckpoints: MB written, and the share of the one in which all keys had changed')
  log(
    table(
      ['keys', ...SHARES.map((share) => `${share * 100} % changed`)],
      results.map(({ keys, checkpoints: [all, ...rest] }) => [
        figure(keys),
        figure(all.bytes / 1e6),
        ...rest.map(({ bytes }) => `${figure(bytes / 1e6)} (${figure((100 * bytes) / all.bytes)} %)`),
      ]),
    ),
  )
  return results
}
