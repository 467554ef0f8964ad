import { isWarmUp } from '../../pool/worker/runtime/warm-up.js'

/**
 * Faults inside a task. The command arms one; a thread that passes the place disarms it and suffers it, so the task's
 * next attempt passes.
 *
 * | bytes | content                                          | written by                                         |
 * | ----- | ------------------------------------------------ | -------------------------------------------------- |
 * | 0..3  | the armed fault and its place, 0 for none        | command; a thread takes it by compareExchange      |
 * | 4..7  | passes of the place before the fault             | command, before it arms; threads, by sub           |
 * | 8..15 | when it was taken, in ms since the epoch (float) | the thread                                         |
 */
export const FAULTS = ['throw', 'spin', 'exit', 'oom'] as const
export type Fault = (typeof FAULTS)[number]

/** A place in a pipeline: before its first shuffle, or after one. */
export const PLACES = ['map', 'reduce'] as const
export type Place = (typeof PLACES)[number]

export type FaultMemory = SharedArrayBuffer

const ARMED = 0
const PASSES = 1
const TAKEN_AT = 1

export function newFaultMemory(): FaultMemory {
  return new SharedArrayBuffer(16)
}

/** The number of passes before the fault. */
export function arm(memory: FaultMemory, fault: Fault, place: Place, passes: number): void {
  const words = new Int32Array(memory)
  Atomics.store(words, PASSES, passes)
  Atomics.store(words, ARMED, code(fault, place))
}

export function isArmed(memory: FaultMemory): boolean {
  return Atomics.load(new Int32Array(memory), ARMED) !== 0
}

/** Disarms a fault. Returns false if a thread was first. */
export function disarm(memory: FaultMemory): boolean {
  return Atomics.exchange(new Int32Array(memory), ARMED, 0) !== 0
}

/** Returns the time at which the last fault fired, as `performance.now()` of this thread. */
export function takenAt(memory: FaultMemory): number {
  return new Float64Array(memory)[TAKEN_AT]! - performance.timeOrigin
}

/** Returns an identity function for threads, which suffers the fault that is armed for its place. */
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
