import assert from 'node:assert/strict'
import { compareNear, NotYet } from './values.mjs'

/** Cases of the rate estimator: calls and the rates that they give. `make` builds one; undefined where there is none. */
export async function runEstimator(given, make) {
  if (!make) throw new NotYet('rate estimator')
  if (!given.estimator) throw new NotYet(`${given.id} of the rate limiter`)
  if (given.expectConstructorError) {
    assert.throws(() => make(given.estimator))
    return
  }
  const estimator = make(given.estimator)
  const answers = given.calls.map(([time, records, processingDelay, schedulingDelay]) =>
    estimator.compute(time, records, processingDelay, schedulingDelay),
  )
  compareNear(
    answers.map((rate) => rate ?? null),
    given.expected,
    given.tolerance ?? 1e-9,
  )
}
