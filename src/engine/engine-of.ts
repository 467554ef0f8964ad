import type { RddBuilder } from '../ops/rdd/builder.js'
import type { Engine } from './engine.js'

/**
 * A registered symbol, so that a test that loads the modules of `build/` finds the engine of a context created by
 * `dist/`.
 */
const ENGINE = Symbol.for('millrace.engine')

interface WithEngine {
  [ENGINE]?: Engine
}

/** Attaches the engine to its context. Editors and published types do not show it. */
export function attachEngine(context: RddBuilder, engine: Engine): void {
  Object.defineProperty(context, ENGINE, { value: engine })
}

/** Returns the engine behind a context, for the library's own parts and for its tests. */
export function engineOf(owner: RddBuilder | { readonly context: RddBuilder }): Engine {
  const context = ('context' in owner ? owner.context : owner) as WithEngine
  return context[ENGINE]!
}
