import { describe, expect, test } from 'vitest'
import { datasetCases, estimatorCases, streamCases } from './cases.js'
import { missingOf as missingOfDataset } from './dataset-ops.js'
import { DIFFERENT, NOT_YET } from './not-yet.js'
import { missingOf as missingOfStream } from './stream-ops.js'

describe('the cases', () => {
  test('ask for exactly the operations that the list of missing ones names', () => {
    const missing = new Set([...streamCases.flatMap(missingOfStream), ...datasetCases.flatMap(missingOfDataset)])
    if (estimatorCases.length > 0) missing.add('rate estimator')
    expect([...missing].sort()).toEqual([...NOT_YET].sort())
  })

  test('that differ on purpose exist', () => {
    const ids = [...streamCases, ...datasetCases].map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(Object.keys(DIFFERENT)))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('can mostly be run', () => {
    const runnable = [...streamCases.map(missingOfStream), ...datasetCases.map(missingOfDataset)].filter(
      (missing) => missing.length === 0,
    )
    expect(runnable.length).toBeGreaterThanOrEqual(60)
  })
})
