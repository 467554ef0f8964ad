import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaService } from '../services/kafka.js'
import { newClient } from '../services/kafka-reader.js'

const PROGRAM = fileURLToPath(new URL('../../examples/kafka-shares.mjs', import.meta.url))
const PARTITIONS = 4
const KEYS = 40
const dir = mkdtempSync(join(tmpdir(), 'millrace-shares-'))
const processes: Program[] = []
let kafka: KafkaService

beforeAll(async () => {
  kafka = await KafkaService.start()
})
afterAll(async () => {
  for (const { child } of processes) child.kill('SIGKILL')
  await kafka?.[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

/** A process of the example. */
class Program {
  readonly child: ChildProcess
  readonly #lines: string[] = []
  #look = () => {}

  constructor(own: number) {
    const places = ['--brokers', kafka.broker, '--dir', dir, '--interval', '100ms', '--stand-by-after', '1s']
    const args = [PROGRAM, '--own', String(own), ...places]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line)
        this.#look()
      })
    processes.push(this)
  }

  has(line: string): boolean {
    return this.#lines.includes(line)
  }

  /** Resolves when the process has printed one line or the other for each share. Rejects if it ends before. */
  printed(...shares: readonly (readonly string[])[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.once('exit', (code) => reject(new Error(`exit code ${code}: ${this.#lines.join('\n')}`)))
      this.#look = () => {
        if (shares.every((lines) => lines.some((line) => this.has(line)))) resolve()
      }
      this.#look()
    })
  }
}

/** The totals of each key in the order in which a consumer of committed records sees them. */
function totalsOf(client: ReturnType<typeof newClient>) {
  const totals = new Map<string, number[]>()
  let [seen, wanted] = [0, Number.POSITIVE_INFINITY]
  let found = () => {}
  const consumer = client.consumer({ groupId: 'test', maxWaitTimeInMs: 100 })
  return {
    totals,
    consumer,
    async start() {
      await consumer.connect()
      await consumer.subscribe({ topic: 'totals', fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ message: { key, value } }) => {
          const of = totals.get(String(key)) ?? []
          totals.set(String(key), of)
          of.push(Number(value))
          if (++seen >= wanted) found()
        },
      })
    },
    atLeast(count: number): Promise<void> {
      wanted = count
      return new Promise((resolve) => {
        found = resolve
        if (seen >= count) resolve()
      })
    },
  }
}

test('two processes share a topic; one is killed; the other goes on with its totals, which stay exact', async () => {
  const client = newClient(kafka.broker)
  const [admin, producer] = [client.admin(), client.producer()]
  const out = totalsOf(client)
  try {
    await Promise.all([admin.connect(), producer.connect()])
    const topics = ['orders', 'totals'].map((topic) => ({ topic, numPartitions: PARTITIONS }))
    await admin.createTopics({ topics, waitForLeaders: true })
    await out.start()
    const send = async (rounds: number) => {
      const messages = Array.from({ length: KEYS }, (_, key) => ({ key: `key ${key}`, value: '1' }))
      for (let round = 0; round < rounds; round++) await producer.send({ topic: 'orders', messages })
    }
    const programs = [new Program(0), new Program(1)]
    const started = [0, 1].map((share) => [`runs share ${share}`, `stands by for share ${share}`])
    await Promise.all(programs.map((program) => program.printed(...started)))
    // On a machine that stands still, one process may have taken the share of the other.
    const victim = programs.find((program) => program.has('runs share 0'))!
    const survivor = programs.find((program) => program !== victim)!
    await send(50)
    await out.atLeast(10 * KEYS)
    victim.child.kill('SIGKILL')
    await send(50)
    await survivor.printed(['continues share 0'])
    await send(50)
    await out.atLeast(150 * KEYS)
    survivor.child.kill('SIGTERM')
    await new Promise((resolve) => survivor.child.once('close', resolve))
    // A total that was doubled or left out would break the row.
    const expected = Array.from({ length: 150 }, (_, i) => i + 1)
    expect(out.totals.size).toBe(KEYS)
    for (const [key, totals] of out.totals) expect(totals, key).toEqual(expected)
  } finally {
    await Promise.allSettled([out.consumer.disconnect(), admin.disconnect(), producer.disconnect()])
  }
}, 600_000)
