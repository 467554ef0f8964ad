import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { LOG_FAULT_POINTS } from '#build/pool/fault-points.js'
import { scratch } from '../checkpoint/support.js'
import { random } from '../support.js'

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url))
/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
/** Kills of each source at random moments; KILLS sets another number for a long run. */
const kills = Number(process.env.KILLS ?? 3)
const { directory } = scratch()

interface Message {
  readonly ready?: true
  readonly done?: true
  readonly logged?: number
}

/** A process that is there until it kills itself, or is killed, or stops. */
class Child {
  readonly logged: number[] = []
  readonly closed: Promise<unknown>
  readonly done: Promise<unknown>
  readonly #process: ChildProcess
  readonly #errors: string[] = []

  constructor(at: string, source: string | number, fault: readonly (string | number)[], onReady: () => void) {
    const args = [CHILD, join(at, 'checkpoints'), join(at, 'outputs'), source, 15, ...fault].map(String)
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#process.stderr!.on('data', (data: Buffer) => this.#errors.push(String(data)))
    let isDone!: (value?: unknown) => void
    this.done = new Promise((resolve) => {
      isDone = resolve
    })
    this.#process.on('message', ({ ready, done, logged }: Message) => {
      if (ready) onReady()
      if (done) isDone()
      if (logged !== undefined) this.logged.push(logged)
    })
    this.closed = once(this.#process, 'close').then(([code, signal]) => {
      isDone()
      expect(code === 0 || signal === 'SIGKILL', this.#errors.join('')).toBe(true)
      return signal
    })
  }

  /** Messages to a process that is gone are lost, like requests to a service that is down. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => {})
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

type Line = readonly [name: string, time: number, records: readonly unknown[]]

function linesOf(at: string): Line[] {
  const lines = readFileSync(join(at, 'outputs'), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Line)
}

/** The batches of all processes: a batch that ran again had what it had before, and sums are those of the batches. */
function check(lines: readonly Line[]): number[] {
  for (const [name, , lost] of lines) if (name === 'lost') expect(lost).toEqual([])
  const batches = new Map<number, number[]>()
  for (const [name, time, records] of lines) {
    if (name !== 'batch') continue
    expect(batches.get(time) ?? records, `batch ${time}`).toEqual(records)
    batches.set(time, records as number[])
  }
  const times = [...batches.keys()].sort((a, b) => a - b)
  expect(times.every((time, i) => i === 0 || time === times[i - 1]! + 20)).toBe(true)
  for (const [name, time, records] of lines) {
    if (name !== 'sum') continue
    const sum = times
      .filter((at) => at <= time)
      .reduce((all, at) => all + batches.get(at)!.reduce((a, b) => a + b, 0), 0)
    expect(records, `sum at ${time}`).toEqual(sum === 0 ? [] : [['sum', sum]])
  }
  return times.flatMap((time) => batches.get(time)!)
}

interface Source {
  readonly address: string | number
  /** Sends to the child until it is gone. */
  feed(child: Child): void
  end(): void
}

/** Numbers that are pushed one after the other, without waiting: what was not acknowledged is not sent again. */
function pushes(): Source {
  let next = 1
  let timer: NodeJS.Timeout | undefined
  const end = () => clearInterval(timer)
  const feed = (child: Child) => {
    end()
    timer = setInterval(() => child.send({ push: next++ }), 1)
  }
  return { address: 'push', feed, end }
}

/** The same as lines of a server. */
async function lines(): Promise<Source & { readonly server: Server }> {
  let next = 1
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const timer = setInterval(() => socket.write(`${next++}\n`), 1)
    socket.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { address: (server.address() as { port: number }).port, feed: () => {}, end, server }
}

/** Runs processes one after the other: each is killed as the list says, the last one stops gracefully. */
async function run(at: string, source: Source, ends: readonly ({ fault: string; nth: number } | { after: number })[]) {
  const logged: number[] = []
  for (const end of [...ends, undefined]) {
    const fault = end && 'fault' in end ? [end.fault, end.nth] : []
    const child: Child = new Child(at, source.address, fault, () => source.feed(child))
    if (!end || 'after' in end) await child.done
    if (end && 'after' in end) {
      await setTimeout(end.after)
      child.kill()
    }
    if (!end) {
      source.end()
      child.send({ stop: true })
    }
    expect(await child.closed).toBe(end ? 'SIGKILL' : null)
    logged.push(...child.logged)
  }
  return logged
}

function checkPushed(numbers: readonly number[], logged: readonly number[]): void {
  expect(logged.length).toBeGreaterThan(10)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  expect(logged.filter((n) => !numbers.includes(n))).toEqual([])
}

test.each(LOG_FAULT_POINTS)(
  `killed at %s, twice: what was acknowledged is in one batch, and batches are what they were (SEED=${seed})`,
  async (fault) => {
    const at = directory()
    const draw = random(seed + LOG_FAULT_POINTS.indexOf(fault))
    const ends = [0, 1].map(() => ({ fault, nth: 3 + Math.floor(draw() * 30) }))
    const logged = await run(at, pushes(), ends)
    checkPushed(check(linesOf(at)), logged)
  },
  600_000,
)

test(
  `pushes, killed ${kills} times at random moments: nothing acknowledged is lost or doubled (SEED=${seed})`,
  async () => {
    const at = directory()
    const draw = random(seed)
    const logged = await run(
      at,
      pushes(),
      Array.from({ length: kills }, () => ({ after: draw() * 200 })),
    )
    checkPushed(check(linesOf(at)), logged)
  },
  Math.max(120, kills * 30) * 1000,
)

test(
  `a socket, killed ${kills} times at random moments: no line of a batch is lost or doubled (SEED=${seed})`,
  async () => {
    const at = directory()
    const draw = random(seed + 1)
    const source = await lines()
    await run(
      at,
      source,
      Array.from({ length: kills }, () => ({ after: draw() * 200 })),
    )
    const numbers = check(linesOf(at))
    expect(numbers.length).toBeGreaterThan(100)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  },
  Math.max(120, kills * 30) * 1000,
)

test('the comparison finds a batch that differs, a gap, and a sum of other batches', () => {
  const whole: Line[] = [
    ['batch', 20, [1]],
    ['sum', 20, [['sum', 1]]],
    ['batch', 40, [2]],
    ['sum', 40, [['sum', 3]]],
    ['batch', 40, [2]],
    ['batch', 60, []],
  ]
  expect(check(whole)).toEqual([1, 2])
  expect(() => check([...whole, ['batch', 40, [2, 3]]])).toThrow()
  expect(() => check(whole.filter(([, time]) => time !== 40))).toThrow()
  expect(() => check([...whole, ['sum', 60, [['sum', 4]]]])).toThrow()
  expect(() => checkPushed([1, 2, 2], [1, 2])).toThrow()
  expect(() =>
    checkPushed(
      Array.from({ length: 11 }, (_, i) => i),
      [...Array(11).keys(), 12],
    ),
  ).toThrow()
})
