import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PROCESS_FAULT_POINTS } from '#build/pool/fault-points.js'
import { random } from '../engine/support.js'
import { differences } from './oracle.js'
import { type ProcessOptions, TestedProcess } from './process.js'
import { SINKS, type Sink, type Store } from './sinks.js'
import { type Feeder, SOURCES, type Source } from './sources.js'

export interface RunOptions {
  readonly source: keyof typeof SOURCES
  readonly sink: keyof typeof SINKS
  readonly kills: number
  readonly seed: number
  /** Told of each kill. */
  readonly onKill?: (nth: number, where: string) => void
}

/** Lines that are sent at once, and the pause in ms between two such sends. */
const AT_ONCE = 10
const PAUSE_MS = 100
/** The longest time in ms that a process lives before it is killed. */
const LONGEST_LIFE_MS = 1500
/** How long the last process may go on without a new line in the sink. */
const STANDSTILL_MS = 60_000

/**
 * Kills a process again and again, at random moments and at fault points, and starts it again, while its source gets lines all
 * the time. Returns the lines and the differences between what the sink holds at the end and the oracle.
 */
export async function runKills({ source, sink, kills, seed, onKill }: RunOptions): Promise<{
  readonly lines: number
  readonly faults: readonly string[]
}> {
  await using feeder = await (SOURCES[source] as Source<unknown>).start()
  await using store = await (SINKS[sink] as Sink<unknown>).start()
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
  const options = { directory, source, sink, sourcePlace: feeder.place, sinkPlace: store.place }
  const draw = random(seed)
  const feeding = new Feeding(feeder)
  try {
    for (let nth = 1; nth <= kills; nth++) {
      const where = await killOnce(options, draw)
      onKill?.(nth, where)
    }
    const lines = await finish(options, store, feeding)
    return { lines, faults: differences(await store.read(), lines, feeder.isRepeated) }
  } finally {
    feeding.abandon()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Starts a process and has it killed. Returns where. */
async function killOnce(options: ProcessOptions, draw: () => number): Promise<string> {
  const place = Math.floor(draw() * 2 * PROCESS_FAULT_POINTS.length)
  const nth = 1 + Math.floor(draw() * 3)
  const point = PROCESS_FAULT_POINTS[place]
  const life = draw() * LONGEST_LIFE_MS
  const tested = new TestedProcess(point ? { ...options, fault: { point, nth } } : options)
  // Some points are not reached in time: then the process dies anywhere, as without one.
  const isKilled = (await tested.started()) && (await tested.isGoneAfter(point ? 2 * LONGEST_LIFE_MS : life))
  await tested.kill()
  return isKilled && point ? `${point} ${nth}` : `anywhere, after ${Math.round(life)} ms`
}

/** Runs a process until the sink has all lines, whose number it returns. */
async function finish(options: ProcessOptions, store: Store<unknown>, feeding: Feeding): Promise<number> {
  const tested = new TestedProcess(options)
  await tested.started()
  const lines = await feeding.end()
  let [most, since] = [0, Date.now()]
  while (most < lines && Date.now() - since < STANDSTILL_MS) {
    await wait(200)
    const has = (await store.read()).filter(({ output }) => output === 'plain').length
    if (has > most) [most, since] = [has, Date.now()]
  }
  await tested.stop()
  return lines
}

/** Sends lines all the time. */
class Feeding {
  readonly #fed: Promise<number>
  readonly #abandoned = new AbortController()
  #isEnding = false

  constructor(feeder: Feeder<unknown>) {
    this.#fed = this.#run(feeder)
    this.#fed.catch(() => undefined)
  }

  /** Resolves with the number of lines, when the last of them have arrived. */
  end(): Promise<number> {
    this.#isEnding = true
    return this.#fed
  }

  abandon(): void {
    this.#isEnding = true
    this.#abandoned.abort()
  }

  async #run(feeder: Feeder<unknown>): Promise<number> {
    let next = 0
    for (; !this.#isEnding; next += AT_ONCE) {
      await feeder.feed(next, next + AT_ONCE, this.#abandoned.signal)
      await wait(PAUSE_MS)
    }
    return next
  }
}
