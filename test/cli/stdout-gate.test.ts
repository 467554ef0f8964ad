import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { BlockedStdoutError, StdoutGate } from '#build/cli/stdout-gate.js'
import { jsonView } from '#build/cli/views/json-view.js'

/** A stream whose reader takes a chunk only when `read` is called. */
function slowReader() {
  const waiting: (() => void)[] = []
  const stream = new Writable({ highWaterMark: 4, write: (_chunk, _encoding, done) => void waiting.push(done) })
  return { stream, read: () => waiting.shift()?.() }
}

test('a writer waits while the stream is full, and no longer', async () => {
  const { stream, read } = slowReader()
  const gate = new StdoutGate(stream)
  await gate.room()
  stream.write('longer than four')
  let passed = false
  const room = gate.room().then(() => {
    passed = true
  })
  await new Promise(setImmediate)
  expect(passed).toBe(false)
  read()
  await room
})

test('after stopping, a reader that takes nothing fails the writer; before, it may take as long as it likes', async () => {
  const { stream } = slowReader()
  const gate = new StdoutGate(stream, 1)
  stream.write('longer than four')
  let error: unknown
  const room = gate.room().catch((reason: unknown) => {
    error = reason
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    await vi.advanceTimersByTimeAsync(60_000)
    expect(error).toBeUndefined()
    gate.stopping()
    await vi.advanceTimersByTimeAsync(1000)
    await room
  } finally {
    vi.useRealTimers()
  }
  expect(error).toBeInstanceOf(BlockedStdoutError)
})

test('a closed stream holds nobody back', async () => {
  const { stream } = slowReader()
  stream.write('longer than four')
  stream.destroy()
  await new StdoutGate(stream).room()
})

test('--json lists no batches while stdout is full, and says how many it left out', () => {
  const lines: string[] = []
  const stdout = { write: (text: string) => lines.push(text) > 0, writableNeedDrain: false }
  const view = jsonView({ stdout: stdout as never, stderr: stdout as never }, {} as never)
  const row = (time: number) => ({ time, failed: [] }) as never
  view.batch(row(1))
  stdout.writableNeedDrain = true
  view.batch(row(2))
  view.batch(row(3))
  stdout.writableNeedDrain = false
  view.batch(row(4))
  view.batch(row(5))
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { batch: 1, failed: [] },
    { batch: 4, failed: [], notListed: 2 },
    { batch: 5, failed: [] },
  ])
})

test('batches wait while stdout is not read, and SIGTERM ends the run with an error', async () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const module = fileURLToPath(new URL('fixtures/much-output.mjs', import.meta.url))
  const options = ['--threads', '1', '--batch-interval', '20ms', '--json']
  const child = spawn(process.execPath, [main, 'run', module, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  const running = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (stderr.includes('millrace: running')) resolve()
    })
  })
  await running
  // The pipe is full once something waits in it.
  await once(child.stdout, 'readable')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(stderr.match(/stdout has not been read for 2 s/g)).toHaveLength(1)
  // The first batch waits for its output, or fails at the end of the run: no second one has begun.
  expect(stderr).toMatch(/millrace: (0 batches|1 batch),/)
  expect(code).toBe(1)
})
