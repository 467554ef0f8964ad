import { StateError } from '../../errors.js'
import type { RddBuilder } from '../../ops/rdd/builder.js'
import { engineOf } from '../engine-of.js'
import type { LocalEngine } from './local-engine.js'

/** Returns the threads and blocks behind a context, for the stress command and for tests. */
export function localEngineOf(owner: RddBuilder | { readonly context: RddBuilder }): LocalEngine {
  const engine = engineOf(owner)
  // Not instanceof: tests that load the modules of `build/` ask for the engine of a context created by `dist/`.
  if ('pool' in engine) return engine as LocalEngine
  throw new StateError('The context runs its jobs on a cluster. It has no threads in this process.')
}
