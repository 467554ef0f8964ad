import { existsSync, readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { Exports } from './exports.js'

/** Returns an instance with memory of its own; undefined if the module was not built or cannot run. */
export function instantiate(): Exports | undefined {
  const file = new URL('pool/kernels/kernels.wasm', PACKAGE_ROOT)
  // A process started with --jitless has no WebAssembly.
  if (typeof WebAssembly === 'undefined' || !existsSync(file)) return undefined
  const module = new WebAssembly.Module(readFileSync(file))
  const wasm = new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as Exports
  wasm.begin()
  return wasm
}

function abort(): never {
  throw new Error('A text kernel reached an unreachable instruction.')
}
