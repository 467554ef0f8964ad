/**
 * Faults that happen inside of a task. The command arms one, and the first thread that passes the place takes it away
 * and suffers it, so the task's next attempt passes.
 *
 * | bytes  | what                                                          | written by            |
 * | ------ | ------------------------------------------------------------- | --------------------- |
 * | 0..3   | the armed fault and its place, 0 for none: taken by compareExchange | command, then a thread |
 * | 8..15  | when it was taken, in ms since the epoch with fractions        | the thread            |
 */
export const FAULTS = ['spin', 'exit', 'oom'] as const
export type Fault = (typeof FAULTS)[number]

/** Where in a pipeline: before its first shuffle, or in what runs after one. */
export const PLACES = ['map', 'reduce'] as const
export type Place = (typeof PLACES)[number]

export type FaultMemory = SharedArrayBuffer

export function newFaultMemory(): FaultMemory {
  return new SharedArrayBuffer(16)
}

export function arm(memory: FaultMemory, fault: Fault, place: Place): void {
  Atomics.store(new Int32Array(memory), 0, code(fault, place))
}

export function isArmed(memory: FaultMemory): boolean {
  return Atomics.load(new Int32Array(memory), 0) !== 0
}

/** Takes an armed fault back; false where a thread was first. */
export function disarm(memory: FaultMemory): boolean {
  return Atomics.exchange(new Int32Array(memory), 0, 0) !== 0
}

/** When the last fault was taken, as `performance.now()` of this thread. */
export function takenAt(memory: FaultMemory): number {
  return new Float64Array(memory)[1]! - performance.timeOrigin
}

/** A function for the threads: gives back what it is given, unless a fault is armed for this place. */
export function tripwire(memory: FaultMemory, place: Place): <T>(value: T) => T {
  const word = new Int32Array(memory)
  const codes = FAULTS.map((fault) => code(fault, place))
  return (value) => {
    const armed = word[0]!
    if (armed !== 0) {
      const index = codes.indexOf(armed)
      if (index >= 0 && Atomics.compareExchange(word, 0, armed, 0) === armed) suffer(FAULTS[index]!, memory)
    }
    return value
  }
}

function code(fault: Fault, place: Place): number {
  return 1 + FAULTS.indexOf(fault) * PLACES.length + PLACES.indexOf(place)
}

function suffer(fault: Fault, memory: FaultMemory): void {
  new Float64Array(memory)[1] = performance.timeOrigin + performance.now()
  if (fault === 'exit') process.exit(3)
  const hoard: unknown[] = []
  for (;;) {
    if (fault === 'oom') hoard.push({ text: String(hoard.length), more: [hoard.length] })
  }
}
