import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CASES, casesOf } from '../conformance/conformance.mjs'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'

const { cases, close } = casesOf(CASES)
const datasets = cases.filter(({ given }: { given: { rdds?: unknown } }) => given.rdds)
const mode = { name: 'Spark', threads: 2, options: onSpark('local[2]') }

describe.runIf(hasService('spark'))('cases of datasets on Spark', () => {
  beforeAll(buildBridge)
  afterAll(close)

  test.each(datasets)('$id: $name', async ({ run }) => await run(mode))

  test('are most cases', () => expect(datasets.length).toBeGreaterThan(60))
})
