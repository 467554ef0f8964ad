/** A record of a window's input: its event time and its value. */
export type Timed = readonly [time: number, value: unknown]

/** Emits the result of a window, at the last ms that belongs to it. */
export type EmitWindow = (start: number, end: number, key: unknown, value: unknown) => void
