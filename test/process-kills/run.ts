import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PROCESS_FAULT_POINTS } from '#build/pool/fault-points.js'
import { random } from '../engine/support.js'
import { differences } from './oracle.js'
import { buildProgram, type ProcessOptions, TestedProcess } from './process.js'
import { SINKS, type Sink, type Store } from './sinks.js'
import { type Feeder, SOURCES, type Source } from './sources.js'

export interface RunOptions {
  readonly source: keyof typeof SOURCES
  readonly sink: keyof typeof SINKS
  readonly kills: number
  readonly seed: number
  /** Where the first processes die. The others draw it. */
  readonly deaths?: readonly Death[]
  /** Told of each kill, and where the sink writes. What it throws ends the run. */
  readonly onKill?: (nth: number, where: string, sinkPlace: unknown) => void
}

/** Lines that are sent at once, and the pause in ms between two such sends. */
const AT_ONCE = 10
const PAUSE_MS = 300
/** The longest time in ms that a process lives before it is killed. */
const LONGEST_LIFE_MS = 1500
/** The part of the processes that wait while their predecessor lives. */
const STANDBYS = 1 / 4
/** How long the last process may go on without a new line in the sink. */
const STANDSTILL_MS = 60_000

/**
 * Kills a process again and again, at random moments and at fault points, and starts it again, while its source gets lines all
 * the time. Returns the lines and the differences between what the sink holds at the end and the oracle.
 */
export async function runKills({ source, sink, kills, seed, deaths = [], onKill }: RunOptions): Promise<{
  readonly lines: number
  readonly faults: readonly string[]
}> {
  await using feeder = await (SOURCES[source] as Source<unknown>).start()
  await using store = await (SINKS[sink] as Sink<unknown>).start()
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
  const program = await buildProgram()
  const options = { directory, source, sink, sourcePlace: feeder.place, sinkPlace: store.place }
  const draw = random(seed)
  const feeding = new Feeding(feeder)
  /** Starts the process that is killed as the `nth`, or the last one, which is not. */
  const start = (nth: number) =>
    startOne(program, options, nth > kills ? undefined : (deaths[nth - 1] ?? drawDeath(draw)))
  try {
    let owner = start(1)
    for (let nth = 1; nth <= kills; nth++) {
      await owner.tested.reaches('started')
      // It waits while its predecessor lives, and takes over.
      const standby = draw() < STANDBYS ? start(nth + 1) : undefined
      if (standby) await Promise.race([standby.tested.reaches('waits'), standby.tested.reaches('started')])
      const where = await killed(owner)
      onKill?.(nth, where, store.place)
      // It throws if something is visible that is not whole.
      await store.read()
      owner = standby ?? start(nth + 1)
    }
    const lines = await finish(owner.tested, store, feeding)
    return { lines, faults: differences(await store.read(), lines, feeder.isRepeated) }
  } finally {
    feeding.abandon()
    rmSync(directory, { recursive: true, force: true })
    rmSync(program, { force: true })
  }
}

/** Where a process dies: at a fault point, in the middle of a file, or at a moment after its start. */
export interface Death {
  readonly fault?: ProcessOptions['fault']
  readonly halfWritten?: string
  /** Ms. Undefined: it surely comes to its end itself. */
  readonly life?: number
}

const ANYWHERE: Death = { life: 0 }

/** Draws a fault point for every second process. */
function drawDeath(draw: () => number): Death {
  const point = PROCESS_FAULT_POINTS[Math.floor(draw() * 2 * PROCESS_FAULT_POINTS.length)]
  // A batch has several outputs, and a take-over is one.
  const passes = point?.startsWith('output:') ? 20 : point?.startsWith('owner:') ? 1 : 3
  const nth = 1 + Math.floor(draw() * passes)
  return { fault: point && { point, nth }, life: draw() * LONGEST_LIFE_MS }
}

/** A process, and where it dies; undefined for the last one. */
interface Life {
  readonly tested: TestedProcess
  readonly death: Death | undefined
}

function startOne(program: string, options: ProcessOptions, death: Death | undefined): Life {
  const { fault, halfWritten } = death ?? {}
  return { tested: new TestedProcess(program, { ...options, fault, halfWritten }), death }
}

/** Has a process killed. Returns where. */
async function killed({ tested, death = ANYWHERE }: Life): Promise<string> {
  const { fault, halfWritten, life } = death
  if (life === undefined) {
    await tested.isKilled()
    return halfWritten === undefined ? `${fault!.point} ${fault!.nth}` : `half of a file of ${halfWritten} written`
  }
  const hasStarted = await tested.reaches('started')
  // Some points are not reached in time: then the process dies anywhere, as without one.
  const isKilled = !hasStarted || (await tested.isGoneAfter(fault ? 2 * LONGEST_LIFE_MS : life))
  await tested.kill()
  return isKilled && fault ? `${fault.point} ${fault.nth}` : `anywhere, after ${Math.round(life)} ms`
}

/** Lets the last process run until the sink has all lines, whose number it returns. */
async function finish(tested: TestedProcess, store: Store<unknown>, feeding: Feeding): Promise<number> {
  await tested.reaches('started')
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
