import assert from 'node:assert/strict'
import { checkBackpressure, RateControl } from '#build/engine/receivers/back-pressure.js'
import { PidEstimator } from '#build/engine/receivers/pid-estimator.js'
import { compareNear, entryOf, NotYet } from './values.mjs'

/** Makes the calls of a case to an estimator; returns the rates that it gave, or the error of its constructor. */
export function observeEstimator(given) {
  const { batchMs, proportional, integral, derivative, minRate } = given.estimator ?? {}
  if (batchMs === undefined) throw new NotYet(`${given.id} of the rate limiter`)
  let estimator
  try {
    estimator = new PidEstimator({ batchMs, proportional, integral, derivative, minRate })
  } catch (error) {
    return { error, rates: [] }
  }
  const rates = (given.calls ?? []).map(([time, records, processingDelay, schedulingDelay]) =>
    estimator.compute(time, records, processingDelay, schedulingDelay),
  )
  return { rates: rates.map((rate) => rate ?? null) }
}

export function judgeEstimator(given, { error, rates }) {
  const { expectConstructorError = false, expected, tolerance = 1e-9 } = given
  assert.equal(error !== undefined, expectConstructorError, `the constructor threw ${error}`)
  if (expected === undefined && !expectConstructorError) throw new NotYet('a case that expects nothing')
  if (expected !== undefined) compareNear(rates, expected, tolerance)
}

/** Batches whose rates tell every weight, and the least rate, from any other. */
const TELLING = [
  [1000, 1000, 1000, 0],
  [2000, 500, 1000, 100],
  [4000, 700, 1000, 300],
  [5000, 1, 1000, 9000],
]

/** Whether an estimator without options gives the rates of one with this option. */
const isDefault = (name) => (value) => {
  const rates = (options) => {
    const estimator = new PidEstimator({ batchMs: 1000, ...options })
    return TELLING.map((batch) => estimator.compute(...batch) ?? null)
  }
  assert.deepEqual(rates({}), rates({ [name]: value }))
}

/** Defaults of options by the names of the cases' origin. */
const DEFAULTS = {
  'spark.streaming.backpressure.enabled': (yes) => assert.equal(checkBackpressure(undefined, 1000) !== undefined, yes),
  // There is one estimator, so none can be named.
  'spark.streaming.backpressure.rateEstimator': () => {},
  'spark.streaming.backpressure.initialRate': () => {
    assert.equal(new RateControl({ maxRate: 7 }, 1000).rate, 7)
    assert.equal(new RateControl({ maxRate: 7, initialRate: 5 }, 1000).rate, 5)
    assert.equal(new RateControl({ maxRate: 7, initialRate: 9 }, 1000).rate, 7)
  },
  'spark.streaming.backpressure.pid.proportional': isDefault('proportional'),
  'spark.streaming.backpressure.pid.integral': isDefault('integral'),
  'spark.streaming.backpressure.pid.derived': isDefault('derivative'),
  'spark.streaming.backpressure.pid.minRate': isDefault('minRate'),
  'spark.streaming.receiver.maxRate': () => assert.equal(new RateControl({}, 1000).rate, Number.POSITIVE_INFINITY),
}

/** A table of defaults: numbers and flags are compared, texts describe what the checks above pin. */
export function judgeDefaults({ defaults }) {
  for (const [name, value] of Object.entries(defaults)) entryOf(DEFAULTS, name)(value)
}
