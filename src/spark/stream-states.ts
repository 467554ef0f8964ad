import type { StateVersions } from '../engine/engine.js'
import { unsupported } from './unsupported.js'

/** The versions of keyed state of an engine whose streams keep none: a context refuses such streams at their start. */
export class NoStates implements StateVersions {
  saving = false

  drop(): void {}

  unmade(): number[] {
    return []
  }

  sizes(): [] {
    return []
  }

  restore(): never {
    throw unsupported('keyed state')
  }

  saved(): never {
    throw unsupported('keyed state')
  }

  unsaved(): never {
    throw unsupported('keyed state')
  }
}
