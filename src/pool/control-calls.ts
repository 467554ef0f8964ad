import type { WireError } from './error-wire.js'
import type { WorkerControl } from './protocol.js'

/** The calls of the control plane. Typed as a record, so that the compiler reports a missing call. */
const CALLS: Readonly<Record<keyof WorkerControl, true>> = {
  ping: true,
  adopt: true,
  copy: true,
  release: true,
  owned: true,
  cancel: true,
  closeResources: true,
}
export const CONTROL_CALLS = Object.freeze(Object.keys(CALLS) as (keyof WorkerControl)[])

/** Answers are wrapped in an envelope, because Comlink keeps only name, message and stack of a thrown error. */
export type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError }
export type ControlWire = Readonly<Record<keyof WorkerControl, (...args: unknown[]) => Promise<ControlAnswer>>>
