import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { millrace } from './command.js'

const SMALL = ['--threads', '2', '--batch-interval', '100ms']
/** No batch before the test ends, but for the one that a graceful stop makes. */
const ONE_BATCH = ['--threads', '2', '--batch-interval', '1d']

test('runs for a duration: prints and outputs on stdout, a line a batch and totals on stderr', async () => {
  const command = millrace('run', 'words.mjs', ...SMALL, '--duration', '1s')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.stdout).toMatch(/^-{43}\nTime: \d+ ms\n-{43}\n/)
  expect(command.stdout).toContain('["a",2]\n')
  expect(command.stdout).toContain('["a",4]\n')
  expect(command.stdout).toMatch(/Time: \d+ ms, output: count\n-{43}\n6\n\n/)
  const [first, ...lines] = command.stderr.trimEnd().split('\n')
  const last = lines.pop()
  expect(first).toBe('millrace: running words.mjs, threads=2, a batch every 100ms')
  expect(lines.length).toBeGreaterThanOrEqual(2)
  for (const line of lines) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z records=\d+ scheduling=\d+ms processing=\d+ms total=\d+ms lost=0$/)
  }
  expect(last).toMatch(
    new RegExp(`^millrace: ${lines.length} batches, 3 records, processing p50 \\d+ ms, p99 \\d+ ms, 0 threads lost$`),
  )
})

test('--until caught-up ends when every source is at its end', async () => {
  const command = millrace('run', 'queue.mjs', ...ONE_BATCH, '--until', 'caught-up', '--json')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.records('numbers')).toEqual([1, 2, 3])
})

test('--until caught-up with a receiver is refused', async () => {
  const command = millrace('run', 'pushed.mjs', ...ONE_BATCH, '--until', 'caught-up')
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toContain('inputs that have no end')
})

test('--json writes nothing but JSON objects to stdout', async () => {
  const command = millrace('run', 'words.mjs', ...SMALL, '--duration', '1s', '--json', '--param', 'text=x=1 y')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  const objects = command.objects()
  const batches = objects.filter((object) => 'batch' in object)
  const outputs = objects.filter((object) => 'output' in object)
  const prints = objects.filter((object) => 'print' in object)
  expect(batches.length + outputs.length + prints.length).toBe(objects.length)
  expect(outputs[0]).toEqual({ output: 'count', time: batches[0]!.batch, records: [2] })
  expect(outputs[1]).toEqual({ output: 'count', time: batches[1]!.batch, records: [4] })
  expect(prints[0]!.time).toBe(batches[0]!.batch)
  expect([...(prints[0]!.print as string[])].sort()).toEqual(['["x=1",1]', '["y",1]'])
  expect(batches[0]).toEqual({
    batch: expect.any(Number),
    records: 1,
    schedulingDelay: expect.any(Number),
    processingDelay: expect.any(Number),
    totalDelay: expect.any(Number),
    threadsLost: 0,
    failed: [],
  })
  expect(outputs.length).toBe(batches.length)
})

test('records that JSON has no form for are written in the nearest one', async () => {
  const command = millrace('run', 'unusual-records.mjs', ...ONE_BATCH, '--duration', '1ms', '--json')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.records('unusual')).toEqual([[10, [['a', 1]], [2]]])
})

test('--checkpoint-dir: a run goes on where the one before ended, and no two run at a time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const start = (...more: string[]) =>
    millrace(
      'run',
      'totals.mjs',
      '--threads',
      '2',
      '--batch-interval',
      '500ms',
      '--checkpoint-dir',
      directory,
      '--json',
      ...more,
    )
  const totals: number[] = []
  for (let runs = 0; runs < 2; runs++) {
    const command = start('--duration', '1s')
    expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
    totals.push(...(command.records('total') as number[]))
  }
  expect(totals.length).toBeGreaterThan(3)
  expect(totals).toEqual(Array.from(totals, (_, i) => i + 1))
  const first = start()
  await first.writes('stdout', '"batch"')
  const second = start()
  expect(await second.ended).toEqual({ code: 1, signal: null })
  expect(second.stderr).toContain(`The checkpoint directory ${directory} is in use by process ${first.child.pid}`)
  first.kill('SIGTERM')
  expect(await first.ended).toEqual({ code: 0, signal: null })
})

test('runs a TypeScript module', async () => {
  const command = millrace('run', 'typed.ts', ...ONE_BATCH, '--duration', '1ms', '--json')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.records('sums')).toEqual([['a', 5]])
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s: what was pushed is processed before the end', async (signal) => {
  const command = millrace('run', 'pushed.mjs', ...ONE_BATCH, '--json')
  await command.writes('stderr', 'millrace: running')
  expect(command.stdout).toBe('')
  command.kill(signal)
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.stderr).toContain(`millrace: ${signal}: processing received data`)
  expect(command.records('count')).toEqual([5000])
  expect(command.records('sum')).toEqual([(5000 * 4999) / 2])
})

test('SIGINT: lines from a socket come out once each, without a gap', async () => {
  let next = 0
  const send = (socket: Socket) => socket.write(`${Array.from({ length: 1000 }, () => next++).join('\n')}\n`)
  const server = createServer((socket) => {
    // The command may end the connection while something is on its way.
    socket.on('error', () => socket.destroy())
    send(socket)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  const { port } = server.address() as AddressInfo
  const command = millrace('run', 'lines.mjs', ...SMALL, '--param', `port=${port}`, '--json')
  const [socket] = await connected
  await command.writes('stdout', '999]')
  send(socket)
  await command.writes('stdout', '1999]')
  send(socket)
  command.kill('SIGINT')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  const got = (command.records('numbers') as number[]).sort((a, b) => a - b)
  expect(got.length).toBeGreaterThanOrEqual(2000)
  expect(got).toEqual(Array.from({ length: got.length }, (_, i) => i))
})

test('SIGINT: a batch that takes many intervals more is not given up', async () => {
  const command = millrace('run', 'slow.mjs', '--threads', '1', '--batch-interval', '20ms')
  await command.writes('stdout', 'begun')
  command.kill('SIGINT')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.stdout).toBe('begun\nfinished\n')
})

test('a second SIGINT ends a batch that would never end: exit code 130', async () => {
  const command = millrace('run', 'stuck.mjs', ...SMALL)
  await command.writes('stdout', 'stuck')
  command.kill('SIGINT')
  await command.writes('stderr', 'repeat to stop at once')
  // Signals that follow very soon count as the first one, so the key is pressed until it works.
  const pressing = setInterval(() => command.kill('SIGINT'), 50)
  onTestFinished(() => clearInterval(pressing))
  expect(await command.ended).toEqual({ code: 130, signal: null })
})

test('a task that fails: exit code 1, with batch, operation, partition and cause', async () => {
  const command = millrace('run', 'fails.mjs', ...SMALL)
  expect(await command.ended).toEqual({ code: 1, signal: null })
  expect(command.stderr).toMatch(
    / failed=output\(checked\)\n(?:millrace: stop\(\) abandoned: .*\n)?millrace: 1 batch, /,
  )
  expect(command.stderr).toContain('  code       ERR_MILLRACE_TASK_FAILED\n')
  expect(command.stderr).toMatch(/\n {2}batch {6}\d+ \(\d{4}-.*Z\)\n {2}operation {2}map/)
  expect(command.stderr).toMatch(/\n {2}partition {2}\d\n/)
  expect(command.stderr).toMatch(/\n {2}caused by TypeError: three is too much\n {4}at .*fails\.mjs:4:/)
  expect(command.stderr.match(/three is too much/g), 'once in the message, once as the cause').toHaveLength(2)
})

test('a task that fails in the last batch of a graceful stop: exit code 1', async () => {
  const command = millrace('run', 'fails.mjs', ...ONE_BATCH)
  await command.writes('stderr', 'millrace: running')
  command.kill('SIGTERM')
  expect(await command.ended).toEqual({ code: 1, signal: null })
  expect(command.stderr).toContain('caused by TypeError: three is too much')
})

test('a reader of stdout that goes away ends the run quietly', async () => {
  const command = millrace('run', 'words.mjs', ...SMALL)
  await command.writes('stdout', 'Time:')
  command.child.stdout!.destroy()
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.stderr).not.toContain('EPIPE')
})
