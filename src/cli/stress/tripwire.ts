import { isWarmUp } from '../../pool/worker/runtime/warm-up.js'

/**
 * Injects faults inside of tasks. The command arms a fault at a location of the pipeline. The thread that reaches the
 * location disarms the fault and executes it, so the next attempt of the task succeeds.
 *
 * | bytes | content                                          | written by                                         |
 * | ----- | ------------------------------------------------ | -------------------------------------------------- |
 * | 0..3  | the armed fault and its location, 0 for none     | command; a thread takes it by compareExchange      |
 * | 4..7  | passes of the location before the fault          | command, before it arms; threads, by sub           |
 * | 8..15 | when it was taken, in ms since the epoch (float) | the thread                                         |
 */
export const FAULTS = ['throw', 'spin', 'exit', 'oom'] as const
export type Fault = (typeof FAULTS)[number]

/** A location in a pipeline: before its first shuffle, or after it. */
export const PLACES = ['map', 'reduce'] as const
export type Place = (typeof PLACES)[number]

export type FaultMemory = SharedArrayBuffer

const ARMED = 0
const PASSES = 1
const TAKEN_AT = 1

export function newFaultMemory(): FaultMemory {
  return new SharedArrayBuffer(16)
}

/** Arms a fault. `passes`: how many records pass the location before. */
export function arm(memory: FaultMemory, fault: Fault, place: Place, passes: number): void {
  const words = new Int32Array(memory)
  Atomics.store(words, PASSES, passes)
  Atomics.store(words, ARMED, code(fault, place))
}

export function isArmed(memory: FaultMemory): boolean {
  return Atomics.load(new Int32Array(memory), ARMED) !== 0
}

/** Disarms the fault. Returns false if a thread has taken it. */
export function disarm(memory: FaultMemory): boolean {
  return Atomics.exchange(new Int32Array(memory), ARMED, 0) !== 0
}

/** Returns when a thread took the last fault, on the scale of this thread's `performance.now()`. */
export function takenAt(memory: FaultMemory): number {
  return new Float64Array(memory)[TAKEN_AT]! - performance.timeOrigin
}

/** Returns an identity function for threads. It executes the fault that is armed for its location. */
export function tripwire(memory: FaultMemory, place: Place): <T>(value: T) => T {
  const words = new Int32Array(memory)
  const codes = FAULTS.map((fault) => code(fault, place))
  return (value) => {
    const armed = words[ARMED]!
    if (armed === 0 || isWarmUp()) return value
    const fault = FAULTS[codes.indexOf(armed)]
    if (fault && Atomics.sub(words, PASSES, 1) <= 0 && Atomics.compareExchange(words, ARMED, armed, 0) === armed) {
      new Float64Array(memory)[TAKEN_AT] = performance.timeOrigin + performance.now()
      suffer(fault)
    }
    return value
  }
}

function code(fault: Fault, place: Place): number {
  return 1 + FAULTS.indexOf(fault) * PLACES.length + PLACES.indexOf(place)
}

function suffer(fault: Fault): void {
  if (fault === 'throw') throw new Error('A fault of the stress command, on the first attempt.')
  if (fault === 'exit') process.exit(3)
  const hoard: unknown[] = []
  for (;;) {
    if (fault === 'oom') hoard.push({ text: String(hoard.length), more: [hoard.length] })
  }
}
