import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { random } from '../engine/support.js'
import { TestedProcess } from './process.js'

/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
/** Against a hang: processes start slowly on a busy machine. */
const TIMEOUT_MS = 300_000
const PROGRAM = fileURLToPath(new URL('./failures-program.mjs', import.meta.url))
const FILES = 30
/** The part of the files at which the process is killed. */
const KILLS = 1 / 5
/** The longest time in ms between a file and the death of the process. */
const LONGEST_LIFE_MS = 800

type Line = readonly [name: string, life: number, values: readonly unknown[]]

/** The files, and the processes that read them one after the other. */
class Failures implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-failures-'))
  readonly #places = {
    directory: join(this.#root, 'checkpoints'),
    numbers: join(this.#root, 'numbers'),
    words: join(this.#root, 'words'),
    file: join(this.#root, 'outputs'),
  }
  #life = 0
  #process: TestedProcess | undefined
  /** Called when the process has noted something, or ended. */
  #noted = () => {}

  constructor() {
    for (const place of [this.#places.numbers, this.#places.words]) mkdirSync(place)
    writeFileSync(this.#places.file, '')
  }

  get lives(): number {
    return this.#life
  }

  /** Starts the next process, and resolves when its streams have started. */
  async start(): Promise<void> {
    const tested = new TestedProcess(PROGRAM, { ...this.#places, life: ++this.#life }, () => this.#noted())
    this.#process = tested
    if (!(await tested.reaches('started'))) await tested.stop()
  }

  async kill(): Promise<void> {
    await this.#process!.kill()
  }

  async stop(): Promise<void> {
    await this.#process!.stop()
  }

  /** Puts file i into both directories: the number i, and the word 'a' i times. */
  put(i: number): void {
    const { words, numbers } = this.#places
    this.#put(join(words, `${i}`), 'a\n'.repeat(i))
    this.#put(join(numbers, `${i}`), `${i}\n`)
  }

  /** Resolves when the outputs have file i. */
  async has(i: number): Promise<void> {
    for (;;) {
      const noted = new Promise<boolean>((resolve) => {
        this.#noted = () => resolve(true)
      })
      if (this.numbers().includes(i) && this.counts().some((count) => count >= sumTo(i))) return
      const isAlive = await Promise.race([noted, this.#process!.isKilled().then(() => false)])
      if (!isAlive) throw new Error('the process has ended')
    }
  }

  lines(): Line[] {
    const text = readFileSync(this.#places.file, 'utf8')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  }

  numbers(): number[] {
    return this.lines().flatMap(([name, , values]) => (name === 'numbers' ? (values as number[]) : []))
  }

  /** The counts of 'a', in order. */
  counts(): number[] {
    const pairs = this.lines().flatMap(([name, , values]) => (name === 'counts' ? (values as [string, number][]) : []))
    return pairs.flatMap(([key, count]) => (key === 'a' ? [count] : []))
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  #put(path: string, text: string): void {
    const written = join(this.#root, 'written')
    writeFileSync(written, text)
    renameSync(written, path)
  }
}

const sumTo = (i: number) => (i * (i + 1)) / 2

test(
  `30 files, and a process that is killed again and again: nothing is missing, and no state is wrong (SEED=${seed})`,
  async () => {
    using failures = new Failures()
    const draw = random(seed)
    await failures.start()
    let next = 1
    while (next <= FILES) {
      failures.put(next)
      if (draw() < KILLS) {
        await wait(draw() * LONGEST_LIFE_MS)
        await failures.kill()
        // Files come while no process runs.
        for (let more = Math.floor(draw() * 3); more > 0 && next < FILES; more--) failures.put(++next)
        await failures.start()
      }
      await failures.has(next++)
    }
    await failures.stop()

    expect(new Set(failures.numbers())).toEqual(new Set(Array.from({ length: FILES }, (_, i) => i + 1)))
    const possible = Array.from({ length: FILES }, (_, i) => sumTo(i + 1))
    expect(failures.counts().filter((count) => !possible.includes(count))).toEqual([])
    expect(failures.counts().at(-1)).toBe(465)

    // Each process builds the graph, and all but the first continue.
    const of = (kind: string) => failures.lines().flatMap(([name, life]) => (name === kind ? [life] : []))
    const lives = Array.from({ length: failures.lives }, (_, i) => i + 1)
    expect(failures.lives).toBeGreaterThan(3)
    expect(of('created')).toEqual(lives)
    expect(of('recovered')).toEqual(lives.slice(1))
  },
  TIMEOUT_MS,
)
