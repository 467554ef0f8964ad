/** Instructions at which a worker thread can be made to end, as if something terminated it at that moment. */
export const THREAD_FAULT_POINTS = [
  'task:start',
  'task:computed',
  'block:unsealed',
  'block:sealed',
  'block:taken-over',
  'state:rebuilt',
  'state:half-applied',
  'state:applied',
  'exchange:published',
  'exchange:taken',
  'task:end',
] as const

/** Instructions inside the writing of a checkpoint, at which the process can be sent a signal. */
export const CHECKPOINT_FAULT_POINTS = [
  'checkpoint:gathered',
  'checkpoint:data-written',
  'checkpoint:metadata-written',
  'checkpoint:published',
  'checkpoint:pruning',
] as const

/** The same inside a write to the write-ahead log. */
export const LOG_FAULT_POINTS = ['log:before-append', 'log:half-appended', 'log:appended', 'log:synced'] as const

/** The same around the commit of an output: a save, or `writeTo`. */
export const OUTPUT_FAULT_POINTS = ['output:written', 'output:committing', 'output:committed'] as const

/** The same while a process takes a checkpoint directory. */
export const TAKE_OVER_FAULT_POINTS = ['owner:claimed', 'owner:linked', 'owner:adopted'] as const

export const PROCESS_FAULT_POINTS = [
  ...CHECKPOINT_FAULT_POINTS,
  ...LOG_FAULT_POINTS,
  ...OUTPUT_FAULT_POINTS,
  ...TAKE_OVER_FAULT_POINTS,
] as const

/**
 * All fault points, for the option `faults`. docs/internals/architecture.md says what is lost at each, and what
 * recovers it.
 */
export const FAULT_POINTS = [...THREAD_FAULT_POINTS, ...PROCESS_FAULT_POINTS] as const

export type ThreadFaultPoint = (typeof THREAD_FAULT_POINTS)[number]
export type ProcessFaultPoint = (typeof PROCESS_FAULT_POINTS)[number]
export type FaultPoint = (typeof FAULT_POINTS)[number]
