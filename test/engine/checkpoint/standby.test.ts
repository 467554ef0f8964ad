import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ArgumentError, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { asAfterKill, known, listed, scratch } from './support.js'

const CHILD = fileURLToPath(new URL('./standby-child.mjs', import.meta.url))
const TOTALS = new URL('./totals.mjs', import.meta.url)
const { directory, manual } = scratch()
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Told {
  readonly event: string
  readonly [field: string]: unknown
}

/** A process of standby-child.mjs. */
class Instance {
  readonly child: ChildProcess
  readonly told: Told[] = []
  readonly closed: Promise<void>
  #isClosed = false
  #wake = () => {}

  constructor(at: string) {
    this.child = spawn(process.execPath, [CHILD, join(at, 'checkpoints'), join(at, 'outputs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(this.child)
    const lines = createInterface({ input: this.child.stdout! })
    lines.on('line', (line) => {
      this.told.push(JSON.parse(line) as Told)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      lines.on('close', () => {
        this.#isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  /** Resolves when the process has reported `event` `times` times. */
  async tells(event: string, times = 1): Promise<void> {
    while (this.told.filter((told) => told.event === event).length < times) {
      if (this.#isClosed) throw new Error(`the process ended without ${event}: ${JSON.stringify(this.told)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

interface Line {
  readonly pid: number
  readonly time: number
  readonly sum: number
}

const outputsOf = (at: string): Line[] =>
  readFileSync(join(at, 'outputs'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** Every batch from the first to the last exists, and its sum is the same whichever process computed it. */
function checkSums(lines: readonly Line[]): void {
  const first = lines[0]!
  const sums = new Map(lines.map(({ time, sum }) => [time, sum]))
  for (const { time, sum } of lines) expect(sum - first.sum, `batch ${time}`).toBe((time - first.time) / 50)
  const times = [...sums.keys()].sort((a, b) => a - b)
  expect(times.at(-1)! - times[0]!).toBe((times.length - 1) * 50)
}

test('a standby waits, and takes over when the owner is killed: no batch is missing or differs', async () => {
  const at = directory()
  const owner = new Instance(at)
  await owner.tells('batch', 5)
  const standby = new Instance(at)
  await standby.tells('standby')
  expect(standby.told).toEqual([{ event: 'standby', pid: owner.child.pid }])
  await owner.tells('batch', 10)
  owner.child.kill('SIGKILL')
  await standby.tells('batch', 10)
  expect(standby.told.slice(0, 2).map(({ event }) => event)).toEqual(['standby', 'standbyPromoted'])
  expect(standby.told.map(({ event }) => event)).toEqual(expect.arrayContaining(['recovered', 'started']))
  standby.child.kill('SIGTERM')
  await standby.closed
  expect(standby.told.at(-1)).toEqual({ event: 'ended' })
  checkSums(outputsOf(at))
})

test.runIf(existsSync('/proc/self/stat'))(
  'an owner that was suspended finds on its return that it was replaced: it runs no output, removes and writes nothing',
  async () => {
    const at = directory()
    const owner = new Instance(at)
    await owner.tells('batch', 3)
    const standby = new Instance(at)
    await standby.tells('standby')
    owner.child.kill('SIGUSR2')
    await standby.tells('standbyPromoted')
    await standby.tells('batch', 5)
    const byOwner = outputsOf(at).filter(({ pid }) => pid === owner.child.pid)
    const ofOwner = () => readdirSync(join(at, 'checkpoints')).filter((name) => /^\w+-(\d+-)?1(-\d+)?$/.test(name))
    const files = ofOwner()
    owner.child.kill('SIGCONT')
    await owner.closed
    expect(owner.told.at(-1)).toEqual({
      event: 'failed',
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringContaining(`was taken over by process ${standby.child.pid}`),
    })
    const soFar = standby.told.filter(({ event }) => event === 'batch').length
    await standby.tells('batch', soFar + 5)
    standby.child.kill('SIGTERM')
    await standby.closed
    const lines = outputsOf(at)
    expect(lines.filter(({ pid }) => pid === owner.child.pid)).toEqual(byOwner)
    checkSums(lines)
    // The new owner has removed some of them meanwhile.
    expect(files).toEqual(expect.arrayContaining(ofOwner()))
  },
  600_000,
)

/** A context that adds up ones. */
function counting(at: string, from = 0) {
  const { ssc, clock, log } = manual(from, { checkpointDir: at })
  const sums = listed(
    known(ssc, () => [1])
      .map((n) => ['sum', n] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.length + (sum ?? 0)),
  )
  const waits = new Promise<void>((resolve) => ssc.on('standby', () => resolve()))
  return { ssc, clock, log, sums, waits }
}

test('a standby takes over from an owner that stops, and resumes after its last batch', async () => {
  const at = directory()
  const first = counting(at)
  await first.ssc.start()
  const second = counting(at, 3000)
  const started = second.ssc.start({ standby: true })
  await second.waits
  for (let batch = 0; batch < 3; batch++) {
    await first.clock.advance(1000)
    await first.ssc.awaitIdle()
  }
  await first.ssc.stop()
  await started
  await second.clock.advance(1000)
  await second.ssc.awaitIdle()
  expect(second.sums).toEqual([[4000, [['sum', 4]]]])
})

test('stop() ends the wait: start() rejects, the owner keeps the directory', async () => {
  const at = directory()
  const first = counting(at)
  await first.ssc.start()
  const second = counting(at)
  const started = second.ssc.start({ standby: true })
  await second.waits
  await second.ssc.stop()
  await expect(started).rejects.toThrow('was stopped while it was starting')
  await second.ssc.awaitTermination()
  await first.clock.advance(1000)
  await first.ssc.awaitIdle()
  expect(first.sums).toEqual([[1000, [['sum', 1]]]])
  expect(readdirSync(at).filter((name) => name.startsWith('owner'))).toEqual(['owner-1'])
})

test.each(['host', 'thread'] as const)(
  'a pipeline whose driver is in %s waits, stops and takes over',
  async (driver) => {
    const at = directory()
    const open = async () => {
      // No batch in the time of this test.
      const options = { batchInterval: '1h', threads: 1, spare: false, checkpointDir: at, driver } as const
      const pipeline = await StreamingContext.fromPipeline(TOTALS, options)
      const waits = new Promise<void>((resolve) => pipeline.on('standby', () => resolve()))
      return { pipeline, waits }
    }
    const owner = await open()
    await owner.pipeline.start()
    const first = await open()
    const started = first.pipeline.start({ standby: true })
    const rejected = expect(started).rejects.toThrow('stopped while it was starting')
    await first.waits
    await first.pipeline.stop()
    await rejected

    const second = await open()
    const promoted = second.pipeline.start({ standby: true })
    await second.waits
    await owner.pipeline.stop()
    await promoted
    expect(second.pipeline.state).toBe('ACTIVE')
    await second.pipeline.stop()
  },
)

test('of two standbys one takes over, and the other waits for it', async () => {
  const at = directory()
  const owner = counting(at)
  await owner.ssc.start()
  const standbys = [counting(at, 1000), counting(at, 1000)]
  const started = standbys.map(({ ssc }, i) => ssc.start({ standby: true }).then(() => i))
  await Promise.all(standbys.map(({ waits }) => waits))
  await owner.ssc.stop()
  const first = await Promise.race(started)
  await standbys[first]!.ssc.stop()
  await started[1 - first]
  expect(standbys[1 - first]!.ssc.state).toBe('ACTIVE')
})

test('a standby of a free directory starts at once, without an event', async () => {
  const at = directory()
  const { ssc } = counting(at)
  const events: string[] = []
  for (const name of ['standby', 'standbyPromoted'] as const) ssc.on(name, () => events.push(name))
  await ssc.start({ standby: true })
  expect(events).toEqual([])
  expect(ssc.state).toBe('ACTIVE')
})

test('a standby takes over what a dead process left, without a wait', async () => {
  const at = directory()
  const first = counting(at)
  await first.ssc.start()
  const { ssc } = counting(asAfterKill(at, directory()))
  await ssc.start({ standby: true })
  expect(ssc.state).toBe('ACTIVE')
})

test('standby needs a directory, and is true or false', async () => {
  const { ssc } = manual(0)
  known(ssc, () => [1]).foreachRDD(() => {})
  await expect(ssc.start({ standby: 1 } as never)).rejects.toThrow(ArgumentError)
  await expect(ssc.start({ standby: true })).rejects.toThrow('no checkpoint directory to wait for')
})
