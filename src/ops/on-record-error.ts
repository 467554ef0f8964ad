import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/** The policy for a record whose function throws, or which a reader cannot decode. */
export type OnRecordError = 'fail' | 'skip' | 'dead-letter'

const ALLOWED: readonly OnRecordError[] = ['fail', 'skip', 'dead-letter']

/** Returns the policy; 'fail' if it is undefined. Throws ArgumentError for an unknown policy. */
export function checkOnRecordError(label: string, policy: OnRecordError = 'fail'): OnRecordError {
  if (ALLOWED.includes(policy)) return policy
  throw new ArgumentError(`${label}: onRecordError is ${describe(policy)}; it must be one of ${ALLOWED.join(', ')}.`, {
    onRecordError: policy,
  })
}
