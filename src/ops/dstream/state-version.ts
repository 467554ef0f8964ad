import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkFunction } from '../functions/check-function.js'
import { guarded } from '../functions/guard.js'
import type { AnyFunction } from '../functions/ref.js'

/** Options of operations whose state has values of the user. */
export interface StateVersionOptions<S> {
  /** `stateVersion` (1): raise it when the form of the state's values changes, and convert those of a checkpoint by `upgrade`. */
  readonly stateVersion?: number
  /**
   * `upgrade` (none): returns a value in the form of `stateVersion`, from one of an earlier version in a checkpoint; undefined
   * or null removes its key. Runs in the driver, once for each value, when the context starts.
   */
  upgrade?(old: never, fromVersion: number): S | undefined | null
}

/** A checked pair of options, as StreamNode.kept has them. */
export interface StateVersion {
  readonly stateVersion: number
  readonly upgrade?: (old: unknown, fromVersion: number) => unknown
}

/** Returns the checked options. `label` names the operation. @throws ArgumentError */
export function stateVersionOf(
  { stateVersion = 1, upgrade }: StateVersionOptions<unknown>,
  label: string,
): StateVersion {
  if (!Number.isSafeInteger(stateVersion) || stateVersion < 0) {
    throw new ArgumentError(
      `${label}: stateVersion is ${describe(stateVersion)}; it must be a whole number of at least 0.`,
      { stateVersion },
    )
  }
  if (upgrade === undefined) return { stateVersion }
  const checked = guarded(checkFunction(upgrade as AnyFunction, `upgrade of ${label}`), 'value', `upgrade of ${label}`)
  return { stateVersion, upgrade: checked as NonNullable<StateVersion['upgrade']> }
}
